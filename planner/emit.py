"""Emit: turn the finished draft into the executable workflow, parents before children."""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from planner.abstract import AbstractJob
from planner.arguments import split_arguments
from planner.catalogs import Profiles
from planner.draft import AuxiliaryJob, Draft, Placement
from planner.executable import (
    ExecutableWorkflow,
    InputFile,
    JobKind,
    OutputFile,
    PlanHeader,
    PlannedJob,
    PlannedTask,
)
from planner.names import JobNames
from planner.profiles import NO_RESOURCES, Resources, merge_profiles, profiles_of_properties, resources_of
from planner.refine.check import describe

PRIORITIES: Mapping[JobKind, int] = {
    JobKind.CREATE_DIRECTORY: 800,
    JobKind.STAGE_IN: 700,
    JobKind.INTER_SITE: 700,
    JobKind.STAGE_OUT: 900,
    JobKind.CLEANUP: 1000,
}
PRIORITY_PER_LEVEL = 10
_FOR_THE_PLANNER = ("env", "selector", "hints")


@dataclass(frozen=True, slots=True)
class Emitted:
    """The executable workflow, and for each node of the draft its position there (-1: not in it)."""

    workflow: ExecutableWorkflow
    position: "array[int]"


def emit(draft: Draft) -> Emitted:
    """The executable workflow of a draft.

    Raises InputError for profiles whose values are no numbers where numbers are needed.
    """
    order, depth = draft.topology, draft.depth
    position = array("i", [-1]) * draft.size
    for place, node in enumerate(order):
        position[node] = place
    writer = _JobWriter(draft, JobNames(), position)
    jobs = [writer.write(node, depth[node] * PRIORITY_PER_LEVEL) for node in order]
    return Emitted(ExecutableWorkflow(_header(draft, len(jobs)), jobs), position)


def _header(draft: Draft, jobs: int) -> PlanHeader:
    identity, workflow = draft.request.identity, draft.graph.workflow
    return PlanHeader(
        run=identity.run,
        root=identity.root_run,
        workflow=workflow.name,
        namespace=identity.namespace,
        planned=identity.planned,
        data_configuration="sharedfs",
        jobs=jobs,
        workflow_index=workflow.index,
        throttles=dict(sorted(draft.settings.throttles.items())),
        user=identity.user,
        parent_run=identity.parent_run,
    )


@dataclass(frozen=True, slots=True)
class _TaskProfiles:
    """A task's joined profiles, taken apart."""

    environment: dict[str, str]
    resources: Resources
    others: dict[str, dict[str, str]]


_PLAIN = _TaskProfiles({}, NO_RESOURCES, {})


@dataclass(slots=True)
class _JobWriter:
    draft: Draft
    names: JobNames
    position: "array[int]"
    weakest: tuple[Profiles, Profiles] = field(init=False)
    # tasks without profiles of their own share those of their placement
    shared: dict[int, _TaskProfiles] = field(default_factory=dict)

    def __post_init__(self) -> None:
        request = self.draft.request
        self.weakest = (profiles_of_properties(request.properties), request.workflow.profiles)

    def write(self, node: int, priority: int) -> PlannedJob:
        """The planned job of a node; ``priority`` is that of its level."""
        draft = self.draft
        auxiliary = draft.job(node)
        above = draft.parents[node]
        parents = tuple(sorted({self.position[parent] for parent in above})) if above else ()
        if auxiliary is not None:
            return self._auxiliary(auxiliary, parents, priority)
        return self._compute(node, parents, priority)

    def _auxiliary(self, job: AuxiliaryJob, parents: tuple[int, ...], priority: int) -> PlannedJob:
        return PlannedJob(
            name=self.names.give(job.name),
            kind=job.kind,
            site=job.site,
            parents=parents,
            transfers=tuple(job.transfers),
            make_directories=tuple(job.make_directories),
            removals=tuple(job.removals),
            registrations=tuple(job.registrations),
            retries=self.draft.settings.retries,
            priority=PRIORITIES.get(job.kind, priority),
            category=job.category,
        )

    def _compute(self, task: int, parents: tuple[int, ...], priority: int) -> PlannedJob:
        job = self.draft.graph.jobs[task]
        placement = self.draft.placement(task)
        profiles = self._profiles(job, placement)
        resources = profiles.resources
        return PlannedJob(
            name=self.names.give(f"{job.transformation.name}_{job.id}"),
            kind=JobKind.COMPUTE,
            site=placement.site,
            directory=placement.directory,
            parents=parents,
            tasks=(self._task(job, placement, profiles),),
            inputs=self._inputs(task, placement),
            outputs=self._outputs(task),
            retries=self.draft.settings.retries if resources.retries is None else resources.retries,
            priority=priority if resources.priority is None else resources.priority,
            category=resources.category,
            cores=resources.cores,
            memory=resources.memory,
            profiles=profiles.others,
        )

    def _task(self, job: AbstractJob, placement: Placement, profiles: _TaskProfiles) -> PlannedTask:
        literal = self.draft.settings.literal_arguments
        return PlannedTask(
            id=job.id,
            transformation=str(job.transformation),
            executable=placement.executable,
            argv=split_arguments(job.arguments, literal=literal) if job.arguments else (),
            stdin=job.stdin,
            stdout=job.stdout,
            stderr=job.stderr,
            environment=profiles.environment,
            timeout=profiles.resources.timeout,
        )

    def _inputs(self, task: int, placement: Placement) -> tuple[InputFile, ...]:
        graph, known = self.draft.graph, self.draft.known
        names: Sequence[str] = [graph.lfns[file] for file in graph.reads[task]]
        if placement.staged or placement.required:
            names = [
                *names,
                *(program.lfn for program in placement.staged),
                *(file.lfn for file in placement.required),
            ]
        digests = {program.lfn: program.sha256 for program in placement.staged}
        return tuple(
            InputFile(lfn, lfn, known[lfn].sha256 if lfn in known else digests.get(lfn)) for lfn in names
        )

    def _outputs(self, task: int) -> tuple[OutputFile, ...]:
        graph = self.draft.graph
        outputs = []
        for file in graph.writes[task]:
            use = graph.made_by[file]
            optional = use is not None and use.may_be_missing
            outputs.append(OutputFile(graph.lfns[file], graph.lfns[file], optional))
        return tuple(outputs)

    def _profiles(self, job: AbstractJob, placement: Placement) -> _TaskProfiles:
        if job.profiles:
            return self._joined(job, placement)
        shared = self.shared.get(id(placement))
        if shared is None:
            shared = self.shared[id(placement)] = self._joined(job, placement)
        return shared

    def _joined(self, job: AbstractJob, placement: Placement) -> _TaskProfiles:
        site = self.draft.site(placement.site).profiles
        merged = merge_profiles((*self.weakest, job.profiles, site, *placement.catalog_profiles))
        if not merged:
            return _PLAIN
        others = {
            name: dict(values) for name, values in merged.items() if name not in _FOR_THE_PLANNER and values
        }
        return _TaskProfiles(dict(merged.get("env", {})), resources_of(merged, where=describe(job)), others)
