"""Answers about runs and jobs."""

from collections.abc import Callable, Sequence

import pytest

from eventlog.errors import InputError, NotFoundError
from eventlog.event import Event
from eventlog.facts import (
    JobAborted,
    JobEvicted,
    JobHeld,
    JobReleased,
    JobStarted,
    JobSubmitted,
    PlanFailed,
    PlanStarted,
    RunFinished,
    RunStarted,
    ScriptFinished,
    WorkflowPlanned,
)
from eventlog.memory import MemoryLog
from projections.answers.failures import failures_of
from projections.answers.integrity import integrity_of
from projections.answers.jobs import job_detail, list_jobs
from projections.answers.runs import list_runs, resolve_run, root_of, root_runs, run_detail, tree_of
from projections.projector import Projector
from projections.store import ViewStore

Fold = Callable[[Sequence[Event]], ViewStore]
Stories = Callable[..., "object"]


def test_runs_are_listed_newest_first_and_page_by_cursor(folded: Fold, story: Stories) -> None:
    events = [event for n in range(5) for event in story(f"run-{n}", start=n).planned().events]
    with folded(events).reading("runs") as connection:
        first = list_runs(connection, limit=2)
        second = list_runs(connection, after=first[-1].cursor, limit=10)
    assert [run.ref.run for run in (*first, *second)] == ["run-4", "run-3", "run-2", "run-1", "run-0"]
    assert [run.state for run in first] == ["planned", "planned"]


def test_a_run_that_nobody_announced_is_listed_by_when_its_plan_was_told(
    store: ViewStore, story: Stories
) -> None:
    planned = {n: story(f"run-{n}", start=n * 1_000).planned().events for n in range(5)}
    begins = [event for event in planned[2] if isinstance(event.fact, PlanStarted)]
    rest = [event for event in planned[2] if event not in begins]
    log = MemoryLog()
    log.append([event for n in (4, 0, 1, 3) for event in planned[n]] + rest)
    Projector(log, store).catch_up()
    order = ["run-4", "run-3", "run-2", "run-1", "run-0"]
    with store.reading("runs") as connection:
        assert [run.ref.run for run in list_runs(connection, limit=10)] == order
        first = list_runs(connection, namespaces=["default"], limit=3)
        after = list_runs(connection, namespaces=["default"], after=first[-1].cursor)
        assert [run.ref.run for run in (*first, *after)] == order
        assert first[2].created_at == next(e.time for e in rest if isinstance(e.fact, WorkflowPlanned))
        assert first[2].workflow == ""
    log.append(begins)
    Projector(log, store).catch_up()
    with store.reading("runs") as connection:
        found = next(run for run in list_runs(connection) if run.ref.run == "run-2")
        assert (found.workflow, found.created_at) == ("split", begins[0].time)


def test_runs_of_one_workflow_or_state_are_listed_within_a_namespace(folded: Fold, story: Stories) -> None:
    running = RunStarted(run="run-b", restart=0, engine="local")
    events = [
        *story("run-a", start=1).planned().events,
        *story("run-b", start=2).planned().say(5, running).events,
        *story("run-c", namespace="bio").planned().events,
    ]

    def listed(**filters: str) -> list[str]:
        found = list_runs(connection, namespaces=["default"], **filters)  # type: ignore[arg-type]
        return [run.ref.run for run in found]

    with folded(events).reading("runs") as connection:
        assert listed(workflow="split") == ["run-b", "run-a"]
        assert listed(workflow="split", state="planned") == ["run-a"]
        assert listed(state="running") == ["run-b"]
        assert listed(workflow="spli") == []
        with pytest.raises(InputError, match="planned, running, succeeded, failed or incomplete"):
            listed(state="unplannable")


def test_a_token_for_one_namespace_sees_no_run_of_another(folded: Fold, story: Stories) -> None:
    events = [
        *story("run-a", namespace="astro").planned().events,
        *story("run-b", namespace="bio").planned().events,
    ]
    with folded(events).reading("runs") as connection:
        assert [run.ref.run for run in list_runs(connection, namespaces=["bio"])] == ["run-b"]
        with pytest.raises(NotFoundError):
            resolve_run(connection, "run-a", namespaces=["bio"])


@pytest.mark.parametrize("reference", ["run-1", "run-1x", "/plans/run-1x", "latest"])
def test_a_run_is_found_by_id_prefix_directory_and_as_the_latest(
    folded: Fold, story: Stories, reference: str
) -> None:
    events = [*story("other", start=1).planned().events, *story("run-1x", start=2).planned().events]
    with folded(events).reading("runs") as connection:
        assert resolve_run(connection, reference).run == "run-1x"


