"""The jobs of runs in DAGMan's columns: ready by their parents, in their scripts as far as anybody told."""

from collections.abc import Callable, Sequence

import pytest

from eventlog.event import Event
from eventlog.facts import (
    JobAborted,
    JobNoted,
    JobPlanned,
    JobsPlanned,
    JobSubmitted,
    RunFinished,
    RunStarted,
    ScriptFinished,
)
from projections.answers.queue import Queue, queues_of
from projections.answers.runs import resolve_run
from projections.store import ViewStore

Fold = Callable[[Sequence[Event]], ViewStore]
Stories = Callable[..., "object"]


def columns(queue: Queue) -> tuple[int | None, ...]:
    return (queue.unready, queue.ready, queue.pre, queue.queued, queue.post, queue.done, queue.failed)


def queue_of(store: ViewStore) -> Queue:
    with store.reading("runs") as connection:
        (queue,) = queues_of(connection, [resolve_run(connection, "r")])
    return queue


@pytest.fixture
def running(story: Stories) -> "object":
    """Planned and started: stage_in -> cut_ID1 -> count_ID2, which may be tried twice."""
    return story("r").planned().say(2, RunStarted(run="r", restart=0, engine="dagman"))


def test_a_job_is_ready_when_all_its_parents_succeeded(folded: Fold, running: Stories) -> None:
    store = folded(running.events)
    assert columns(queue_of(store)) == (2, 1, None, 0, None, 0, 0)


def test_what_ended_is_done_and_what_was_submitted_is_queued(folded: Fold, running: Stories) -> None:
    running.attempt(3, "stage_in").say(9, JobSubmitted(run="r", job="cut_ID1", attempt=1))
    queue = queue_of(folded(running.events))
    assert columns(queue) == (1, 0, None, 1, None, 1, 0)
    assert (queue.total, queue.workflow, queue.state) == (3, "split", "running")
    assert queue.percent_done == pytest.approx(100 / 3)


def test_a_failed_job_is_ready_again_while_it_may_be_tried_again(folded: Fold, running: Stories) -> None:
    running.attempt(3, "stage_in").attempt(6, "cut_ID1").attempt(9, "count_ID2", exit_code=1)
    store = folded(running.events)
    assert columns(queue_of(store)) == (0, 1, None, 0, None, 2, 0)


def test_a_job_is_failed_when_its_retries_are_used_up(folded: Fold, running: Stories) -> None:
    running.attempt(3, "stage_in").attempt(6, "cut_ID1", exit_code=1)
    assert columns(queue_of(folded(running.events))) == (1, 0, None, 0, None, 1, 1)


def test_when_the_run_ended_no_script_runs_and_nothing_is_tried_again(folded: Fold, running: Stories) -> None:
    running.attempt(3, "stage_in").attempt(6, "cut_ID1").attempt(9, "count_ID2", exit_code=1)
    running.say(20, RunFinished(run="r", restart=0, status=1))
    queue = queue_of(folded(running.events))
    assert columns(queue) == (0, 0, 0, 0, 0, 2, 1)
    assert queue.state == "failed"


def test_a_script_that_was_seen_to_begin_runs_until_its_end_is_seen(folded: Fold, running: Stories) -> None:
    first = {"run": "r", "job": "stage_in", "attempt": 1}
    running.attempt(3, "stage_in").say(7, JobNoted(**first, note="post-script-started"))
    store = folded(running.events)
    assert columns(queue_of(store)) == (2, 0, None, 0, 1, 0, 0)


def test_a_script_that_ended_is_where_it_ran_no_more(folded: Fold, running: Stories) -> None:
    first = {"run": "r", "job": "stage_in", "attempt": 1}
    running.attempt(3, "stage_in").say(7, JobNoted(**first, note="post-script-started"))
    running.say(8, ScriptFinished(**first, script="post", exit_raw=0))
    assert columns(queue_of(folded(running.events))) == (1, 1, None, 0, None, 1, 0)


def test_a_pre_script_runs_before_anything_was_submitted(folded: Fold, running: Stories) -> None:
    running.say(3, JobNoted(run="r", job="stage_in", attempt=1, note="pre-script-started"))
    assert columns(queue_of(folded(running.events))) == (2, 0, 1, 0, None, 0, 0)


def test_an_aborted_job_is_in_no_column_but_in_the_total(folded: Fold, running: Stories) -> None:
    names = {"run": "r", "job": "stage_in", "attempt": 1}
    running.say(3, JobSubmitted(**names)).say(4, JobAborted(**names))
    queue = queue_of(folded(running.events))
    assert (columns(queue), queue.total) == ((2, 0, None, 0, None, 0, 0), 3)


def test_runs_of_a_tree_stand_each_for_itself(folded: Fold, story: Stories) -> None:
    more = JobsPlanned(run="b", chunk=1, jobs=(JobPlanned(job="alone", kind="compute", site="local"),))
    events = [*story("a").planned().events, *story("b").planned().say(1, more).events]
    with folded(events).reading("runs") as connection:
        first, second = queues_of(connection, [resolve_run(connection, name) for name in ("a", "b")])
    assert columns(first) == (2, 1, 0, 0, 0, 0, 0)
    assert columns(second) == (2, 2, 0, 0, 0, 0, 0)
