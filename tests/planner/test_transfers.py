"""Stage-in, stage-out, registration, directories and clean-up: the jobs that a planner adds."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from eventlog.errors import InputError
from planner.abstract import AbstractJob, AbstractWorkflow, Use
from planner.catalogs import (
    Directory,
    FileServer,
    Replica,
    ReplicaCatalog,
    ReplicaEntry,
    Site,
    SiteCatalog,
    TransformationCatalog,
)
from planner.executable import JobKind, PlannedJob
from planner.pipeline import Plan, plan_workflow
from planner.request import PlanOptions, PlanRequest

MakeJob = Callable[..., AbstractJob]
MakeRequest = Callable[..., PlanRequest]
MakePrograms = Callable[..., TransformationCatalog]
MakeReplicas = Callable[..., ReplicaCatalog]

WORK = "file:///base/scratch/ada/hoofprint/w/run0001"


def _of(plan: Plan, kind: JobKind) -> list[PlannedJob]:
    return [job for job in plan.executable.jobs if job.kind is kind]


def _parents(plan: Plan, name: str) -> set[str]:
    names = [job.name for job in plan.executable.jobs]
    return {names[parent] for parent in plan.executable.jobs[names.index(name)].parents}


@pytest.fixture
def wide(
    job: MakeJob, request_for: MakeRequest, installed: MakePrograms, lying_at: MakeReplicas
) -> PlanRequest:
    """25 independent jobs, each with a raw input of its own and one that all share."""
    raw = [f"raw{n}" for n in range(25)]
    jobs = [job(n, "p", ["shared", raw[n]], [f"out{n}"]) for n in range(25)]
    return request_for(
        AbstractWorkflow("w", jobs, []),
        transformations=installed("p"),
        replicas=lying_at("/data", "shared", *raw),
    )


def test_one_stage_in_job_serves_ten_tasks_and_each_file_is_staged_once(wide: PlanRequest) -> None:
    jobs = _of(plan_workflow(wide), JobKind.STAGE_IN)
    assert [job.name for job in jobs] == [f"stage_in_local_local_0_{n}" for n in range(3)]
    staged = [transfer.lfn for job in jobs for transfer in job.transfers]
    assert sorted(staged) == sorted(["shared", *(f"raw{n}" for n in range(25))])
    assert {job.priority for job in jobs} == {700}
    assert {job.category for job in jobs} == {"stagein"}


@pytest.mark.parametrize("key", ["stagein", "stageout"])
def test_the_number_of_clusters_can_be_set(wide: PlanRequest, key: str) -> None:
    plan = plan_workflow(replace(wide, properties={f"pegasus.{key}.clusters": "7"}))
    kind = JobKind.STAGE_IN if key == "stagein" else JobKind.STAGE_OUT
    assert len(_of(plan, kind)) == 7


def test_a_registration_job_follows_each_stage_out_job(wide: PlanRequest) -> None:
    plan = plan_workflow(wide)
    for number in range(3):
        name = f"register_local_0_{number}"
        assert _parents(plan, name) == {f"stage_out_local_local_0_{number}"}
    outs = [transfer for job in _of(plan, JobKind.STAGE_OUT) for transfer in job.transfers]
    assert {t.destination.url for t in outs} == {f"file:///base/outputs/out{n}" for n in range(25)}
    assert {job.category for job in _of(plan, JobKind.REGISTRATION)} == {"registration"}


def test_only_files_that_ask_for_it_are_registered(
    job: MakeJob, request_for: MakeRequest, installed: MakePrograms
) -> None:
    uses = (Use("a", "output", register=False), Use("b", "output"))
    workflow = AbstractWorkflow("w", [replace(job(1, "p"), uses=uses)], [])
    plan = plan_workflow(request_for(workflow, transformations=installed("p")))
    (register,) = _of(plan, JobKind.REGISTRATION)
    assert [r.lfn for r in register.registrations] == ["b"]


def test_a_file_that_stays_is_registered_where_it_lies_only_when_nothing_is_cleaned_up(
    job: MakeJob, request_for: MakeRequest, installed: MakePrograms
) -> None:
    uses = (Use("a", "output", stage_out=False), Use("b", "output"))
    jobs = [replace(job(1, "p"), uses=uses), job(2, "p", ["a"], ["c"])]
    request = request_for(AbstractWorkflow("w", jobs, []), transformations=installed("p"))
    kept = plan_workflow(replace(request, options=PlanOptions(cleanup="none")))
    registered = {r.lfn: r.url for job in kept.executable.jobs for r in job.registrations}
    assert registered["a"] == f"{WORK}/a"
    cleaned = plan_workflow(request)
    assert {r.lfn for job in cleaned.executable.jobs for r in job.registrations} == {"b", "c"}


def test_an_output_made_where_it_belongs_is_not_moved_and_registered_behind_its_task(
    job: MakeJob, request_for: MakeRequest, installed: MakePrograms
) -> None:
    request = request_for(
        AbstractWorkflow("w", [job(1, "p", [], ["a"])], []),
        transformations=installed("p"),
        output_directory=WORK.removeprefix("file://"),
    )
    plan = plan_workflow(request)
    assert _of(plan, JobKind.STAGE_OUT) == []
    assert _parents(plan, "register_local_0_0") == {"p_ID0000001"}
    assert [job.name for job in _of(plan, JobKind.CLEANUP)] == []


def test_outputs_go_to_every_output_site(
    job: MakeJob, request_for: MakeRequest, installed: MakePrograms
) -> None:
    far = Site("far", (Directory("sharedStorage", "/far/store", (FileServer("gsiftp://far/store"),)),))
    request = request_for(
        AbstractWorkflow("w", [job(1, "p", [], ["dir/a"])], []),
        sites=SiteCatalog({"far": far}),
        transformations=installed("p"),
        output_sites=("local", "far"),
    )
    (stage_out,) = _of(plan_workflow(request), JobKind.STAGE_OUT)
    assert [t.destination.url for t in stage_out.transfers] == [
        "file:///base/outputs/dir/a",
        "gsiftp://far/store/dir/a",
    ]


def test_an_output_directory_goes_with_one_output_site(split_request: PlanRequest) -> None:
    request = replace(split_request, output_sites=("local", "condorpool"), output_directory="/out")
    with pytest.raises(InputError, match="one output site"):
        plan_workflow(request)


def test_optional_outputs_and_checkpoints_are_moved_and_registered_if_they_exist(
    job: MakeJob, request_for: MakeRequest, installed: MakePrograms
) -> None:
    uses = (Use("maybe", "output", optional=True), Use("saved", "checkpoint"), Use("sure", "output"))
    workflow = AbstractWorkflow("w", [replace(job(1, "p"), uses=uses)], [])
    plan = plan_workflow(request_for(workflow, transformations=installed("p")))
    (stage_out,) = _of(plan, JobKind.STAGE_OUT)
    assert {t.lfn: t.optional for t in stage_out.transfers} == {"maybe": True, "saved": True, "sure": False}
    (compute,) = _of(plan, JobKind.COMPUTE)
    assert {o.lfn: o.optional for o in compute.outputs} == {"maybe": True, "saved": True, "sure": False}
    (register,) = _of(plan, JobKind.REGISTRATION)
    assert {r.lfn: r.optional for r in register.registrations} == {
        "maybe": True,
        "saved": True,
        "sure": False,
    }


def test_an_earlier_checkpoint_is_staged_in(
    job: MakeJob, request_for: MakeRequest, installed: MakePrograms, lying_at: MakeReplicas
) -> None:
    uses = (Use("saved", "checkpoint"), Use("o", "output"))
    workflow = AbstractWorkflow("w", [replace(job(1, "p"), uses=uses)], [])
    request = request_for(workflow, transformations=installed("p"), replicas=lying_at("/data", "saved"))
    (stage_in,) = _of(plan_workflow(request), JobKind.STAGE_IN)
    assert [t.lfn for t in stage_in.transfers] == ["saved"]


def test_digest_and_size_of_the_catalog_go_with_a_raw_input(
    job: MakeJob, request_for: MakeRequest, installed: MakePrograms
) -> None:
    entry = ReplicaEntry("raw", (Replica("/data/raw", "local"),), sha256="ab" * 32, size=12)
    request = request_for(
        AbstractWorkflow("w", [job(1, "p", ["raw"], ["o"])], []),
        transformations=installed("p"),
        replicas=ReplicaCatalog({"raw": entry}),
    )
    plan = plan_workflow(request)
    (stage_in,) = _of(plan, JobKind.STAGE_IN)
    (transfer,) = stage_in.transfers
    assert (transfer.sha256, transfer.size) == ("ab" * 32, 12)
    assert (transfer.sources[0].url, transfer.sources[0].priority) == ("file:///data/raw", 50)
    (compute,) = _of(plan, JobKind.COMPUTE)
    assert compute.inputs[0].sha256 == "ab" * 32


@pytest.mark.parametrize(
    ("link", "profiles", "linked"),
    [
        ("input", {}, True),
        ("inout", {}, False),
        ("input", {"pegasus": {"nosymlink": "true"}}, False),
        ("input", {"pegasus": {"nosymlink": "false"}}, True),
    ],
)
def test_inputs_are_linked_on_request_but_never_what_a_task_changes(
    link: str,
    profiles: dict[str, dict[str, str]],
    linked: bool,
    job: MakeJob,
    request_for: MakeRequest,
    installed: MakePrograms,
    lying_at: MakeReplicas,
) -> None:
    uses = (Use("raw", link, stage_out=False), Use("o", "output"))
    task = replace(job(1, "p"), uses=uses, profiles=profiles)
    request = request_for(
        AbstractWorkflow("w", [task], []),
        transformations=installed("p"),
        replicas=lying_at("/data", "raw"),
        properties={"pegasus.transfer.links": "true"},
    )
    (stage_in,) = _of(plan_workflow(request), JobKind.STAGE_IN)
    assert [t.link for t in stage_in.transfers] == [linked]


def test_an_input_that_lies_in_the_work_directory_is_neither_moved_nor_removed(
    job: MakeJob, request_for: MakeRequest, installed: MakePrograms, lying_at: MakeReplicas
) -> None:
    request = request_for(
        AbstractWorkflow("w", [job(1, "p", ["raw"], ["o"])], []),
        transformations=installed("p"),
        replicas=lying_at(WORK.removeprefix("file://"), "raw"),
    )
    plan = plan_workflow(request)
    assert _of(plan, JobKind.STAGE_IN) == []
    assert [r.lfn for j in _of(plan, JobKind.CLEANUP) for r in j.removals] == ["o"]


def test_a_raw_input_without_a_usable_copy_is_refused_with_the_copies_it_has(
    job: MakeJob, request_for: MakeRequest, installed: MakePrograms
) -> None:
    entry = ReplicaEntry("raw", (Replica("file:///far/raw", "far"),))
    request = request_for(
        AbstractWorkflow("w", [job(1, "p", ["raw"], ["o"])], []),
        transformations=installed("p"),
        replicas=ReplicaCatalog({"raw": entry}),
    )
    with pytest.raises(InputError, match=r"'raw' needed by .*file:///far/raw on 'far'"):
        plan_workflow(request)


def test_the_split_example_makes_these_jobs_in_this_order(split_request: PlanRequest) -> None:
    plan = plan_workflow(split_request)
    assert [(job.name, job.priority, job.retries) for job in plan.executable.jobs] == [
        ("create_dir_split_0_local", 800, 1),
        ("stage_in_local_local_0_0", 700, 1),
        ("split_ID0000001", 20, 1),
        *((f"wc_ID000000{n}", 30, 1) for n in range(2, 6)),
        ("stage_out_local_local_1_0", 900, 1),
        ("register_local_1_0", 50, 1),
        ("clean_up_local_level_3_0", 1000, 1),
        ("clean_up_local_level_4_0", 1000, 1),
        ("clean_up_local_level_5_0", 1000, 1),
        ("cleanup_split_0_local", 1000, 1),
    ]
    assert _parents(plan, "cleanup_split_0_local") == {
        f"clean_up_local_level_{level}_0" for level in (3, 4, 5)
    }
    assert _parents(plan, "clean_up_local_level_3_0") == {"split_ID0000001"}


@pytest.mark.parametrize(
    ("strategy", "names"),
    [
        ("none", []),
        ("leaf", ["cleanup_split_0_local"]),
    ],
)
def test_clean_up_is_a_choice(split_request: PlanRequest, strategy: str, names: list[str]) -> None:
    plan = plan_workflow(replace(split_request, options=PlanOptions(cleanup=strategy)))
    assert [job.name for job in _of(plan, JobKind.CLEANUP)] == names
    if names:
        assert _parents(plan, names[0]) == {"stage_out_local_local_1_0"}


def test_a_file_waits_for_all_its_users_before_it_goes(
    job: MakeJob, request_for: MakeRequest, installed: MakePrograms, lying_at: MakeReplicas
) -> None:
    jobs = [
        job(1, "p", ["raw"], ["a"], keep=["a"]),
        job(2, "p", ["raw", "a"], ["b"]),
        job(3, "p", ["raw"], ["c"]),
    ]
    request = request_for(
        AbstractWorkflow("w", jobs, []),
        transformations=installed("p"),
        replicas=lying_at("/data", "raw"),
        properties={"pegasus.file.cleanup.clusters.size": "1"},
    )
    plan = plan_workflow(request)
    (remover,) = [j for j in _of(plan, JobKind.CLEANUP) if "raw" in [r.lfn for r in j.removals]]
    assert _parents(plan, remover.name) == {"p_ID0000002", "p_ID0000003"}


def test_files_cross_from_the_site_that_makes_them_to_the_one_that_reads_them(
    job: MakeJob, request_for: MakeRequest, installed: MakePrograms
) -> None:
    far = Site("far", (Directory("sharedScratch", "/far/scratch", (FileServer("gsiftp://far/scratch"),)),))
    there = {"selector": {"execution.site": "far", "pfn": "/bin/p"}}
    jobs = [job(1, "p", [], ["a"], keep=["a"]), job(2, "p", ["a"], ["b"], profiles=there)]
    request = request_for(
        AbstractWorkflow("w", jobs, []), sites=SiteCatalog({"far": far}), transformations=installed("p")
    )
    plan = plan_workflow(request)
    (crossing,) = _of(plan, JobKind.INTER_SITE)
    assert crossing.name == "stage_inter_local_far_1_0"
    (transfer,) = crossing.transfers
    assert (transfer.sources[0].url, transfer.destination.url) == (
        f"{WORK}/a",
        "gsiftp://far/scratch/ada/hoofprint/w/run0001/a",
    )
    assert _parents(plan, "stage_inter_local_far_1_0") == {"p_ID0000001", "create_dir_w_0_far"}
    assert "stage_inter_local_far_1_0" in _parents(plan, "p_ID0000002")
