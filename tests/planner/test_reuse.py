"""Reuse by name: which tasks go, and what is delivered in their place."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pytest

from eventlog.errors import InputError
from planner.abstract import AbstractJob, AbstractWorkflow, Use
from planner.catalogs import ReplicaCatalog, TransformationCatalog
from planner.executable import JobKind
from planner.pipeline import Plan, plan_workflow
from planner.request import PlanOptions, PlanRequest
from planner.reuse_index import ReusableFile

MakeJob = Callable[..., AbstractJob]
MakeRequest = Callable[..., PlanRequest]
MakePrograms = Callable[..., TransformationCatalog]
MakeReplicas = Callable[..., ReplicaCatalog]


def _pruned(plan: Plan) -> list[str]:
    return [decision.task for decision in plan.decisions if decision.verdict == "pruned"]


@pytest.fixture
def chain(job: MakeJob, request_for: MakeRequest, installed: MakePrograms) -> PlanRequest:
    """raw -> 1 -> a -> 2 -> b -> 3 -> c, with a and b neither delivered nor registered."""
    jobs = [
        job(1, "p", ["raw"], ["a"], keep=["a"]),
        job(2, "p", ["a"], ["b"], keep=["b"]),
        job(3, "p", ["b"], ["c"]),
    ]
    return request_for(AbstractWorkflow("w", jobs, []), transformations=installed("p"))


def test_a_task_goes_when_all_its_outputs_exist_and_its_ancestors_go_with_it(
    chain: PlanRequest, lying_at: MakeReplicas
) -> None:
    plan = plan_workflow(replace(chain, replicas=lying_at("/data", "b")))
    assert _pruned(plan) == ["ID0000001", "ID0000002"]
    assert plan.pruned == {1: "exists", 0: "unneeded"}


def test_the_input_of_a_survivor_is_fetched_from_where_it_exists(
    chain: PlanRequest, lying_at: MakeReplicas
) -> None:
    plan = plan_workflow(replace(chain, replicas=lying_at("/data", "b")))
    (stage_in,) = [job for job in plan.executable.jobs if job.kind is JobKind.STAGE_IN]
    assert [t.sources[0].url for t in stage_in.transfers] == ["file:///data/b"]


def test_a_task_stays_when_one_of_its_outputs_is_absent(
    job: MakeJob, request_for: MakeRequest, installed: MakePrograms, lying_at: MakeReplicas
) -> None:
    workflow = AbstractWorkflow("w", [job(1, "p", [], ["a", "b"])], [])
    request = request_for(workflow, transformations=installed("p"), replicas=lying_at("/data", "a"))
    plan = plan_workflow(request)
    assert _pruned(plan) == []
    assert plan.decisions[0].reason == "its output 'b' exists nowhere"


def test_a_leaf_whose_outputs_nobody_wants_goes_even_without_any_replica(
    job: MakeJob, request_for: MakeRequest, installed: MakePrograms
) -> None:
    workflow = AbstractWorkflow("w", [job(1, "p", [], ["a"], keep=["a"])], [])
    assert _pruned(plan_workflow(request_for(workflow, transformations=installed("p")))) == ["ID0000001"]


def test_a_task_without_outputs_is_never_pruned(
    job: MakeJob, request_for: MakeRequest, installed: MakePrograms, lying_at: MakeReplicas
) -> None:
    workflow = AbstractWorkflow("w", [job(1, "p", [], ["a"]), job(2, "p", ["a"], [])], [])
    request = request_for(workflow, transformations=installed("p"), replicas=lying_at("/data", "a"))
    assert _pruned(plan_workflow(request)) == ["ID0000001"]


def test_a_file_that_a_task_changes_in_place_proves_nothing(
    job: MakeJob, request_for: MakeRequest, installed: MakePrograms, lying_at: MakeReplicas
) -> None:
    changer = replace(job(1, "p"), uses=(Use("f", "inout"),))
    request = request_for(
        AbstractWorkflow("w", [changer], []), transformations=installed("p"), replicas=lying_at("/data", "f")
    )
    assert _pruned(plan_workflow(request)) == []


def test_force_and_scope_none_prune_nothing(chain: PlanRequest, lying_at: MakeReplicas) -> None:
    known = replace(chain, replicas=lying_at("/data", "raw", "b", "c"))
    assert _pruned(plan_workflow(known)) == ["ID0000001", "ID0000002", "ID0000003"]
    assert _pruned(plan_workflow(replace(known, options=PlanOptions(force=True)))) == []
    assert _pruned(plan_workflow(replace(known, properties={"pegasus.data.reuse.scope": "none"}))) == []


def test_with_force_existing_intermediates_are_no_sources(chain: PlanRequest, lying_at: MakeReplicas) -> None:
    forced = replace(chain, replicas=lying_at("/data", "raw", "b"), options=PlanOptions(force=True))
    moved = {t.lfn for job in plan_workflow(forced).executable.jobs for t in job.transfers}
    assert moved == {"raw", "c"}


@pytest.mark.parametrize(("value", "pruned"), [("true", ["ID0000002"]), ("false", []), (None, [])])
def test_the_partial_scope_honours_the_value_of_the_profile(
    value: str | None, pruned: list[str], chain: PlanRequest, lying_at: MakeReplicas
) -> None:
    jobs = list(chain.workflow.jobs)
    if value is not None:
        jobs[1] = replace(jobs[1], profiles={"pegasus": {"enable_for_data_reuse": value}})
    # task 1 makes a file that is delivered: under the partial scope it is not pruned for being unneeded
    jobs[0] = replace(jobs[0], uses=(Use("raw", "input"), Use("a", "output")))
    request = replace(
        chain,
        workflow=replace(chain.workflow, jobs=jobs),
        replicas=lying_at("/data", "raw", "a", "b"),
        properties={"pegasus.data.reuse.scope": "partial"},
    )
    assert _pruned(plan_workflow(request)) == pruned


def test_outputs_of_pruned_tasks_are_delivered_by_jobs_of_level_1000(
    chain: PlanRequest, lying_at: MakeReplicas
) -> None:
    plan = plan_workflow(replace(chain, replicas=lying_at("/elsewhere", "c")))
    names = [job.name for job in plan.executable.jobs]
    assert names == ["stage_out_local_local_1000_0", "register_local_1000_0"]
    (transfer,) = plan.executable.jobs[0].transfers
    assert (transfer.sources[0].url, transfer.destination.url) == (
        "file:///elsewhere/c",
        "file:///base/outputs/c",
    )


def test_a_file_that_lies_at_the_output_site_already_is_not_moved(
    chain: PlanRequest, lying_at: MakeReplicas
) -> None:
    plan = plan_workflow(replace(chain, replicas=lying_at("/base/outputs", "c")))
    assert plan.executable.jobs == []
    assert _pruned(plan) == ["ID0000001", "ID0000002", "ID0000003"]


def test_the_order_of_survivors_around_a_pruned_task_is_kept(
    job: MakeJob, request_for: MakeRequest, installed: MakePrograms, lying_at: MakeReplicas
) -> None:
    jobs = [job(1, "p"), job(2, "p", [], ["x"], keep=["x"]), job(3, "p"), job(4, "p")]
    workflow = AbstractWorkflow("w", jobs, [(0, 1), (1, 2), (2, 3)])
    request = request_for(workflow, transformations=installed("p"), replicas=lying_at("/data", "x"))
    plan = plan_workflow(request)
    names = [planned.name for planned in plan.executable.jobs]
    third = plan.executable.jobs[names.index("p_ID0000003")]
    assert [names[parent] for parent in third.parents] == ["p_ID0000001"]


def test_files_that_exist_are_waited_for_by_nobody(
    job: MakeJob, request_for: MakeRequest, installed: MakePrograms, lying_at: MakeReplicas
) -> None:
    """A pruned task of many parents and many children must not tie each of them to each."""
    width = 60
    makers = [job(n, "p", [], [f"a{n}"]) for n in range(width)]
    joined = job(1000, "p", [f"a{n}" for n in range(width)], ["x"], keep=["x"])
    readers = [job(2000 + n, "p", ["x"], [f"b{n}"]) for n in range(width)]
    workflow = AbstractWorkflow("w", [*makers, joined, *readers], [])
    request = request_for(workflow, transformations=installed("p"), replicas=lying_at("/data", "x"))
    plan = plan_workflow(request)
    assert _pruned(plan) == ["ID0001000"]
    assert sum(len(planned.parents) for planned in plan.executable.jobs) < 10 * width


class _Memory:
    """A reuse index that knows a few files and counts how often it is asked."""

    def __init__(self, *files: ReusableFile) -> None:
        self.files = {file.lfn: file for file in files}
        self.questions = 0

    def find(self, lfns: Sequence[str]) -> Mapping[str, ReusableFile]:
        self.questions += 1
        return {lfn: self.files[lfn] for lfn in lfns if lfn in self.files}


def test_files_of_earlier_runs_are_reused_with_one_question_and_beat_the_catalogs(
    chain: PlanRequest, lying_at: MakeReplicas
) -> None:
    memory = _Memory(ReusableFile("b", "file:///old/b", "local", run="run-0", sha256="ab" * 32, size=7))
    plan = plan_workflow(replace(chain, replicas=lying_at("/data", "b")), reuse=memory)
    assert memory.questions == 1
    (stage_in,) = [job for job in plan.executable.jobs if job.kind is JobKind.STAGE_IN]
    (transfer,) = stage_in.transfers
    assert (transfer.sources[0].url, transfer.sha256, transfer.size) == ("file:///old/b", "ab" * 32, 7)
    assert plan.existing["b"].run == "run-0"


def test_with_force_an_index_is_asked_for_raw_inputs_alone(chain: PlanRequest) -> None:
    memory = _Memory(
        ReusableFile("raw", "file:///old/raw", "local"), ReusableFile("b", "file:///old/b", "local")
    )
    plan = plan_workflow(replace(chain, options=PlanOptions(force=True)), reuse=memory)
    assert [t.lfn for job in plan.executable.jobs for t in job.transfers if t.role == "input"] == ["raw"]


def test_a_missing_raw_input_of_a_pruned_task_is_no_problem(
    chain: PlanRequest, lying_at: MakeReplicas
) -> None:
    plan_workflow(replace(chain, replicas=lying_at("/data", "a")))
    with pytest.raises(InputError, match="'raw'"):
        plan_workflow(replace(chain, replicas=lying_at("/data", "other")))
