"""Why runs failed: counts, and the failures of a whole tree with the root cause first."""

from collections.abc import Callable, Sequence

import pytest

from eventlog.event import Event
from eventlog.facts import (
    InvocationRecorded,
    JobAborted,
    JobFinished,
    JobHeld,
    JobNoted,
    JobPlanned,
    JobsPlanned,
    JobSubmitted,
    PlanStarted,
    ScriptFinished,
)
from projections.answers.analysis import Analysis, JobCounts, analysis_of
from projections.answers.runs import resolve_run
from projections.store import ViewStore

Fold = Callable[[Sequence[Event]], ViewStore]
Stories = Callable[..., "object"]


def analysed(store: ViewStore, run: str = "r") -> Analysis:
    with store.reading("runs") as runs, store.reading("data") as data:
        return analysis_of(runs, data, resolve_run(runs, run))


def test_a_run_without_failures_has_counts_alone(folded: Fold, story: Stories) -> None:
    found = analysed(folded(story("run-1").planned().ran().events), "run-1")
    assert found == Analysis(
        counts=JobCounts(total=3, succeeded=3, failed=0, held=0, unsubmitted=0, failing=0, unknown=0),
        failures=[],
        held=[],
        failing=[],
    )


def test_a_held_job_tells_why_it_was_held_last(folded: Fold, story: Stories) -> None:
    names = {"run": "r", "job": "stage_in", "attempt": 1}
    told = (
        story("r")
        .planned()
        .say(3, JobSubmitted(**names, site="pool"))
        .say(4, JobHeld(**names, reason="disk"))
    )
    told.say(6, JobNoted(**names, note="held-reason", reason="The disk of node1 is full"))
    found = analysed(folded(told.events))
    assert [(job.job, job.site, job.reason) for job in found.held] == [
        ("stage_in", "pool", "The disk of node1 is full")
    ]
    assert (found.counts.held, found.counts.unsubmitted, found.failing) == (1, 2, [])


def test_a_job_that_is_tried_again_after_a_failure_is_failing_and_not_failed(
    folded: Fold, story: Stories
) -> None:
    told = story("r").planned().attempt(3, "count_ID2", exit_code=1)
    told.say(9, JobSubmitted(run="r", job="count_ID2", attempt=2))
    found = analysed(folded(told.events))
    assert [(job.job, job.attempt, job.state) for job in found.failing] == [("count_ID2", 2, "submitted")]
    assert (found.counts.failed, found.counts.failing, found.counts.unknown) == (0, 1, 1)
    assert found.failures == []


def test_the_first_failure_comes_first_and_what_was_aborted_after_it_later(
    folded: Fold, story: Stories
) -> None:
    told = story("r").planned().attempt(20, "cut_ID1", task="ID1", exit_code=1)
    aborted = {"run": "r", "job": "count_ID2", "attempt": 1}
    told.say(5, JobSubmitted(**aborted)).say(6, JobAborted(**aborted)).attempt(10, "stage_in", exit_code=2)
    found = analysed(folded(told.events))
    assert [failure.job for failure in found.failures] == ["stage_in", "cut_ID1", "count_ID2"]
    assert found.failures[0].last_state == "finished"


def test_a_job_that_was_held_and_then_removed_tells_both_whatever_its_exit_code_says(
    folded: Fold, story: Stories
) -> None:
    names = {"run": "r", "job": "stage_in", "attempt": 1}
    told = story("r").planned().say(3, JobSubmitted(**names)).say(4, JobHeld(**names, reason=" no such file"))
    told.say(5, JobAborted(**names)).say(6, JobFinished(**names, exit_raw=1))
    told.say(7, ScriptFinished(**names, script="post", exit_raw=256))
    (failure,) = analysed(folded(told.events)).failures
    assert (failure.state, failure.stopped, failure.hold_reason) == ("failed", "aborted", "no such file")


@pytest.mark.parametrize(
    ("of_job", "of_process", "told"),
    [
        pytest.param(2 << 8, 2, 2 << 8, id="what PegasusLite printed"),
        pytest.param(137 << 8, 9, 9, id="a signal, as kickstart recorded it"),
        pytest.param(9, 9, 9, id="a signal, as the engine saw it"),
        pytest.param(1 << 8, -1, -1, id="a task that could not be started"),
    ],
)
def test_an_exit_code_that_was_taken_for_a_signal_is_told_as_the_job_ended(
    folded: Fold, story: Stories, of_job: int, of_process: int, told: int
) -> None:
    names = {"run": "r", "job": "stage_in", "attempt": 1}
    process = InvocationRecorded(**names, sequence=1, start=3_000_000, duration=1, exit_raw=of_process)
    said = story("r").planned().say(3, JobSubmitted(**names)).say(4, process)
    said.say(5, JobFinished(**names, exit_raw=of_job))
    (failure,) = analysed(folded(said.events)).failures
    assert failure.invocation is not None
    assert failure.invocation.exit_raw == told
    assert [one.exit_raw for one in failure.invocations] == [told]