def test_the_latest_is_the_newest_root_though_its_sub_workflows_were_planned_later(
    folded: Fold, story: Stories
) -> None:
    def child(run: str, start: int) -> list[Event]:
        planned = story(run, start=start).planned()
        begun = PlanStarted(run=run, workflow=run, root="new", parent_run="new", revision=1)
        return planned.say(start, begun).events

    events = [
        *story("old", start=1).planned().events,
        *story("new", start=2).planned().events,
        *child("first", 3),
        *child("second", 4),
    ]
    with folded(events).reading("runs") as connection:
        assert list_runs(connection)[0].ref.run in ("first", "second")
        assert resolve_run(connection, "latest").run == "new"
        assert resolve_run(connection, "latest", namespaces=["default"]).run == "new"


def test_a_sub_workflow_whose_caller_is_not_known_is_a_root(folded: Fold, story: Stories) -> None:
    def child(run: str, caller: str, start: int) -> list[Event]:
        begun = PlanStarted(run=run, workflow="w", root="elsewhere", parent_run=caller, revision=1)
        return story(run, start=start).planned().say(start, begun).events

    events = [
        *story("other", start=1).planned().events,
        *story("elsewhere", namespace="others", start=1).planned().events,
        *child("child", "elsewhere", 2),
        *child("grandchild", "child", 3),
    ]
    with folded(events).reading("runs") as connection:
        assert resolve_run(connection, "latest", ["default"]).run == "child"
        assert [run.run for run in root_runs(connection, ["default"])] == ["other", "child"]
        listed = list_runs(connection, namespaces=["default"], roots_only=True)
        assert [run.ref.run for run in listed] == ["child", "other"]


def test_an_ambiguous_prefix_names_the_candidates(folded: Fold, story: Stories) -> None:
    events = [*story("run-1").planned().events, *story("run-12").planned().events]
    with folded(events).reading("runs") as connection:
        assert resolve_run(connection, "run-1").run == "run-1"
        with pytest.raises(InputError, match="run-1, run-12"):
            resolve_run(connection, "run")
        with pytest.raises(NotFoundError, match="nothing-here"):
            resolve_run(connection, "nothing-here")


def test_a_finished_run_tells_its_engines_and_where_its_jobs_stand(
    folded: Fold, complete: Sequence[Event]
) -> None:
    with folded(complete).reading("runs") as connection:
        detail = run_detail(connection, resolve_run(connection, "run-1"))
    assert detail.summary.state == "succeeded"
    assert (detail.progress.total, detail.progress.succeeded) == (3, 3)
    assert [(engine.restart, engine.status, engine.host) for engine in detail.engines] == [(0, 0, "head")]


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ([], "planned"),
        ([RunStarted(run="r", restart=0, engine="local")], "running"),
        (
            [
                RunStarted(run="r", restart=0, engine="local"),
                RunFinished(run="r", restart=0, status=1),
            ],
            "incomplete",
        ),
        (
            [
                RunFinished(run="r", restart=0, status=1),
                RunStarted(run="r", restart=1, engine="local", ordinal=1),
            ],
            "running",
        ),
    ],
)
def test_the_state_of_a_run_follows_its_last_engine(
    folded: Fold, story: Stories, facts: Sequence[object], state: str
) -> None:
    events = story("r").planned().say(5, *facts).events
    with folded(events).reading("runs") as connection:
        assert list_runs(connection)[0].state == state


def test_a_plan_that_failed_is_not_listed(folded: Fold, story: Stories) -> None:
    facts = [PlanStarted(run="r", workflow="w", root="r"), PlanFailed(run="r", reason="cycle")]
    with folded(story("r").say(1, *facts).events).reading("runs") as connection:
        assert list_runs(connection) == []


_ONE = {"run": "r", "job": "stage_in", "attempt": 1}


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ([JobSubmitted(**_ONE)], "submitted"),
        ([JobSubmitted(**_ONE, status=1)], "failed"),
        ([JobSubmitted(**_ONE), JobHeld(**_ONE)], "held"),
        ([JobReleased(**_ONE), JobHeld(**_ONE), JobSubmitted(**_ONE)], "submitted"),
        ([JobHeld(**_ONE, ordinal=1), JobReleased(**_ONE), JobHeld(**_ONE)], "held"),
        ([JobStarted(**_ONE)], "running"),
        ([JobStarted(**_ONE), JobEvicted(**_ONE)], "evicted"),
        ([JobStarted(**_ONE, ordinal=1), JobEvicted(**_ONE), JobStarted(**_ONE)], "running"),
        ([JobStarted(**_ONE), JobAborted(**_ONE)], "aborted"),
        ([ScriptFinished(**_ONE, script="pre", exit_raw=256)], "failed"),
    ],
)
def test_the_state_of_a_job_is_ranked_by_what_was_seen_not_by_order(
    folded: Fold, story: Stories, facts: Sequence[object], state: str
) -> None:
    with folded(story("r").planned().say(5, *facts).events).reading("runs") as connection:
        run = resolve_run(connection, "r")
        assert [job.job for job in list_jobs(connection, run, state=state)] == ["stage_in"]


