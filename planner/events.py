"""Planning events: what a plan tells the log, in chunks, WorkflowPlanned last."""

from collections.abc import Iterator
from dataclasses import dataclass

from eventlog.capping import public_argv, public_text
from eventlog.event import Event, Observer
from eventlog.facts import (
    Fact,
    FileDeclared,
    FileRegistered,
    FilesDeclared,
    JobPlanned,
    JobsPlanned,
    JobsReused,
    MetadataRegistered,
    PlanFailed,
    PlanStarted,
    ReusedFile,
    TaskDeclared,
    TasksDeclared,
    WorkflowPlanned,
)
from planner.abstract import AbstractJob
from planner.arguments import split_arguments
from planner.chunks import (
    Parcel,
    chunked,
    edge_parcels,
    file_parcel,
    job_parcel,
    reused_parcel,
    tagged_parcel,
    task_parcels,
)
from planner.executable import PlannedJob
from planner.graph import WorkflowGraph
from planner.metadata import metadata_by_origin
from planner.pipeline import Plan
from planner.refine.reuse import REASONS
from planner.request import PlanRequest
from planner.urls import as_url


@dataclass(frozen=True, slots=True)
class PlanningContext:
    """Where and by what a plan was made; ``plan_digest`` is the sha256 of the plan file."""

    directory: str = ""
    argv: tuple[str, ...] = ()
    host: str = ""
    planner_version: str = ""
    plan_digest: str = ""


NO_CONTEXT = PlanningContext()


def planning_events(
    plan: Plan, observer: Observer, time: int, context: PlanningContext = NO_CONTEXT
) -> Iterator[Event]:
    """The events of a plan, in the order in which they are to be appended.

    ``time`` is microseconds since the epoch. The same plan makes the same events: appending them again after
    a crash is harmless.
    """
    for fact in planning_facts(plan, context):
        yield observer.event(fact, time)


def failure_events(
    request: PlanRequest, reason: str, observer: Observer, time: int, context: PlanningContext = NO_CONTEXT
) -> Iterator[Event]:
    """The events of a planning that ended without a plan; ``reason`` is the message the person saw."""
    yield observer.event(_started(request, context), time)
    yield observer.event(PlanFailed(run=request.identity.run, reason=public_text(reason)), time)


def planning_facts(plan: Plan, context: PlanningContext = NO_CONTEXT) -> Iterator[Fact]:
    """The facts of a plan; chunks count from 0 for each of their types."""
    run = plan.request.identity.run
    chunks = 0
    yield _started(plan.request, context)
    for fact in _chunk_facts(plan, run):
        chunks += 1
        yield fact
    yield from _metadata_facts(plan, run)
    yield from _raw_inputs(plan, run)
    yield WorkflowPlanned(
        run=run,
        tasks=len(plan.graph.jobs),
        files=len(plan.graph.lfns),
        jobs=len(plan.executable.jobs),
        reused_tasks=len(plan.pruned),
        chunks=chunks,
        plan_digest=context.plan_digest,
    )


def _started(request: PlanRequest, context: PlanningContext) -> PlanStarted:
    identity, workflow = request.identity, request.workflow
    return PlanStarted(
        run=identity.run,
        workflow=workflow.name,
        root=identity.root_run,
        parent_run=identity.parent_run,
        workflow_index=workflow.index,
        workflow_version=workflow.version,
        workflow_file=workflow.source,
        planner_version=context.planner_version,
        argv=public_argv(context.argv),
        user=identity.user,
        submit_host=context.host,
        submit_directory=context.directory,
        data_configuration="sharedfs",
    )


def _chunk_facts(plan: Plan, run: str) -> Iterator[Fact]:
    for number, files in enumerate(chunked(map(file_parcel, _files(plan)))):
        yield FilesDeclared(run=run, chunk=number, files=tuple(files.items))
    for number, tasks in enumerate(chunked(_tasks(plan))):
        yield TasksDeclared(run=run, chunk=number, tasks=tuple(tasks.items), edges=tuple(tasks.edges))
    for number, jobs in enumerate(chunked(_jobs(plan))):
        yield JobsPlanned(run=run, chunk=number, jobs=tuple(jobs.items), edges=tuple(jobs.edges))
    for number, reused in enumerate(chunked(map(reused_parcel, _reused(plan)))):
        yield JobsReused(run=run, chunk=number, files=tuple(reused.items))


