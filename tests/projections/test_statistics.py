"""Statistics in the reference's definitions, reckoned by hand for the stories."""

from collections.abc import Callable, Sequence

import pytest

from eventlog.event import Event
from eventlog.facts import (
    ChecksumVerified,
    InvocationRecorded,
    JobFinished,
    JobPlanned,
    JobsPlanned,
    JobStarted,
    JobSubmitted,
    PlanStarted,
    RunFinished,
    RunStarted,
    ScriptFinished,
)
from projections.answers.breakdown import breakdown_by_run, breakdown_of
from projections.answers.counts import Counts, RunCounts, counts_of
from projections.answers.durations import Durations
from projections.answers.integrity_statistics import (
    integrity_sums_by_run,
    integrity_sums_of,
    jobs_failed_on_integrity,
)
from projections.answers.job_statistics import job_lines
from projections.answers.runs import resolve_run, tree_of
from projections.answers.statistics import summary_of
from projections.store import ViewStore

SECOND = 1_000_000
Fold = Callable[[Sequence[Event]], ViewStore]
Stories = Callable[..., "object"]


@pytest.fixture
def finished(folded: Fold, story: Stories) -> ViewStore:
    """Attempts: stage-in 2 s, cut 2 s (failed) and 3 s, count 4 s on two cores."""
    return folded(story("run-1").planned().ran().events)


def test_the_summary_counts_last_attempts_and_sums_weighed_durations(finished: ViewStore) -> None:
    with finished.reading("runs") as connection:
        run = resolve_run(connection, "run-1")
        summary = summary_of(connection, [run], wall_of=run)
    assert summary.counts == RunCounts(
        tasks=Counts(succeeded=2, failed=0, total=2, retries=1),
        jobs=Counts(succeeded=3, failed=0, total=3, retries=1),
    )
    assert summary.wall == 22 * SECOND
    assert summary.durations == Durations(
        cumulative=15 * SECOND, submit_side=15 * SECOND, badput=2 * SECOND, submit_side_badput=2 * SECOND
    )


def test_an_unfinished_run_has_no_wall_time_and_incomplete_jobs(folded: Fold, story: Stories) -> None:
    told = story("r").planned().say(2, RunStarted(run="r", restart=0, engine="local"))
    told.attempt(3, "stage_in").say(9, JobSubmitted(run="r", job="cut_ID1", attempt=1))
    with folded(told.events).reading("runs") as connection:
        run = resolve_run(connection, "r")
        summary = summary_of(connection, [run], wall_of=run)
    jobs = summary.counts.jobs
    assert summary.wall is None
    assert jobs == Counts(succeeded=1, failed=0, total=3, retries=0)
    assert (jobs.incomplete, jobs.total_with_retries) == (2, 1)


def test_wall_time_leaves_out_the_gap_before_a_resume(folded: Fold, story: Stories) -> None:
    told = story("r").planned()
    for restart, begin in enumerate((10, 100)):
        told.say(begin, RunStarted(run="r", restart=restart, engine="local", ordinal=restart))
        told.say(begin + 5, RunFinished(run="r", restart=restart, status=1, ordinal=restart))
    with folded(told.events).reading("runs") as connection:
        run = resolve_run(connection, "r")
        summary = summary_of(connection, [run], wall_of=run)
    assert (summary.wall, summary.counts.workflow_retries) == (10 * SECOND, 1)


def test_in_a_tree_a_sub_workflow_counts_by_its_own_jobs(folded: Fold, story: Stories) -> None:
    sub = JobsPlanned(run="top", chunk=1, jobs=(JobPlanned(job="sub_ID9", kind="dax", site="local"),))
    top = story("top").planned().say(1, sub).attempt(5, "stage_in").attempt(8, "sub_ID9", seconds=50)
    start = PlanStarted(
        run="inner", workflow="i", root="top", parent_run="top", parent_job="sub_ID9", revision=1
    )
    inner = story("inner").planned().say(1, start).attempt(9, "stage_in", seconds=7)
    with folded([*top.events, *inner.events]).reading("runs") as connection:
        run = resolve_run(connection, "top")
        members = tree_of(connection, run)
        alone, tree = (summary_of(connection, runs, wall_of=run) for runs in ([run], members))
        counts = counts_of(connection, members)
    assert alone.counts.subworkflows == Counts(succeeded=1, failed=0, total=1, retries=0)
    assert alone.durations.submit_side == 52 * SECOND
    assert tree.durations.submit_side == 9 * SECOND
    assert tree.counts.jobs.total == 6
    assert [counts[member.key].jobs.succeeded for member in members] == [1, 1]