def test_a_later_attempt_decides_though_it_is_heard_of_first(folded: Fold, story: Stories) -> None:
    failed = story("r").attempt(10, "stage_in", attempt=1, exit_code=1).events
    retried = story("r").attempt(20, "stage_in", attempt=2).events
    with folded([*retried, *failed, *story("r").planned().events]).reading("runs") as connection:
        detail = job_detail(connection, resolve_run(connection, "r"), "stage_in")
    assert (detail.summary.state, detail.summary.last_attempt) == ("succeeded", 2)
    assert [attempt.state for attempt in detail.attempts] == ["failed", "succeeded"]


def test_jobs_page_by_name(folded: Fold, story: Stories) -> None:
    with folded(story("r").planned().events).reading("runs") as connection:
        run = resolve_run(connection, "r")
        first = list_jobs(connection, run, state="unsubmitted", limit=2)
        rest = list_jobs(connection, run, after=first[-1].job)
    assert [job.job for job in (*first, *rest)] == ["count_ID2", "cut_ID1", "stage_in"]


def test_a_job_shows_every_attempt_with_states_scripts_and_processes(
    folded: Fold, complete: Sequence[Event]
) -> None:
    with folded(complete).reading("runs") as connection:
        detail = job_detail(connection, resolve_run(connection, "run-1"), "cut_ID1")
        with pytest.raises(NotFoundError, match="no_such_job"):
            job_detail(connection, resolve_run(connection, "run-1"), "no_such_job")
    first, second = detail.attempts
    assert detail.tasks == ("ID1",)
    assert (first.state, first.verdict, first.problem) == ("failed", 256, "input in is corrupt")
    assert [state.state for state in second.states] == [
        *("submitted", "held", "released", "started", "finished"),
    ]
    assert [script.script for script in second.scripts] == ["post"]
    assert second.invocations[0].argv == ("cut", "--fast")
    assert second.hostname == "node1"


def test_a_failure_tells_command_exit_last_words_checksums_and_what_it_blocked(
    folded: Fold, story: Stories
) -> None:
    events = story("run-1").planned().ran().events
    before = [event for event in events if event.time < 1_020_000_000]
    store = folded(before)
    with store.reading("runs") as runs, store.reading("data") as data:
        run = resolve_run(runs, "run-1")
        (failure,) = failures_of(runs, data, run)
        integrity = integrity_of(data, run)
    assert (failure.job, failure.attempt, failure.verdict) == ("cut_ID1", 1, 256)
    assert failure.invocation is not None
    assert failure.invocation.argv == ("cut", "--fast")
    assert (failure.problem, failure.stderr_tail) == ("input in is corrupt", "no such page")
    assert [(one.lfn, one.expected, one.found) for one in failure.mismatches] == [("in", "1" * 64, "f" * 64)]
    assert failure.blocked == 1
    assert (integrity.verified, integrity.failed) == (0, 1)
    assert [(one.job, one.pfn) for one in integrity.mismatches] == [("cut_ID1", "/data/in")]


def test_a_tree_holds_the_runs_of_sub_workflows_at_every_depth(folded: Fold, story: Stories) -> None:
    def member(run: str, parent: str | None) -> list[Event]:
        events = story(run).planned().events
        start = PlanStarted(run=run, workflow=run, root="top", parent_run=parent, revision=1)
        return [*events, *story(run).say(2, start).events]

    events = [*member("top", None), *member("middle", "top"), *member("leaf", "middle"), *member("else", "x")]
    with folded(events).reading("runs") as connection:
        top, middle = resolve_run(connection, "top"), resolve_run(connection, "middle")
        assert [run.run for run in tree_of(connection, top)] == ["top", "middle", "leaf"]
        assert [run.run for run in tree_of(connection, middle)] == ["middle", "leaf"]
        assert (root_of(connection, top), root_of(connection, middle)) == ("top", "top")
