"""Properties of every plan: run in thought, any order its edges allow, it does what the workflow asks."""

import os
import random
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from planner.abstract import AbstractJob, AbstractWorkflow, Use
from planner.catalogs import (
    Directory,
    Executable,
    FileServer,
    Replica,
    ReplicaCatalog,
    ReplicaEntry,
    Site,
    SiteCatalog,
    Transformation,
    TransformationCatalog,
    TransformationEntry,
)
from planner.executable import ExecutableWorkflow, PlannedJob
from planner.pipeline import Plan, plan_workflow
from planner.request import PlanOptions, PlanRequest, RunIdentity

TIMES = 28 if os.environ.get("HOOFPRINT_SOAK") else 1
"""More than 10,000 workflows in a long campaign, and some hundreds else."""

PROGRAM = Transformation("program")
TOOL = Transformation("tool", "ns", "1.0")


def _site(name: str) -> Site:
    def directory(kind: str, path: str) -> Directory:
        return Directory(kind, path, (FileServer(f"file://{path}"),))

    return Site(
        name, (directory("sharedScratch", f"/{name}/scratch"), directory("localStorage", f"/{name}/store"))
    )


SITES = SiteCatalog({name: _site(name) for name in ("local", "other")})
PROGRAMS = TransformationCatalog(
    {
        PROGRAM: TransformationEntry(
            PROGRAM, (Executable("local", "/bin/program"), Executable("other", "/bin/program"))
        ),
        TOOL: TransformationEntry(TOOL, (Executable("local", "/tools/tool", "stageable"),)),
    }
)


@st.composite
def requests(draw: st.DrawFn) -> PlanRequest:
    """Random workflows over random catalogs, sites and options."""
    count = draw(st.integers(1, 9))
    jobs: list[AbstractJob] = []
    made: list[str] = []
    for number in range(count):
        inputs = draw(st.sets(st.sampled_from(["raw1", "dir/raw2", *made]), max_size=4))
        outputs = [f"f{number}.{part}" for part in range(draw(st.integers(0, 3)))]
        uses = [Use(lfn, "input") for lfn in sorted(inputs)]
        uses += [
            Use(lfn, "output", stage_out=draw(st.booleans()), register=draw(st.booleans())) for lfn in outputs
        ]
        made += outputs
        program = draw(st.sampled_from([PROGRAM, TOOL]))
        jobs.append(AbstractJob(f"ID{number}", program, uses=tuple(uses)))
    edges = [
        (parent, child) for child in range(count) for parent in range(child) if draw(st.integers(0, 9)) == 0
    ]
    existing = draw(st.sets(st.sampled_from(made))) if made else set[str]()
    return PlanRequest(
        workflow=AbstractWorkflow("w", jobs, edges),
        identity=RunIdentity("run", 1, "ada"),
        base_directory="/base",
        relative_directory="run0001",
        sites=SITES,
        transformations=PROGRAMS,
        replicas=_replicas({"raw1", "dir/raw2", *existing}, draw(st.sampled_from(["/data", "/local/store"]))),
        properties={
            "pegasus.data.reuse.scope": draw(st.sampled_from(["full", "partial", "none"])),
            "pegasus.transfer.links": draw(st.sampled_from(["true", "false"])),
        },
        execution_sites=draw(st.sampled_from([("local",), ("other",), ("local", "other")])),
        output_sites=draw(st.sampled_from([("local",), ("other",), ("local", "other")])),
        options=PlanOptions(
            force=draw(st.booleans()),
            cleanup=draw(st.sampled_from(["none", "leaf", "inplace"])),
            executables=draw(st.sampled_from(["staged", "in-place"])),
            seed=draw(st.integers(0, 3)),
        ),
    )


def _replicas(lfns: set[str], folder: str) -> ReplicaCatalog:
    return ReplicaCatalog(
        {lfn: ReplicaEntry(lfn, (Replica(f"file://{folder}/{lfn}", "local"),)) for lfn in sorted(lfns)}
    )