def test_the_job_table_has_a_line_for_every_attempt(finished: ViewStore) -> None:
    with finished.reading("runs") as connection:
        lines = job_lines(connection, resolve_run(connection, "run-1"))
    assert [(line.job, line.attempt, line.exit_code) for line in lines] == [
        ("stage_in", 1, 0),
        ("cut_ID1", 1, 1),
        ("cut_ID1", 2, 0),
        ("count_ID2", 1, 0),
    ]
    _, _, cut, count = lines
    assert (count.kickstart, count.multiplier, count.weighed_kickstart) == (4 * SECOND, 2, 8 * SECOND)
    assert (count.cpu_time, count.runtime, count.queue) == (1_500_000, 4 * SECOND, SECOND)
    assert (count.resource, count.cluster, count.cluster_delay) == (None, None, None)
    assert (cut.post, cut.hostname) == (SECOND, "node1")


def test_the_breakdown_groups_processes_by_transformation_and_outcome(finished: ViewStore) -> None:
    with finished.reading("runs") as connection:
        lines = breakdown_of(connection, [resolve_run(connection, "run-1")])
    assert [(line.transformation, line.successful, line.count, line.total) for line in lines] == [
        ("cut", False, 1, 2 * SECOND),
        ("cut", True, 1, 3 * SECOND),
        ("dagman::post", True, 1, SECOND),
        ("transfer", True, 1, 2 * SECOND),
        ("wc", True, 1, 8 * SECOND),
    ]
    assert lines[1].maxrss_maximum == 2048
    assert lines[1].cpu_mean == pytest.approx(0.5)


def test_a_script_is_weighed_by_its_job_as_a_process_is(folded: Fold, story: Stories) -> None:
    told = story("r").planned().attempt(3, "count_ID2", task="ID2", cores=4)
    script = {"script": "post", "exit_raw": 0, "started": 20 * SECOND, "terminated": 22 * SECOND}
    told.say(9, ScriptFinished(run="r", job="count_ID2", attempt=1, **script))
    with folded(told.events).reading("runs") as connection:
        lines = breakdown_of(connection, [resolve_run(connection, "r")])
    assert [(line.transformation, line.total) for line in lines] == [
        ("dagman::post", 8 * SECOND),
        ("wc", 8 * SECOND),
    ]


def test_processor_time_that_is_told_alone_is_summed_but_gives_no_share_of_a_core(
    folded: Fold, story: Stories
) -> None:
    told = story("r").planned().attempt(3, "count_ID2", task="ID2")
    process = InvocationRecorded(
        run="r", job="count_ID2", attempt=1, sequence=2, start=0, duration=SECOND, exit_raw=0,
        transformation="sort", cpu_time=SECOND // 4, ordinal=1,
    )  # fmt: skip
    with folded(told.say(9, process).events).reading("runs") as connection:
        run = resolve_run(connection, "r")
        (line,), (sort, _) = job_lines(connection, run), breakdown_of(connection, [run])
    assert line.cpu_time == SECOND + SECOND // 2 + SECOND // 4
    assert sort.cpu_mean is None


def test_a_failing_pre_script_gives_its_exit_to_an_attempt_without_a_process(
    folded: Fold, story: Stories
) -> None:
    told = story("r").planned()
    told.say(4, ScriptFinished(run="r", job="count_ID2", attempt=1, script="pre", exit_raw=3 << 8))
    with folded(told.events).reading("runs") as connection:
        (line,) = job_lines(connection, resolve_run(connection, "r"))
    assert (line.exit_code, line.kickstart, line.site) == (3, None, "")


