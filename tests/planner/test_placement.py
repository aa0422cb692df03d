"""Sites, executables and profiles: where a task runs, with which program, asking for what."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from eventlog.errors import InputError
from planner.abstract import AbstractJob, AbstractWorkflow, Use
from planner.catalogs import (
    Directory,
    Executable,
    FileServer,
    InlineCatalogs,
    ReplicaCatalog,
    Site,
    SiteCatalog,
    Transformation,
    TransformationCatalog,
    TransformationEntry,
)
from planner.executable import JobKind, PlannedJob
from planner.pipeline import Plan, plan_workflow
from planner.request import PlanOptions, PlanRequest

MakeJob = Callable[..., AbstractJob]
MakeRequest = Callable[..., PlanRequest]
MakeReplicas = Callable[..., ReplicaCatalog]

TOOL = Transformation("tool", "ns", "1.0")


def _site(name: str, **more: object) -> Site:
    path = f"/{name}/scratch"
    return Site(name, (Directory("sharedScratch", path, (FileServer(f"file://{path}"),)),), **more)  # type: ignore[arg-type]


def _catalog(*entries: TransformationEntry) -> TransformationCatalog:
    return TransformationCatalog({entry.transformation: entry for entry in entries}, source="tc.yml")


def _computes(plan: Plan) -> list[PlannedJob]:
    return [job for job in plan.executable.jobs if job.kind is JobKind.COMPUTE]


@pytest.fixture
def one(request_for: MakeRequest) -> PlanRequest:
    """A request for one job of the transformation ns::tool:1.0."""
    return request_for(AbstractWorkflow("w", [AbstractJob("ID1", TOOL, uses=(Use("o", "output"),))], []))


def test_a_stageable_program_travels_to_the_work_directory_and_gets_its_x_bit(one: PlanRequest) -> None:
    entry = TransformationEntry(TOOL, (Executable("local", "/opt/tool.py", "stageable"),), sha256="ab")
    plan = plan_workflow(replace(one, transformations=_catalog(entry)))
    (stage_in,) = [job for job in plan.executable.jobs if job.kind is JobKind.STAGE_IN]
    (transfer,) = stage_in.transfers
    assert (transfer.lfn, transfer.executable, transfer.sha256) == ("ns-tool-1.0", True, "ab")
    assert transfer.sources[0].url == "file:///opt/tool.py"
    (job,) = _computes(plan)
    assert job.tasks[0].executable == f"{job.directory}/ns-tool-1.0"
    assert [(i.lfn, i.sha256) for i in job.inputs] == [("ns-tool-1.0", "ab")]


def test_a_stageable_program_is_used_where_it_lies_on_request(one: PlanRequest) -> None:
    entry = TransformationEntry(TOOL, (Executable("local", "file:///opt/tool.py", "stageable"),))
    request = replace(one, transformations=_catalog(entry), options=PlanOptions(executables="in-place"))
    (job,) = _computes(plan_workflow(request))
    assert job.tasks[0].executable == "/opt/tool.py"


def test_an_installed_program_is_preferred_unless_the_mapper_says_otherwise(one: PlanRequest) -> None:
    entry = TransformationEntry(
        TOOL, (Executable("local", "/opt/tool.py", "stageable"), Executable("local", "/usr/bin/tool"))
    )
    request = replace(one, transformations=_catalog(entry))
    (job,) = _computes(plan_workflow(request))
    assert job.tasks[0].executable == "/usr/bin/tool"
    staged = replace(request, properties={"pegasus.catalog.transformation.mapper": "Staged"})
    (job,) = _computes(plan_workflow(staged))
    assert job.tasks[0].executable.endswith("/ns-tool-1.0")


def test_a_program_for_another_platform_is_none(one: PlanRequest) -> None:
    entry = TransformationEntry(TOOL, (Executable("local", "/usr/bin/tool", arch="ppc64le"),))
    sites = SiteCatalog({"local": _site("local", arch="x86_64")})
    with pytest.raises(InputError, match="no executable found"):
        plan_workflow(replace(one, sites=sites, transformations=_catalog(entry)))


def test_a_compound_transformation_brings_its_programs_and_files(
    one: PlanRequest, lying_at: MakeReplicas
) -> None:
    part = Transformation("part")
    catalog = _catalog(
        TransformationEntry(
            TOOL, (Executable("local", "/usr/bin/tool"),), requires=(part,), requires_files=("table.dat",)
        ),
        TransformationEntry(part, (Executable("local", "/opt/part", "stageable"),)),
    )
    plan = plan_workflow(replace(one, transformations=catalog, replicas=lying_at("/data", "table.dat")))
    (job,) = _computes(plan)
    assert {file.lfn for file in job.inputs} == {"part", "table.dat"}
    moved = {t.lfn: t.executable for j in plan.executable.jobs for t in j.transfers if t.role == "input"}
    assert moved == {"part": True, "table.dat": False}


def test_a_missing_part_of_a_compound_transformation_is_named(one: PlanRequest) -> None:
    entry = TransformationEntry(
        TOOL, (Executable("local", "/usr/bin/tool"),), requires=(Transformation("part"),)
    )
    with pytest.raises(InputError, match="part on site 'local', needed by job ID1"):
        plan_workflow(replace(one, transformations=_catalog(entry)))


def test_a_file_named_like_a_staged_program_is_refused(one: PlanRequest) -> None:
    entry = TransformationEntry(TOOL, (Executable("local", "/opt/tool", "stageable"),))
    job = AbstractJob("ID1", TOOL, uses=(Use("ns-tool-1.0", "output"),))
    workflow = AbstractWorkflow("w", [job], [])
    with pytest.raises(InputError, match=r"ns-tool-1\.0"):
        plan_workflow(replace(one, workflow=workflow, transformations=_catalog(entry)))


def test_a_program_in_a_container_is_refused_unless_the_container_is_to_be_ignored(one: PlanRequest) -> None:
    entry = TransformationEntry(TOOL, (Executable("local", "/usr/bin/tool", container="fedora"),))
    request = replace(one, transformations=_catalog(entry))
    with pytest.raises(InputError, match=r"ns::tool:1\.0 on site 'local' asks for 'fedora'"):
        plan_workflow(request)
    plan_workflow(replace(request, options=PlanOptions(ignore_containers=True)))


@pytest.mark.parametrize("namespace", ["selector", "hints"])
def test_a_job_runs_on_the_site_it_asks_for(one: PlanRequest, namespace: str) -> None:
    entry = TransformationEntry(TOOL, (Executable("far", "/usr/bin/tool"),))
    job = replace(one.workflow.jobs[0], profiles={namespace: {"execution.site": "far"}})
    request = replace(
        one,
        workflow=replace(one.workflow, jobs=[job]),
        sites=SiteCatalog({"far": _site("far")}),
        transformations=_catalog(entry),
    )
    (planned,) = _computes(plan_workflow(request))
    assert (planned.site, planned.directory) == ("far", "/far/scratch/ada/hoofprint/w/run0001")


def test_a_job_that_asks_for_an_unknown_site_is_refused(one: PlanRequest) -> None:
    job = replace(one.workflow.jobs[0], profiles={"selector": {"execution.site": "farr"}})
    request = replace(
        one, workflow=replace(one.workflow, jobs=[job]), sites=SiteCatalog({"far": _site("far")})
    )
    with pytest.raises(InputError, match=r"job ID1: 'farr' \(did you mean far\?\)"):
        plan_workflow(request)


def test_a_job_runs_the_program_it_asks_for(one: PlanRequest) -> None:
    job = replace(one.workflow.jobs[0], profiles={"selector": {"pfn": "/my/own"}})
    (planned,) = _computes(plan_workflow(replace(one, workflow=replace(one.workflow, jobs=[job]))))
    assert planned.tasks[0].executable == "/my/own"


def test_among_several_sites_the_seed_decides(request_for: MakeRequest) -> None:
    names = ("a", "b")
    entry = TransformationEntry(TOOL, tuple(Executable(name, "/bin/tool") for name in names))
    jobs = [AbstractJob(f"ID{n}", TOOL) for n in range(20)]
    request = request_for(
        AbstractWorkflow("w", jobs, []),
        sites=SiteCatalog({name: _site(name) for name in names}),
        transformations=_catalog(entry),
        execution_sites=names,
    )

    def sites(seed: int) -> list[str]:
        plan = plan_workflow(replace(request, options=PlanOptions(seed=seed)))
        return [job.site for job in _computes(plan)]

    assert sites(1) == sites(1)
    assert set(sites(1)) == {"a", "b"}
    assert sites(1) != sites(2)


def test_profiles_of_the_transformation_beat_site_job_workflow_and_properties(one: PlanRequest) -> None:
    entry = TransformationEntry(
        TOOL,
        (Executable("local", "/bin/tool", profiles={"env": {"E": "executable"}}),),
        profiles={"env": {"E": "entry", "D": "entry"}},
    )
    weakest = {"A": "property", "B": "property", "C": "property", "D": "property", "E": "property"}
    job = replace(one.workflow.jobs[0], profiles={"env": {"B": "job", "C": "job", "D": "job"}})
    request = replace(
        one,
        workflow=replace(one.workflow, jobs=[job], profiles={"env": {"A": "workflow", "B": "workflow"}}),
        sites=SiteCatalog({"local": _site_with_storage({"env": {"C": "site", "D": "site"}})}),
        transformations=_catalog(entry),
        properties={f"env.{key}": value for key, value in weakest.items()},
    )
    (planned,) = _computes(plan_workflow(request))
    assert planned.tasks[0].environment == {
        "A": "workflow",
        "B": "job",
        "C": "site",
        "D": "entry",
        "E": "executable",
    }


def _site_with_storage(profiles: dict[str, dict[str, str]]) -> Site:
    site = _site("local", profiles=profiles)
    return replace(site, directories=(*site.directories, Directory("localStorage", "/store")))


def test_profiles_say_what_a_job_occupies_and_how_often_it_is_retried(one: PlanRequest) -> None:
    profiles = {
        "pegasus": {"cores": "4", "memory": "2048", "maxwalltime": "2"},
        "dagman": {"retry": "5", "PRIORITY": "77", "category": "big"},
        "condor": {"request_gpus": "1"},
    }
    job = replace(one.workflow.jobs[0], profiles=profiles)
    entry = TransformationEntry(TOOL, (Executable("local", "/bin/tool"),))
    request = replace(
        one,
        workflow=replace(one.workflow, jobs=[job]),
        transformations=_catalog(entry),
        properties={"dagman.big.maxjobs": "2"},
    )
    plan = plan_workflow(request)
    (planned,) = _computes(plan)
    assert (planned.cores, planned.memory, planned.retries) == (4, 2048, 5)
    assert (planned.priority, planned.category, planned.tasks[0].timeout) == (77, "big", 120.0)
    assert planned.profiles["condor"] == {"request_gpus": "1"}
    assert plan.executable.header.throttles == {
        "big": 2,
        "cleanup": 4,
        "registration": 1,
        "stagein": 10,
        "stageout": 10,
    }


def test_a_profile_that_is_no_number_is_refused_with_its_job(one: PlanRequest) -> None:
    job = replace(one.workflow.jobs[0], profiles={"pegasus": {"cores": "many"}})
    entry = TransformationEntry(TOOL, (Executable("local", "/bin/tool"),))
    request = replace(one, workflow=replace(one.workflow, jobs=[job]), transformations=_catalog(entry))
    with pytest.raises(InputError, match=r"job ID1: profile pegasus\.cores is 'many'"):
        plan_workflow(request)


def test_catalogs_inside_the_workflow_beat_those_beside_it(one: PlanRequest) -> None:
    inline = InlineCatalogs(
        sites=SiteCatalog({"local": _site_with_storage({})}),
        transformations=_catalog(TransformationEntry(TOOL, (Executable("local", "/inline/tool"),))),
    )
    beside = _catalog(TransformationEntry(TOOL, (Executable("local", "/beside/tool"),)))
    request = replace(one, workflow=replace(one.workflow, catalogs=inline), transformations=beside)
    (planned,) = _computes(plan_workflow(request))
    assert planned.tasks[0].executable == "/inline/tool"
    assert planned.directory.startswith("/local/scratch/")


def test_job_names_are_safe_and_never_collide(request_for: MakeRequest) -> None:
    entry = TransformationEntry(TOOL, (Executable("local", "/bin/tool"),))
    jobs = [AbstractJob(name, TOOL) for name in ("a b", "a/b", "a_b", "x" * 400, "ü")]
    plan = plan_workflow(request_for(AbstractWorkflow("w", jobs, []), transformations=_catalog(entry)))
    names = [job.name for job in _computes(plan)]
    assert len(set(names)) == 5
    assert all(len(name) < 220 and "/" not in name and " " not in name for name in names)
