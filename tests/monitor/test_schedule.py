"""Which jobs start when: the schedule alone, without a process."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.local.schedule import JobState, Schedule
from planner.executable import JobKind, PlannedJob


def job(name="j", *, parents=(), priority=0, cores=1, category="", retries=0) -> PlannedJob:
    return PlannedJob(
        name=name,
        kind=JobKind.COMPUTE,
        site="local",
        parents=tuple(parents),
        priority=priority,
        cores=cores,
        category=category,
        retries=retries,
    )


def started(schedule: Schedule) -> list[int]:
    """All that the schedule starts now."""
    positions = []
    while (position := schedule.start_next()) is not None:
        positions.append(position)
    return positions


def test_the_higher_priority_starts_first_then_the_nearer_to_the_roots_then_the_earlier():
    jobs = [job(), job(parents=[0]), job(priority=5), job(), job(parents=[0], priority=1)]
    schedule = Schedule(jobs, {}, cores=1)
    order = []
    while (position := schedule.start_next()) is not None:
        order.append(position)
        schedule.succeed(position)
    assert order == [2, 0, 4, 3, 1]


def test_a_big_job_is_not_kept_waiting_by_smaller_ones_behind_it():
    schedule = Schedule([job(), job(cores=2, priority=-1), job(priority=-2)], {}, cores=2)
    assert started(schedule) == [0]
    schedule.succeed(0)
    assert started(schedule) == [1]
    schedule.succeed(1)
    assert started(schedule) == [2]


def test_a_job_that_wants_more_cores_than_there_are_runs_alone():
    schedule = Schedule([job(cores=64), job()], {}, cores=4)
    assert started(schedule) == [0]
    schedule.succeed(0)
    assert started(schedule) == [1]


def test_a_full_category_does_not_hold_up_the_others():
    jobs = [job(category="io", priority=9), job(category="io", priority=9), job(), job(category="net")]
    schedule = Schedule(jobs, {"io": 1}, cores=4)
    assert started(schedule) == [0, 2, 3]
    schedule.succeed(0)
    assert started(schedule) == [1]


def test_a_throttle_of_zero_is_none():
    schedule = Schedule([job(category="io"), job(category="io")], {"io": 0}, cores=2)
    assert started(schedule) == [0, 1]


def test_a_failing_job_is_repeated_as_often_as_it_may_and_then_fails():
    schedule = Schedule([job(retries=2), job(parents=[0])], {}, cores=1)
    outcomes = []
    while (position := schedule.start_next()) is not None:
        outcomes.append(schedule.fail(position))
    assert outcomes == [True, True, False]
    assert schedule.state(0) is JobState.FAILED
    assert schedule.counts().never_ran == 1


def test_a_lost_attempt_is_repeated_without_counting_against_the_retries():
    schedule = Schedule([job()], {}, cores=1)
    for _ in range(3):
        assert started(schedule) == [0]
        schedule.repeat(0)
    assert started(schedule) == [0]
    schedule.succeed(0)
    assert schedule.counts().succeeded == 1


def test_what_an_earlier_engine_brought_about_is_taken_over():
    jobs = [job(), job(parents=[0], retries=1), job(parents=[0], retries=1), job(parents=[1])]
    schedule = Schedule(jobs, {}, cores=4)
    schedule.restore(0, succeeded=True, failures=0)
    schedule.restore(1, succeeded=False, failures=1)
    schedule.restore(2, succeeded=False, failures=2)
    assert schedule.state(2) is JobState.FAILED
    schedule.start(1)
    assert started(schedule) == []
    assert schedule.fail(1) is False


def test_a_taken_over_job_occupies_its_cores_and_its_category():
    jobs = [job(cores=2, category="io"), job(category="io"), job()]
    schedule = Schedule(jobs, {"io": 1}, cores=3)
    schedule.start(0)
    assert started(schedule) == [2]


@st.composite
def dags(draw: st.DrawFn) -> list[PlannedJob]:
    size = draw(st.integers(1, 14))
    jobs = []
    for position in range(size):
        parents = draw(st.sets(st.integers(0, position - 1), max_size=3)) if position else set()
        jobs.append(
            job(
                f"j{position}",
                parents=sorted(parents),
                priority=draw(st.integers(-2, 2)),
                cores=draw(st.integers(1, 4)),
                category=draw(st.sampled_from(["", "io", "net"])),
                retries=draw(st.integers(0, 2)),
            )
        )
    return jobs


@dataclass
class Simulation:
    """Runs a schedule to its end, choosing who ends next and how, and checks the rules at each step."""

    jobs: list[PlannedJob]
    cores: int
    throttles: dict[str, int]
    running: list[int] = field(default_factory=list)
    succeeded: set[int] = field(default_factory=set)
    failures: dict[int, int] = field(default_factory=dict)

    def run(self, draw: st.DataObject) -> Schedule:
        schedule = Schedule(self.jobs, self.throttles, self.cores)
        while True:
            for position in started(schedule):
                self.begin(position)
            if not self.running:
                return schedule
            self.end(schedule, draw)

    def begin(self, position: int) -> None:
        assert position not in self.running
        assert set(self.jobs[position].parents) <= self.succeeded
        assert self.failures.get(position, 0) <= self.jobs[position].retries
        self.running.append(position)
        assert sum(min(self.jobs[p].cores, self.cores) for p in self.running) <= self.cores
        for category, most in self.throttles.items():
            assert sum(self.jobs[p].category == category for p in self.running) <= most

    def end(self, schedule: Schedule, draw: st.DataObject) -> None:
        position = self.running.pop(draw.draw(st.integers(0, len(self.running) - 1)))
        how = draw.draw(st.sampled_from(["succeed", "succeed", "fail", "repeat"]))
        if how == "succeed":
            schedule.succeed(position)
            self.succeeded.add(position)
        elif how == "repeat":
            schedule.repeat(position)
        else:
            again = schedule.fail(position)
            self.failures[position] = self.failures.get(position, 0) + 1
            assert again == (self.failures[position] <= self.jobs[position].retries)


def blocked(jobs: list[PlannedJob], failed: set[int]) -> set[int]:
    """All descendants of failed jobs."""
    stopped: set[int] = set()
    for position, planned in enumerate(jobs):
        if set(planned.parents) & (stopped | failed):
            stopped.add(position)
    return stopped


@settings(deadline=None)
@given(dags(), st.integers(1, 5), st.integers(1, 3), st.data())
def test_any_plan_ends_with_every_job_done_but_the_failed_and_their_descendants(jobs, cores, most, data):
    simulation = Simulation(jobs, cores, {"io": most})
    schedule = simulation.run(data)
    failed = {p for p in range(len(jobs)) if schedule.state(p) is JobState.FAILED}
    assert simulation.succeeded == set(range(len(jobs))) - failed - blocked(jobs, failed)
    counts = schedule.counts()
    assert (counts.succeeded, counts.failed) == (len(simulation.succeeded), len(failed))
    assert counts.never_ran == len(blocked(jobs, failed))
    assert counts.running == counts.cut_off == 0


@settings(deadline=None)
@given(dags(), st.data())
def test_a_schedule_restored_from_another_one_goes_on_as_that_one(jobs, data):
    first = Schedule(jobs, {}, cores=3)
    running: list[int] = []
    for _ in range(data.draw(st.integers(0, 10))):
        running += started(first)
        if not running:
            break
        position = running.pop(0)
        if data.draw(st.booleans()):
            first.succeed(position)
        else:
            first.fail(position)
    for position in running:
        first.repeat(position)

    second = Schedule(jobs, {}, cores=3)
    for position in range(len(jobs)):
        succeeded = first.state(position) is JobState.SUCCEEDED
        second.restore(position, succeeded=succeeded, failures=first.failures(position))
    assert second.counts() == first.counts()
    assert started(second) == started(first)