def test_an_attempt_that_no_scheduler_took_has_no_exit_code_whatever_was_written_down(
    folded: Fold, story: Stories
) -> None:
    told, names = story("r").planned(), {"run": "r", "job": "count_ID2", "attempt": 1}
    told.say(4, JobSubmitted(**names, submission=1, status=-1)).say(5, JobFinished(**names, exit_raw=1))
    with folded(told.events).reading("runs") as connection:
        (line,) = job_lines(connection, resolve_run(connection, "r"))
    assert (line.exit_code, line.kickstart) == (None, None)


def test_a_job_submitted_to_a_grid_waits_in_two_queues(folded: Fold, story: Stories) -> None:
    told, names = story("r").planned(), {"run": "r", "job": "count_ID2", "attempt": 1}
    told.say(4, JobSubmitted(**names, submission=1))
    told.say(7, JobSubmitted(**names, route="globus", ordinal=1))
    told.say(9, JobSubmitted(**names, route="grid", ordinal=2))
    told.say(20, JobStarted(**names))
    with folded(told.events).reading("runs") as connection:
        (line,) = job_lines(connection, resolve_run(connection, "r"))
    assert (line.queue, line.resource) == (3 * SECOND, 13 * SECOND)


def test_a_pruned_task_is_none_of_the_run(folded: Fold, story: Stories) -> None:
    first = story("run-1").planned().events
    second = story("run-2").planned(reused_from="run-1").events
    with folded([*first, *second]).reading("runs") as connection:
        run = resolve_run(connection, "run-2")
        assert counts_of(connection, [run])[run.key].tasks == Counts(total=1)


def test_a_job_of_many_tasks_keeps_what_succeeded_in_an_attempt_that_failed(
    folded: Fold, story: Stories
) -> None:
    told = story("r").planned().attempt(3, "cut_ID1", task="ID1")
    told.attempt(9, "cut_ID1", attempt=2, task="ID2", exit_code=1)
    with folded(told.events).reading("runs") as connection:
        run = resolve_run(connection, "r")
        last, every = (counts_of(connection, [run], pmc=pmc)[run.key].tasks for pmc in (False, True))
    assert (last.succeeded, last.failed) == (0, 1)
    assert (every.succeeded, every.failed) == (1, 1)


def test_tables_of_single_runs_add_up_to_those_of_all(folded: Fold, story: Stories) -> None:
    events = [*story("run-1").planned().ran().events, *story("run-2").planned().ran().events]
    with folded(events).reading("runs") as connection:
        runs = [resolve_run(connection, name) for name in ("run-1", "run-2")]
        lines, each = breakdown_of(connection, runs), breakdown_by_run(connection, runs)
        sums, sums_of_each = integrity_sums_of(connection, runs), integrity_sums_by_run(connection, runs)
        wrong = jobs_failed_on_integrity(connection, runs)
    assert each[runs[0].key] == each[runs[1].key]
    assert [line.total for line in lines] == [2 * line.total for line in each[runs[0].key]]
    assert [one.count for one in sums] == [2 * one.count for one in sums_of_each[runs[0].key]]
    assert wrong == 0


def test_a_job_that_failed_on_a_wrong_checksum_is_counted(folded: Fold, story: Stories) -> None:
    told = story("r").planned().attempt(3, "cut_ID1", task="ID1", exit_code=1)
    wrong = ChecksumVerified(run="r", job="cut_ID1", attempt=1, ok=False, lfn="in")
    with folded(told.say(4, wrong).events).reading("runs") as connection:
        assert jobs_failed_on_integrity(connection, [resolve_run(connection, "r")]) == 1


def test_integrity_is_summed_by_kind_and_role(finished: ViewStore) -> None:
    with finished.reading("runs") as connection:
        sums = integrity_sums_of(connection, [resolve_run(connection, "run-1")])
    assert [(one.kind, one.role, one.count, one.failed, one.duration) for one in sums] == [
        ("check", "input", 2, 1, 1000),
        ("compute", "output", 2, 0, 5000),
    ]