def test_a_job_that_no_scheduler_took_was_not_submitted(folded: Fold, story: Stories) -> None:
    names = {"run": "r", "job": "stage_in", "attempt": 1}
    told = (
        story("r").planned().say(3, JobSubmitted(**names, status=-1)).say(4, JobFinished(**names, exit_raw=1))
    )
    (failure,) = analysed(folded(told.events)).failures
    assert (failure.stopped, failure.hold_reason) == ("not submitted", "")


def test_a_failing_post_script_is_the_last_that_was_seen_of_its_job(folded: Fold, story: Stories) -> None:
    told = story("r").planned().attempt(3, "stage_in")
    told.say(4, ScriptFinished(run="r", job="stage_in", attempt=1, script="post", exit_raw=256))
    (failure,) = analysed(folded(told.events)).failures
    assert (failure.last_state, failure.failed_script, failure.invocation) == (
        "post script failed",
        "post",
        None,
    )
    assert len(failure.invocations) == 1


@pytest.mark.parametrize(
    ("pre", "exit_raw", "post", "state"),
    [
        (None, 256, None, "failed"),
        (None, 256, 0, "succeeded"),
        (None, 0, 256, "failed"),
        (512, None, None, "failed"),
        (512, 512, 0, "succeeded"),
        (0, 0, 0, "succeeded"),
    ],
)
def test_a_post_script_decides_however_its_job_ended(
    folded: Fold, story: Stories, pre: int | None, exit_raw: int | None, post: int | None, state: str
) -> None:
    names = {"run": "r", "job": "stage_in", "attempt": 1}
    told = story("r").planned().say(3, JobSubmitted(**names))
    if pre is not None:
        told.say(4, ScriptFinished(**names, script="pre", exit_raw=pre))
    if exit_raw is not None:
        told.say(5, JobFinished(**names, exit_raw=exit_raw))
    if post is not None:
        told.say(6, ScriptFinished(**names, script="post", exit_raw=post, ordinal=1))
    counts = analysed(folded(told.events)).counts
    assert (counts.succeeded, counts.failed) == ((1, 0) if state == "succeeded" else (0, 1))


def test_a_failing_pre_script_is_all_that_was_seen_of_its_job(folded: Fold, story: Stories) -> None:
    told = story("r").planned()
    told.say(4, ScriptFinished(run="r", job="stage_in", attempt=1, script="pre", exit_raw=256))
    (failure,) = analysed(folded(told.events)).failures
    assert (failure.last_state, failure.verdict, failure.stopped) == ("pre script failed", 256, "")


def test_after_a_pre_script_that_failed_nothing_was_seen_but_that_its_attempt_was_over(
    folded: Fold, story: Stories
) -> None:
    names = {"run": "r", "job": "stage_in", "attempt": 1}
    told = story("r").planned().say(4, ScriptFinished(**names, script="pre", exit_raw=256))
    (failure,) = analysed(folded(told.say(5, JobFinished(**names, exit_raw=256)).events)).failures
    assert failure.last_state == "pre script failed"


def test_a_sub_workflow_fails_because_of_its_own_jobs(folded: Fold, story: Stories) -> None:
    sub = JobsPlanned(run="r", chunk=1, jobs=(JobPlanned(job="sub", kind="dax", site="local"),))
    outer = story("r").planned().say(1, sub).attempt(3, "sub", exit_code=1)
    start = PlanStarted(run="inner", workflow="i", root="r", parent_run="r", parent_job="sub", revision=1)
    inner = story("inner").planned().say(1, start).attempt(30, "stage_in", exit_code=1)
    found = analysed(folded([*outer.events, *inner.events]))
    assert [(failure.run.run, failure.job) for failure in found.failures] == [
        ("inner", "stage_in"),
        ("r", "sub"),
    ]
    assert found.counts.total == 4


def test_where_a_jobs_files_lie_is_told(folded: Fold, story: Stories) -> None:
    job = JobPlanned(job="bad", kind="compute", site="pool", submit_file="00/00/bad.sub")
    end = JobFinished(
        run="r", job="bad", attempt=1, exit_raw=256, stdout_file="bad.out.000", stderr_file="bad.err.000",
        work_directory="/scratch/1",
    )  # fmt: skip
    told = story("r").planned().say(1, JobsPlanned(run="r", chunk=1, jobs=(job,))).say(4, end)
    (failure,) = analysed(folded(told.events)).failures
    assert (failure.submit_file, failure.stdout_file, failure.stderr_file, failure.work_directory) == (
        *("00/00/bad.sub", "bad.out.000", "bad.err.000", "/scratch/1"),
    )
