"""Planning events: complete, chunked, the same again and again."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

import pytest

from eventlog.codec import Codec
from eventlog.event import Observer
from eventlog.facts import (
    Fact,
    FileRegistered,
    FilesDeclared,
    JobsPlanned,
    JobsReused,
    MetadataRegistered,
    PlanFailed,
    PlanStarted,
    Tag,
    Tagged,
    TasksDeclared,
    WorkflowPlanned,
)
from planner.abstract import AbstractJob, AbstractWorkflow, Use
from planner.catalogs import Replica, ReplicaCatalog, ReplicaEntry, Transformation, TransformationCatalog
from planner.chunks import LARGEST_CHUNK
from planner.events import PlanningContext, failure_events, planning_events, planning_facts
from planner.pipeline import plan_workflow
from planner.request import PlanRequest

MakeJob = Callable[..., AbstractJob]
MakeRequest = Callable[..., PlanRequest]
MakePrograms = Callable[..., TransformationCatalog]
MakeReplicas = Callable[..., ReplicaCatalog]
F = TypeVar("F")

OBSERVER = Observer("hoofprint plan", "ada", "6f1f0a52-6a3e-4b7c-9f6a-000000000001")


def _of(facts: list[Fact], kind: type[F]) -> list[F]:
    return [fact for fact in facts if isinstance(fact, kind)]


@pytest.fixture
def split_facts(split_request: PlanRequest) -> list[Fact]:
    context = PlanningContext(directory="/plans/run0001", argv=("plan", "workflow.yml"), plan_digest="ab")
    return list(planning_facts(plan_workflow(split_request), context))


def test_a_plan_starts_and_ends_with_what_tells_whether_it_is_complete(split_facts: list[Fact]) -> None:
    first, last = split_facts[0], split_facts[-1]
    assert isinstance(first, PlanStarted)
    assert isinstance(last, WorkflowPlanned)
    assert (first.workflow, first.user, first.submit_directory) == ("split", "ada", "/plans/run0001")
    assert (last.tasks, last.files, last.jobs, last.reused_tasks, last.chunks) == (5, 9, 13, 0, 3)
    assert last.plan_digest == "ab"


def test_tasks_are_declared_with_words_files_and_edges(split_facts: list[Fact]) -> None:
    (chunk,) = _of(split_facts, TasksDeclared)
    count = chunk.tasks[1]
    assert (count.task, count.transformation, count.argv) == ("ID0000002", "wc", ("-l", "part.a"))
    assert (count.inputs, count.outputs) == (("part.a",), ("count.a",))
    assert {(edge.parent, edge.child) for edge in chunk.edges} == {
        ("ID0000001", f"ID000000{n}") for n in range(2, 6)
    }


def test_files_are_declared_with_their_roles(split_facts: list[Fact]) -> None:
    (chunk,) = _of(split_facts, FilesDeclared)
    files = {file.lfn: file for file in chunk.files}
    roles = {lfn: files[lfn].role for lfn in ("page.html", "part.a", "count.a")}
    assert roles == {"page.html": "input", "part.a": "intermediate", "count.a": "output"}
    assert (files["part.a"].stage_out, files["count.a"].stage_out) == (False, True)


def test_jobs_are_planned_with_their_tasks_and_edges(split_facts: list[Fact]) -> None:
    (chunk,) = _of(split_facts, JobsPlanned)
    jobs = {job.job: job for job in chunk.jobs}
    assert jobs["wc_ID0000002"].tasks == ("ID0000002",)
    assert jobs["wc_ID0000002"].executable == "/usr/bin/wc"
    assert jobs["wc_ID0000002"].argv == ()
    assert jobs["stage_in_local_local_0_0"].kind == "stage-in-tx"
    assert ("split_ID0000001", "wc_ID0000002") in {(edge.parent, edge.child) for edge in chunk.edges}


def test_raw_inputs_are_registered_where_the_catalog_has_them(split_facts: list[Fact]) -> None:
    (registered,) = _of(split_facts, FileRegistered)
    assert (registered.lfn, registered.pfn, registered.site) == (
        "page.html",
        "file:///data/page.html",
        "local",
    )


def test_reuse_is_told_file_by_file(split_request: PlanRequest, lying_at: MakeReplicas) -> None:
    counts = [f"count.{letter}" for letter in "abcd"]
    request = replace(split_request, replicas=lying_at("/old", *counts))
    facts = list(planning_facts(plan_workflow(request)))
    (reused,) = _of(facts, JobsReused)
    told = {file.task: (file.rule, file.lfn, file.pfn) for file in reused.files}
    assert told["ID0000001"] == ("unneeded", "", "")
    assert told["ID0000002"] == ("exists", "count.a", "file:///old/count.a")
    assert [file for file in reused.files if not file.reason] == []


def test_the_same_plan_makes_the_same_events_and_no_id_twice(split_request: PlanRequest) -> None:
    once = list(planning_events(plan_workflow(split_request), OBSERVER, 1))
    again = list(planning_events(plan_workflow(split_request), OBSERVER, 1))
    assert once == again
    assert len({event.id for event in once}) == len(once)


def test_a_failed_planning_tells_the_reason_the_person_saw(split_request: PlanRequest) -> None:
    events = list(failure_events(split_request, "no replica found", OBSERVER, 1))
    assert [event.type for event in events] == ["PlanStarted", "PlanFailed"]
    failure = events[1].fact
    assert isinstance(failure, PlanFailed)
    assert failure.reason == "no replica found"


def test_metadata_is_typed_and_the_workflow_beats_the_catalogs(
    request_for: MakeRequest, installed: MakePrograms
) -> None:
    program = Transformation("p")
    job = AbstractJob(
        "ID1",
        program,
        uses=(
            Use("in", "input", metadata={"quality": "good"}),
            Use("out", "output", metadata={"temperature": "200"}),
        ),
        metadata={"step": "1"},
    )
    replicas = ReplicaCatalog(
        {
            "in": ReplicaEntry(
                "in",
                (Replica("/data/in", "local"),),
                metadata={"quality": "bad", "taken": "2026-01-01"},
            )
        }
    )
    programs = installed("p")
    entry = replace(programs.entries[program], metadata={"step": "0", "language": "C"})
    request = request_for(
        AbstractWorkflow("w", [job], [], metadata={"experiment": "par_all27"}),
        transformations=TransformationCatalog({program: entry}),
        replicas=replicas,
    )
    facts = list(planning_facts(plan_workflow(request)))
    said = {(fact.origin, item.target, item.name): item.tags for fact, item in _items(facts)}
    assert said[("workflow", "workflow", "")] == (Tag(key="experiment", type="string", text="par_all27"),)
    assert said[("workflow", "task", "ID1")] == (Tag(key="step", type="number", text="1", number=1.0),)
    assert said[("workflow", "file", "out")][0].number == 200.0
    assert [tag.key for tag in said[("replica-catalog", "file", "in")]] == ["taken"]
    assert [tag.key for tag in said[("transformation-catalog", "task", "ID1")]] == ["language"]


def _items(facts: list[Fact]) -> Iterator[tuple[MetadataRegistered, Tagged]]:
    for fact in _of(facts, MetadataRegistered):
        for item in fact.items:
            yield fact, item


def test_a_fan_travels_in_chunks_that_any_log_takes(
    job: MakeJob, request_for: MakeRequest, installed: MakePrograms, lying_at: MakeReplicas
) -> None:
    width = 6_000
    parts = [f"a-rather-long-name-of-a-part-{n:06d}" for n in range(width)]
    jobs = [job(0, "p", ["raw"], parts)]
    jobs += [job(n + 1, "p", [part], [f"done-{part}"]) for n, part in enumerate(parts)]
    jobs.append(job(width + 1, "p", [f"done-{part}" for part in parts], ["end"], arguments=parts))
    plan = plan_workflow(
        request_for(
            AbstractWorkflow("fan", jobs, []), transformations=installed("p"), replicas=lying_at("/d", "raw")
        )
    )
    codec = Codec()
    facts = list(planning_facts(plan))
    assert max(len(codec.encode(fact)) for fact in facts) <= LARGEST_CHUNK
    read = [lfn for chunk in _of(facts, TasksDeclared) for task in chunk.tasks for lfn in task.inputs]
    assert sorted(read) == sorted(["raw", *parts, *(f"done-{part}" for part in parts)])
    edges = {(edge.parent, edge.child) for chunk in _of(facts, TasksDeclared) for edge in chunk.edges}
    assert len(edges) == 2 * width
    last = facts[-1]
    assert isinstance(last, WorkflowPlanned)
    assert last.chunks == sum(
        isinstance(fact, TasksDeclared | FilesDeclared | JobsPlanned | JobsReused) for fact in facts
    )
    for kind in (TasksDeclared, FilesDeclared, JobsPlanned):
        numbers = [chunk.chunk for chunk in facts if isinstance(chunk, kind)]
        assert numbers == list(range(len(numbers)))
