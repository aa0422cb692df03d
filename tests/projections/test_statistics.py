"""Statistics in the reference's definitions, reckoned by hand for the stories."""

from collections.abc import Callable, Sequence

import pytest

from eventlog.event import Event
from eventlog.facts import JobPlanned, JobsPlanned, JobSubmitted, PlanStarted, RunFinished, RunStarted
from projections.answers.job_statistics import job_lines, regular_exit
from projections.answers.runs import resolve_run, tree_of
from projections.answers.statistics import Counts, breakdown_of, integrity_sums_of, summary_of
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
        summary = summary_of(connection, [resolve_run(connection, "run-1")])
    assert summary.tasks == Counts(succeeded=2, failed=0, total=2, retries=1)
    assert summary.jobs == Counts(succeeded=3, failed=0, total=3, retries=1)
    assert summary.subworkflows == Counts(0, 0, 0, 0)
    assert summary.wall == 22 * SECOND
    assert (summary.cumulative, summary.badput) == (15 * SECOND, 2 * SECOND)
    assert (summary.submit_side, summary.submit_side_badput) == (15 * SECOND, 2 * SECOND)


def test_an_unfinished_run_has_no_wall_time_and_incomplete_jobs(folded: Fold, story: Stories) -> None:
    told = story("r").planned().say(2, RunStarted(run="r", restart=0, engine="local"))
    told.attempt(3, "stage_in").say(9, JobSubmitted(run="r", job="cut_ID1", attempt=1))
    with folded(told.events).reading("runs") as connection:
        summary = summary_of(connection, [resolve_run(connection, "r")])
    assert summary.wall is None
    assert summary.jobs == Counts(succeeded=1, failed=0, total=3, retries=0)
    assert (summary.jobs.incomplete, summary.jobs.total_with_retries) == (2, 1)


def test_wall_time_leaves_out_the_gap_before_a_resume(folded: Fold, story: Stories) -> None:
    told = story("r").planned()
    for restart, begin in enumerate((10, 100)):
        told.say(begin, RunStarted(run="r", restart=restart, engine="local", ordinal=restart))
        told.say(begin + 5, RunFinished(run="r", restart=restart, status=1, ordinal=restart))
    with folded(told.events).reading("runs") as connection:
        summary = summary_of(connection, [resolve_run(connection, "r")])
    assert (summary.wall, summary.workflow_retries) == (10 * SECOND, 1)


def test_in_a_tree_a_sub_workflow_counts_by_its_own_jobs(folded: Fold, story: Stories) -> None:
    sub = JobsPlanned(run="top", chunk=1, jobs=(JobPlanned(job="sub_ID9", kind="dax", site="local"),))
    top = story("top").planned().say(1, sub).attempt(5, "stage_in").attempt(8, "sub_ID9", seconds=50)
    start = PlanStarted(
        run="inner", workflow="i", root="top", parent_run="top", parent_job="sub_ID9", revision=1
    )
    inner = story("inner").planned().say(1, start).attempt(9, "stage_in", seconds=7)
    with folded([*top.events, *inner.events]).reading("runs") as connection:
        run = resolve_run(connection, "top")
        alone, tree = summary_of(connection, [run]), summary_of(connection, tree_of(connection, run))
    assert alone.subworkflows == Counts(succeeded=1, failed=0, total=1, retries=0)
    assert alone.submit_side == 52 * SECOND
    assert tree.submit_side == 9 * SECOND
    assert tree.jobs.total == 6


def test_the_job_table_has_a_line_for_every_attempt(finished: ViewStore) -> None:
    with finished.reading("runs") as connection:
        lines = job_lines(connection, resolve_run(connection, "run-1"))
    assert [(line.job, line.attempt, line.exit_code) for line in lines] == [
        ("count_ID2", 1, 0),
        ("cut_ID1", 1, 1),
        ("cut_ID1", 2, 0),
        ("stage_in", 1, 0),
    ]
    count, _, cut, _ = lines
    assert (count.kickstart, count.multiplier, count.weighed_kickstart) == (4 * SECOND, 2, 8 * SECOND)
    assert (count.cpu_time, count.runtime, count.queue) == (1_500_000, 4 * SECOND, SECOND)
    assert (count.resource, count.cluster, count.cluster_delay) == (None, None, None)
    assert (cut.post, cut.hostname) == (SECOND, "node1")


@pytest.mark.parametrize(
    ("raw", "regular"), [(0, 0), (256, 1), (9, -9), (139, -11), (-1, -128), (None, None)]
)
def test_a_raw_wait_status_becomes_an_exit_code(raw: int | None, regular: int | None) -> None:
    assert regular_exit(raw) == regular


def test_the_breakdown_groups_processes_by_transformation_and_outcome(finished: ViewStore) -> None:
    with finished.reading("runs") as connection:
        lines = breakdown_of(connection, [resolve_run(connection, "run-1")])
    assert [(line.transformation, line.successful, line.count, line.total) for line in lines] == [
        ("cut", True, 1, 3 * SECOND),
        ("cut", False, 1, 2 * SECOND),
        ("dagman::post", True, 1, SECOND),
        ("transfer", True, 1, 2 * SECOND),
        ("wc", True, 1, 8 * SECOND),
    ]
    assert lines[0].maxrss_maximum == 2048
    assert lines[0].cpu_mean == pytest.approx(0.5)


def test_integrity_is_summed_by_kind_and_role(finished: ViewStore) -> None:
    with finished.reading("runs") as connection:
        sums = integrity_sums_of(connection, [resolve_run(connection, "run-1")])
    assert [(one.kind, one.role, one.count, one.failed, one.duration) for one in sums] == [
        ("check", "input", 2, 1, 1000),
        ("compute", "output", 2, 0, 5000),
    ]