@dataclass
class _World:
    """The files and directories that exist while a plan runs in thought."""

    files: set[str] = field(default_factory=set)
    directories: set[str] = field(default_factory=set)

    def run(self, job: PlannedJob) -> None:
        for directory in job.make_directories:
            self.directories.add(directory.url)
        for transfer in job.transfers:
            assert any(source.url in self.files for source in transfer.sources), (job.name, transfer)
            self.files.add(transfer.destination.url)
        for task in job.tasks:
            home = f"file://{job.directory}"
            assert home in self.directories, job.name
            assert f"file://{task.executable}" in self.files or task.executable.startswith(("/bin", "/tools"))
            for needed in job.inputs:
                assert f"{home}/{needed.path}" in self.files, (job.name, needed)
            self.files.update(f"{home}/{output.path}" for output in job.outputs)
        for removal in job.removals:
            if removal.recursive:
                self.files -= {url for url in self.files if url.startswith(removal.url + "/")}
                self.directories.discard(removal.url)
            else:
                assert removal.url in self.files, (job.name, removal)
                self.files.discard(removal.url)
        for registration in job.registrations:
            assert registration.url in self.files, (job.name, registration)


def _run_in_any_order(plan: ExecutableWorkflow, world: _World, dice: random.Random) -> None:
    waiting = [set(job.parents) for job in plan.jobs]
    done: set[int] = set()
    while len(done) < len(plan.jobs):
        ready = [n for n in range(len(plan.jobs)) if n not in done and waiting[n] <= done]
        assert ready, "the executable workflow has a cycle"
        chosen = dice.choice(ready)
        world.run(plan.jobs[chosen])
        done.add(chosen)


def _world_before(request: PlanRequest) -> _World:
    files = {replica.pfn for entry in request.replicas.entries.values() for replica in entry.replicas}
    return _World({*files, "file:///tools/tool"})


def _tasks(plan: Plan) -> set[str]:
    return {task.id for job in plan.executable.jobs for task in job.tasks}


@given(requests(), st.integers(0, 1000))
@settings(max_examples=150 * TIMES, deadline=None)
def test_any_allowed_order_finds_every_input_and_delivers_every_output(
    request: PlanRequest, seed: int
) -> None:
    plan = plan_workflow(request)
    world = _world_before(request)
    _run_in_any_order(plan.executable, world, random.Random(seed))
    for job in request.workflow.jobs:
        for use in job.uses:
            if use.writes and use.stage_out:
                for site in request.output_sites:
                    # a pruned task's output may be known at the storage site already
                    assert f"file:///{site}/store/{use.lfn}" in world.files, use


@given(requests(), st.integers(0, 1000))
@settings(max_examples=60 * TIMES, deadline=None)
def test_whatever_is_registered_is_still_there_when_the_run_is_over(request: PlanRequest, seed: int) -> None:
    plan = plan_workflow(request)
    world = _world_before(request)
    _run_in_any_order(plan.executable, world, random.Random(seed))
    registered = {r.url for job in plan.executable.jobs for r in job.registrations}
    assert registered <= world.files


@given(requests())
@settings(max_examples=60 * TIMES, deadline=None)
def test_a_plan_without_reuse_runs_every_task_and_one_with_reuse_runs_or_prunes_it(
    request: PlanRequest,
) -> None:
    plan = plan_workflow(request)
    tasks = {job.id for job in request.workflow.jobs}
    pruned = {decision.task for decision in plan.decisions if decision.verdict == "pruned"}
    assert _tasks(plan) == tasks - pruned
    if request.options.force or request.properties["pegasus.data.reuse.scope"] == "none":
        assert pruned == set()


@given(requests())
@settings(max_examples=60 * TIMES, deadline=None)
def test_reuse_never_prunes_a_task_whose_output_is_asked_for_and_absent(request: PlanRequest) -> None:
    plan = plan_workflow(request)
    kept = _tasks(plan)
    read = {use.lfn for job in request.workflow.jobs if job.id in kept for use in job.uses if use.reads}
    for job in request.workflow.jobs:
        if job.id in kept:
            continue
        for use in job.uses:
            asked = use.writes and (use.stage_out or use.lfn in read)
            assert not asked or use.lfn in request.replicas.entries


@given(requests())
@settings(max_examples=40 * TIMES, deadline=None)
def test_the_same_request_makes_the_same_plan(request: PlanRequest) -> None:
    assert plan_workflow(request).executable == plan_workflow(request).executable
