"""Check: what no plan can be made of is refused in one message that names everything."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from eventlog.errors import InputError
from planner.abstract import AbstractJob, AbstractWorkflow
from planner.catalogs import ReplicaCatalog, SiteCatalog, TransformationCatalog
from planner.pipeline import plan_workflow
from planner.request import PlanOptions, PlanRequest

MakeJob = Callable[..., AbstractJob]
MakeRequest = Callable[..., PlanRequest]
MakePrograms = Callable[..., TransformationCatalog]
MakeReplicas = Callable[..., ReplicaCatalog]


def _refusal(request: PlanRequest) -> str:
    with pytest.raises(InputError) as caught:
        plan_workflow(request)
    return str(caught.value)


def test_a_cycle_is_shown_as_a_path_with_the_files_that_tie_it(
    job: MakeJob, request_for: MakeRequest
) -> None:
    jobs = [job(1, "a", ["z"], ["x"]), job(2, "b", ["x"], ["y"]), job(3, "c", ["y"], ["z"])]
    message = _refusal(request_for(AbstractWorkflow("w", jobs, [])))
    assert "cycle" in message
    assert " -> ".join(["ID0000001", "ID0000002", "ID0000003", "ID0000001"]) in message
    assert "'x'" in message
    assert message.startswith("workflow.yml:10: ")


def test_a_declared_edge_from_a_job_to_itself_is_a_cycle(job: MakeJob, request_for: MakeRequest) -> None:
    message = _refusal(request_for(AbstractWorkflow("w", [job(1, "a")], [(0, 0)])))
    assert "ID0000001 -> ID0000001" in message


def test_two_producers_of_one_file_are_named_with_their_places(
    job: MakeJob, request_for: MakeRequest
) -> None:
    jobs = [job(1, "a", [], ["x", "y"]), job(2, "b", [], ["x", "y"])]
    message = _refusal(request_for(AbstractWorkflow("w", jobs, [])))
    assert "'x' is made by job ID0000001 (workflow.yml:10), job ID0000002 (workflow.yml:20)" in message
    assert "'y'" in message
    assert "--duplicate-producers last" in message


def test_the_last_of_two_producers_is_taken_on_request(
    job: MakeJob, request_for: MakeRequest, installed: MakePrograms
) -> None:
    jobs = [job(1, "a", [], ["x"]), job(2, "b", [], ["x"]), job(3, "c", ["x"], ["y"])]
    plan = plan_workflow(
        request_for(
            AbstractWorkflow("w", jobs, []),
            transformations=installed("a", "b", "c"),
            options=PlanOptions(duplicate_producers="last"),
        )
    )
    assert plan.graph.parents[2] == [1]


def test_missing_replicas_are_listed_with_the_jobs_that_need_them(
    job: MakeJob, request_for: MakeRequest, installed: MakePrograms, lying_at: MakeReplicas
) -> None:
    jobs = [job(1, "a", ["x", "y"], ["o"]), job(2, "a", ["y", "z"], ["p"])]
    message = _refusal(
        request_for(
            AbstractWorkflow("w", jobs, []), transformations=installed("a"), replicas=lying_at("/data", "z")
        )
    )
    assert "'x' needed by job ID0000001 (workflow.yml:10)" in message
    assert "'y' needed by job ID0000001 (workflow.yml:10), job ID0000002 (workflow.yml:20)" in message
    assert "'z'" not in message
    assert "replicas.yml" in message


def test_a_missing_executable_names_transformation_site_and_nearest_names(
    job: MakeJob, request_for: MakeRequest, installed: MakePrograms
) -> None:
    jobs = [job(1, "analyse", [], ["o"]), job(2, "plot", [], ["p"])]
    message = _refusal(
        request_for(AbstractWorkflow("w", jobs, []), transformations=installed("analyze", site="far"))
    )
    assert "analyse on site 'local', needed by job ID0000001 (workflow.yml:10)" in message
    assert "did you mean analyze?" in message
    assert "plot on site 'local'" in message
    assert "transformations.yml" in message


def test_an_executable_that_lies_elsewhere_is_named_with_its_sites(
    job: MakeJob, request_for: MakeRequest, installed: MakePrograms
) -> None:
    workflow = AbstractWorkflow("w", [job(1, "a", [], ["o"])], [])
    message = _refusal(request_for(workflow, transformations=installed("a", site="far")))
    assert "it is known on far (installed)" in message


def test_unknown_sites_are_named_all_at_once_with_those_known(
    split_request: PlanRequest,
) -> None:
    request = replace(
        split_request, execution_sites=("locl",), output_sites=("moon",), sites=SiteCatalog({}, "sites.yml")
    )
    message = _refusal(request)
    assert "'locl' (did you mean local?)" in message
    assert "'moon'" in message
    assert "sites.yml knows condorpool, local" in message


def test_a_site_without_scratch_is_refused(split_request: PlanRequest, installed: MakePrograms) -> None:
    request = replace(
        split_request,
        execution_sites=("condorpool",),
        transformations=installed("split", "wc", site="condorpool"),
    )
    assert "'condorpool'" in _refusal(request)


def test_sub_workflows_are_refused_by_name(job: MakeJob, request_for: MakeRequest) -> None:
    inner = replace(job(1, "inner"), kind="pegasusWorkflow", workflow_file="inner.yml")
    message = _refusal(request_for(AbstractWorkflow("w", [inner], [])))
    assert "job ID0000001 (workflow.yml:10) is a pegasusWorkflow" in message


def test_two_jobs_with_one_id_are_refused(job: MakeJob, request_for: MakeRequest) -> None:
    message = _refusal(request_for(AbstractWorkflow("w", [job(1, "a"), job(1, "b")], [])))
    assert "'ID0000001'" in message


def test_another_data_configuration_is_refused_with_the_way_out(split_request: PlanRequest) -> None:
    request = replace(split_request, properties={"pegasus.data.configuration": "condorio"})
    message = _refusal(request)
    assert "property pegasus.data.configuration is 'condorio'" in message
    assert "--data-configuration sharedfs" in message
    plan_workflow(replace(request, options=PlanOptions(data_configuration="sharedfs")))


@pytest.mark.parametrize(
    ("properties", "options", "words"),
    [
        ({"pegasus.data.reuse.scope": "some"}, {}, "pegasus.data.reuse.scope is 'some'"),
        ({"pegasus.transfer.links": "perhaps"}, {}, "pegasus.transfer.links is 'perhaps'"),
        ({"pegasus.stagein.clusters": "0"}, {}, "whole number of at least 1"),
        ({"dagman.retry": "many"}, {}, "dagman.retry is 'many'"),
        ({"pegasus.selector.replica": "Best"}, {}, "Default, Regex"),
        ({"pegasus.selector.replica": "Regex"}, {}, "regex.rank.1"),
        ({}, {"cleanup": "all"}, "--cleanup is 'all'"),
        ({}, {"argv": "sh"}, "--argv is 'sh'"),
        ({}, {"executables": "here"}, "--executables is 'here'"),
        ({}, {"duplicate_producers": "first"}, "--duplicate-producers is 'first'"),
    ],
)
def test_a_setting_out_of_range_is_refused_by_its_name(
    split_request: PlanRequest, properties: dict[str, str], options: dict[str, str], words: str
) -> None:
    request = replace(split_request, properties=properties, options=replace(PlanOptions(), **options))
    assert words in _refusal(request)


def test_isolated_tasks_and_edges_without_files_are_planned(
    job: MakeJob, request_for: MakeRequest, installed: MakePrograms
) -> None:
    jobs = [job(1, "a"), job(2, "a"), job(3, "a")]
    plan = plan_workflow(request_for(AbstractWorkflow("w", jobs, [(0, 1)]), transformations=installed("a")))
    by_name = {planned.name: planned for planned in plan.executable.jobs}
    names = [planned.name for planned in plan.executable.jobs]
    assert [names[parent] for parent in by_name["a_ID0000002"].parents] == ["a_ID0000001"]
    assert [names[parent] for parent in by_name["a_ID0000003"].parents] == ["create_dir_w_0_local"]
