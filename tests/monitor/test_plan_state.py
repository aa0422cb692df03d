"""The fold of a run's own events."""

from hypothesis import given, settings
from hypothesis import strategies as st

from eventlog.facts import (
    ChecksumComputed,
    ChecksumVerified,
    Fact,
    JobAborted,
    JobFinished,
    JobStarted,
    JobSubmitted,
    RunFinished,
    RunStarted,
)
from monitor.plan_state import ENGINE_LOST, AttemptState, PlanState

RUN = "run"


def submitted(job: str, attempt: int = 1, submission: int = 1) -> JobSubmitted:
    return JobSubmitted(run=RUN, job=job, attempt=attempt, submission=submission)


def ended(job: str, attempt: int = 1, exit_raw: int = 0) -> JobFinished:
    return JobFinished(run=RUN, job=job, attempt=attempt, exit_raw=exit_raw)


def computed(job: str, lfn: str, sha256: str, attempt: int = 1) -> ChecksumComputed:
    return ChecksumComputed(run=RUN, job=job, attempt=attempt, lfn=lfn, sha256=sha256)


def run_started(restart: int) -> RunStarted:
    return RunStarted(run=RUN, restart=restart, engine="local", ordinal=restart)


def run_finished(restart: int, status: int = 0) -> RunFinished:
    return RunFinished(run=RUN, restart=restart, status=status, ordinal=restart)


def state_of(*facts: Fact) -> PlanState:
    state = PlanState()
    state.fold((fact, time) for time, fact in enumerate(facts))
    return state


def test_a_run_that_never_began_has_no_jobs_and_is_neither_abandoned_nor_complete():
    state = state_of()
    assert (state.jobs, state.abandoned, state.complete) == ({}, False, False)


def test_a_run_without_an_end_is_abandoned_and_one_with_status_0_complete():
    assert state_of(run_started(0)).abandoned
    ended_well = state_of(run_started(0), run_finished(0))
    assert (ended_well.abandoned, ended_well.complete) == (False, True)
    assert not state_of(run_started(0), run_finished(0, 1)).complete
    assert state_of(run_started(0), run_finished(0, 1), run_started(1)).abandoned


def test_the_latest_attempt_tells_the_jobs_state():
    state = state_of(submitted("a"), ended("a", exit_raw=256), submitted("a", 2, 2))
    history = state.jobs["a"]
    assert (history.attempt, history.state, history.failures) == (2, AttemptState.SUBMITTED, 1)
    assert state.submissions == 2


def test_an_aborted_attempt_does_not_count_as_a_failure():
    aborted = JobAborted(run=RUN, job="a", attempt=1)
    history = state_of(submitted("a"), aborted).jobs["a"]
    assert (history.state, history.failures) == (AttemptState.ABORTED, 0)


def test_failures_count_on_under_the_next_engine_when_the_first_was_lost():
    facts = [run_started(0), submitted("a"), ended("a", exit_raw=256), run_finished(0, ENGINE_LOST)]
    assert state_of(*facts).jobs["a"].failures == 1


def test_failures_of_a_run_that_ended_are_forgiven():
    facts = [run_started(0), submitted("a"), ended("a", exit_raw=256), run_finished(0, 1)]
    assert state_of(*facts).jobs["a"].failures == 0


def test_the_digest_of_a_file_counts_once_its_attempt_succeeded():
    before = [submitted("a"), computed("a", "f.a", "1" * 64)]
    assert state_of(*before).digests == {}
    assert state_of(*before, ended("a", exit_raw=256)).digests == {}
    again = [submitted("a", 2), computed("a", "f.a", "2" * 64, attempt=2), ended("a", 2)]
    assert state_of(*before, ended("a", exit_raw=256), *again).digests == {"f.a": "2" * 64}


def test_a_verified_input_is_known_by_what_was_found_and_a_corrupted_one_is_not():
    def verified(ok: bool) -> ChecksumVerified:
        return ChecksumVerified(run=RUN, job="a", attempt=1, ok=ok, lfn="f.a", found="3" * 64)

    assert state_of(submitted("a"), verified(True), ended("a")).digests == {"f.a": "3" * 64}
    assert state_of(submitted("a"), verified(False), ended("a")).digests == {}


@st.composite
def runs(draw: st.DrawFn) -> list[Fact]:
    """What engines could have said about a few jobs, over several restarts."""
    facts: list[Fact] = []
    attempts = dict.fromkeys("abc", 0)
    submission = 0
    for restart in range(draw(st.integers(1, 3))):
        facts.append(run_started(restart))
        for job in draw(st.lists(st.sampled_from("abc"), max_size=6)):
            if any(isinstance(f, JobFinished) and f.job == job and f.exit_raw == 0 for f in facts):
                continue
            attempts[job] += 1
            submission += 1
            attempt = attempts[job]
            facts.append(submitted(job, attempt, submission))
            facts.append(JobStarted(run=RUN, job=job, attempt=attempt, scheduler_id=str(attempt)))
            facts.append(computed(job, f"f.{job}", str(attempt) * 64, attempt))
            how = draw(st.sampled_from(["succeed", "fail", "abort", "open"]))
            if how == "abort":
                facts.append(JobAborted(run=RUN, job=job, attempt=attempt))
            elif how != "open":
                facts.append(ended(job, attempt, 0 if how == "succeed" else 256))
        facts.append(run_finished(restart, draw(st.sampled_from([0, 1, ENGINE_LOST]))))
    return facts


@settings(deadline=None)
@given(runs(), st.data())
def test_facts_that_come_again_later_change_nothing(facts, data):
    again = list(facts)
    for _ in range(data.draw(st.integers(1, 8))):
        first = data.draw(st.integers(0, len(facts) - 1))
        where = data.draw(st.integers(again.index(facts[first]) + 1, len(again)))
        again.insert(where, facts[first])
    once, twice = PlanState(), PlanState()
    once.fold((fact, 0) for fact in facts)
    twice.fold((fact, 0) for fact in again)
    told = [(s.jobs, s.digests, s.started, s.finished, s.status, s.submissions) for s in (once, twice)]
    assert told[0] == told[1]


@settings(deadline=None)
@given(runs())
def test_a_job_that_succeeded_stays_succeeded_and_its_digest_is_that_attempts(facts):
    state = state_of(*facts)
    for fact in facts:
        if isinstance(fact, JobFinished) and fact.exit_raw == 0:
            assert state.jobs[fact.job].state is AttemptState.SUCCEEDED
            assert state.digests[f"f.{fact.job}"] == str(fact.attempt) * 64