def _files(plan: Plan) -> Iterator[FileDeclared]:
    graph = plan.graph
    for file, lfn in enumerate(graph.lfns):
        use = graph.made_by[file]
        if use is None:
            known = plan.known.get(lfn)
            yield FileDeclared(lfn=lfn, role="input", size=known.size if known else None)
        else:
            yield FileDeclared(
                lfn=lfn,
                role="intermediate" if graph.needed[file] and file not in graph.changed else "output",
                stage_out=use.stage_out,
                register=use.register,
                optional=use.may_be_missing,
                size=use.size,
            )


def _tasks(plan: Plan) -> Iterator[Parcel[TaskDeclared]]:
    graph = plan.graph
    literal = plan.request.options.argv == "literal"
    names = [job.id for job in graph.jobs]
    for number, job in enumerate(graph.jobs):
        yield from task_parcels(_task(graph, number, job, literal=literal))
        if graph.parents[number]:
            yield from edge_parcels([names[parent] for parent in graph.parents[number]], names[number])


def _task(graph: WorkflowGraph, number: int, job: AbstractJob, *, literal: bool) -> TaskDeclared:
    saved = frozenset(graph.checkpoints.get(number, ()))
    lfns = graph.lfns
    return TaskDeclared(
        task=job.id,
        transformation=str(job.transformation),
        kind=job.kind,
        label=job.label,
        argv=public_argv(split_arguments(job.arguments, literal=literal)) if job.arguments else (),
        inputs=tuple([lfns[file] for file in graph.reads[number]]),
        outputs=tuple([lfns[file] for file in graph.writes[number] if file not in saved]),
        checkpoints=tuple([lfns[file] for file in saved]),
    )


def _jobs(plan: Plan) -> Iterator[Parcel[JobPlanned]]:
    names = [job.name for job in plan.executable.jobs]
    for job in plan.executable.jobs:
        yield job_parcel(_job(job))
        if job.parents:
            yield from edge_parcels([names[parent] for parent in job.parents], job.name)


def _job(job: PlannedJob) -> JobPlanned:
    only = job.tasks[0] if len(job.tasks) == 1 else None
    return JobPlanned(
        job=job.name,
        kind=job.kind.value,
        site=job.site,
        tasks=tuple([task.id for task in job.tasks]),
        transformation=job.transformation,
        executable=only.executable if only else "",
        max_retries=job.retries,
        cores=job.cores,
        priority=job.priority,
        category=job.category,
        clustered=len(job.tasks) > 1,
    )


def _reused(plan: Plan) -> Iterator[ReusedFile]:
    graph = plan.graph
    for task, rule in sorted(plan.pruned.items()):
        files = [_reused_file(plan, task, rule, graph.lfns[file]) for file in graph.writes[task]]
        found = [file for file in files if file is not None]
        yield from found or [ReusedFile(task=graph.jobs[task].id, rule=rule, reason=REASONS[rule])]


def _reused_file(plan: Plan, task: int, rule: str, lfn: str) -> ReusedFile | None:
    known = plan.existing.get(lfn)
    if known is None or not known.replicas:
        return None
    best = known.replicas[0]
    return ReusedFile(
        task=plan.graph.jobs[task].id,
        rule=rule,
        lfn=lfn,
        pfn=as_url(best.pfn),
        site=best.site,
        from_run=known.run,
        reason=f"{REASONS[rule]}; known from {known.origin}",
    )


def _metadata_facts(plan: Plan, run: str) -> Iterator[Fact]:
    ordinal = 0
    for origin, tagged in metadata_by_origin(plan):
        for chunk in chunked(map(tagged_parcel, tagged)):
            yield MetadataRegistered(run=run, items=tuple(chunk.items), origin=origin, ordinal=ordinal)
            ordinal += 1


def _raw_inputs(plan: Plan, run: str) -> Iterator[Fact]:
    """Where raw inputs lie, so that lineage ends at a file one can find."""
    ordinal = 0
    for known in plan.known.values():
        if known.run is not None and known.lfn in plan.existing:
            # it stands in for a task's output, and JobsReused says so
            continue
        for replica in known.replicas:
            yield FileRegistered(
                run=run,
                lfn=known.lfn,
                pfn=as_url(replica.pfn),
                site=replica.site,
                size=known.size,
                sha256=known.sha256,
                ordinal=ordinal,
            )
            ordinal += 1
