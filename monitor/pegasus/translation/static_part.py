"""The static part of a run: what was planned, gathered from single records and told in chunks.

Tasks, jobs and files are sorted by name before they are shared out, so that every source of one run makes the
same chunks, in whatever order it tells of them.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal, NamedTuple, TypeVar

from eventlog.capping import public_text
from eventlog.facts import (
    Fact,
    FileDeclared,
    FilesDeclared,
    JobPlanned,
    JobsPlanned,
    MetadataRegistered,
    Tagged,
    TaskDeclared,
    TasksDeclared,
    WorkflowPlanned,
)
from eventlog.tags import infer_tag
from monitor.pegasus.translation.sorting import MOST_IN_MEMORY, Sorter
from monitor.pegasus.translation.values import flag, told, whole
from monitor.pegasus.translation.words import argument_words
from planner.chunks import (
    Chunk,
    Parcel,
    chunked,
    edge_parcels,
    file_parcel,
    job_parcel,
    tagged_parcel,
    task_parcels,
)

ITEMS_A_CHUNK = 100

T = TypeVar("T")
_Target = Literal["file", "task", "workflow"]
_KINDS = {"dax": "pegasusWorkflow", "dag": "condorWorkflow"}
_LINKS = frozenset(("input", "output", "inout", "checkpoint", ""))


class _Task(NamedTuple):
    """What ``task.info`` says; ``place`` is how many were told before."""

    place: int
    transformation: str
    kind: str
    label: str
    argv: str | None


class _Job(NamedTuple):
    """What ``job.info`` says."""

    kind: str
    site: str
    transformation: str
    executable: str
    argv: str | None
    submit_file: str
    max_retries: int
    cores: int
    priority: int
    category: str
    clustered: bool


class _Parent(NamedTuple):
    """Of a task or a job: what must end before it."""

    name: str


class _MappedTo(NamedTuple):
    """Of a task: the job that runs it."""

    job: str


class _Runs(NamedTuple):
    """Of a job: a task that it runs, and that task's place in the workflow."""

    place: int
    task: str


class _Use(NamedTuple):
    """Of a task: a file that it has to do with."""

    lfn: str
    link: str


class _UsedAs(NamedTuple):
    """Of a file: what a task's use says about it."""

    link: str
    stage_out: bool
    register: bool
    optional: bool
    size: int | None


class _Noted(NamedTuple):
    """Of a workflow, a task or a file: one of its tags."""

    key: str
    value: str


@dataclass(slots=True)
class _Uses:
    """The files of one task by what it does with them, in the order of telling."""

    inputs: dict[str, None] = field(default_factory=dict)
    outputs: dict[str, None] = field(default_factory=dict)
    checkpoints: dict[str, None] = field(default_factory=dict)
    untold: dict[str, None] = field(default_factory=dict)

    def add(self, use: _Use) -> None:
        if use.link in ("input", "inout"):
            self.inputs[use.lfn] = None
        if use.link in ("output", "inout"):
            self.outputs[use.lfn] = None
        if use.link == "checkpoint":
            self.checkpoints[use.lfn] = None
        if not use.link:
            self.untold[use.lfn] = None

    def of_untold_role(self) -> tuple[str, ...]:
        """The files of which nobody told whether the task reads or writes them."""
        known = self.inputs.keys() | self.outputs.keys() | self.checkpoints.keys()
        return tuple(sorted(self.untold.keys() - known))


class StaticPart:
    """Gathers the tasks, jobs, edges, files and metadata of one run; what is too much for memory, on disk."""

    def __init__(self, run: str, most_in_memory: int = MOST_IN_MEMORY) -> None:
        self._run = run
        self._files: Sorter[_UsedAs] = Sorter(most_in_memory)
        self._tasks: Sorter[_Task | _Parent | _MappedTo | _Use] = Sorter(most_in_memory)
        self._jobs: Sorter[_Job | _Parent | _Runs] = Sorter(most_in_memory)
        self._tags: dict[_Target, Sorter[_Noted]] = {
            target: Sorter(most_in_memory) for target in ("file", "task", "workflow")
        }
        self._places = self._declared_files = self._declared_tasks = self._planned_jobs = 0
        self.is_empty = True
        """Whether no task, job or tag was told yet."""

    def add_task(self, fields: Mapping[str, str]) -> None:
        """``task.info``."""
        task = _Task(
            place=self._places,
            transformation=_word(fields, "transformation"),
            kind=_KINDS.get(fields.get("type_desc", ""), "job"),
            label=told(fields.get("label")),
            argv=fields.get("argv"),
        )
        self._tasks.add(fields["task.id"], task)
        self._places += 1
        self.is_empty = False

    def add_job(self, fields: Mapping[str, str]) -> None:
        """``job.info``."""
        job = _Job(
            kind=_word(fields, "type_desc"),
            site=_word(fields, "site"),
            transformation=_word(fields, "transformation"),
            executable=_word(fields, "executable"),
            argv=fields.get("argv"),
            submit_file=told(fields.get("submit_file")),
            max_retries=whole(fields.get("max_retries")) or 0,
            cores=whole(fields.get("cores")) or 1,
            priority=whole(fields.get("priority")) or 0,
            category=_word(fields, "category"),
            clustered=flag(fields.get("clustered")),
        )
        self._jobs.add(fields["job.id"], job)
        self.is_empty = False

    def add_task_edge(self, fields: Mapping[str, str]) -> None:
        """``task.edge``."""
        parent = _Parent(fields["parent.task.id"])
        self._tasks.add(fields["child.task.id"], parent)

    def add_job_edge(self, fields: Mapping[str, str]) -> None:
        """``job.edge``."""
        parent = _Parent(fields["parent.job.id"])
        self._jobs.add(fields["child.job.id"], parent)

    def map_task(self, fields: Mapping[str, str]) -> None:
        """``wf.map.task_job``."""
        self._tasks.add(fields["task.id"], _MappedTo(fields["job.id"]))

    def add_use(self, fields: Mapping[str, str]) -> None:
        """``file.use``, and ``wf.map.file``, which tells no link."""
        lfn, link = fields["lfn.id"], told(fields.get("link"))
        if link not in _LINKS:
            link = ""
        used_as = _UsedAs(
            link=link,
            stage_out=flag(fields.get("stage_out")),
            register=flag(fields.get("register")),
            optional=flag(fields.get("optional")),
            size=whole(fields.get("size")),
        )
        self._tasks.add(fields["task.id"], _Use(lfn, link))
        if link:
            self._files.add(lfn, used_as)

    def add_workflow_tag(self, fields: Mapping[str, str]) -> None:
        """``xwf.meta``."""
        self._add_tag("workflow", "", fields)

    def add_task_tag(self, fields: Mapping[str, str]) -> None:
        """``task.meta``."""
        self._add_tag("task", fields["task.id"], fields)

    def add_file_tag(self, fields: Mapping[str, str]) -> None:
        """The ``rc.meta`` of before the run."""
        self._add_tag("file", fields["lfn.id"], fields)

    def _add_tag(self, target: _Target, name: str, fields: Mapping[str, str]) -> None:
        self._tags[target].add(name, _Noted(fields["key"], public_text(fields["value"])))
        self.is_empty = False

    def facts(self) -> Iterator[Fact]:
        """Chunks of files, tasks and jobs, metadata, and WorkflowPlanned last; to be asked once."""
        chunks = 0
        for fact in self._chunk_facts():
            chunks += 1
            yield fact
        for ordinal, items in enumerate(_shared_out(map(tagged_parcel, self._tagged()))):
            yield MetadataRegistered(
                run=self._run, items=tuple(items.items), origin="workflow", ordinal=ordinal
            )
        yield WorkflowPlanned(
            run=self._run,
            tasks=self._declared_tasks,
            files=self._declared_files,
            jobs=self._planned_jobs,
            reused_tasks=0,
            chunks=chunks,
        )

    def _chunk_facts(self) -> Iterator[Fact]:
        for number, files in enumerate(_shared_out(self._file_parcels())):
            yield FilesDeclared(run=self._run, chunk=number, files=tuple(files.items))
        for number, tasks in enumerate(_shared_out(self._task_parcels())):
            yield TasksDeclared(
                run=self._run, chunk=number, tasks=tuple(tasks.items), edges=tuple(tasks.edges)
            )
        # the last of the tasks is told: every job knows by now which ones it runs
        for number, jobs in enumerate(_shared_out(self._job_parcels())):
            yield JobsPlanned(run=self._run, chunk=number, jobs=tuple(jobs.items), edges=tuple(jobs.edges))

    def _file_parcels(self) -> Iterator[Parcel[FileDeclared]]:
        for lfn, uses in self._files.groups():
            self._declared_files += 1
            yield file_parcel(_file(lfn, uses))

    def _task_parcels(self) -> Iterator[Parcel[TaskDeclared]]:
        for name, told_of in self._tasks.groups():
            tasks = [each for each in told_of if isinstance(each, _Task)]
            # a clustered job's tasks run in the order in which the workflow declares them
            runs = _Runs(tasks[0].place if tasks else 0, name)
            for job in {each.job for each in told_of if isinstance(each, _MappedTo)}:
                self._jobs.add(job, runs)
            if tasks:
                self._declared_tasks += 1
                yield from task_parcels(_declared(name, tasks[-1], told_of))
                yield from edge_parcels(_parents(told_of), name)

    def _job_parcels(self) -> Iterator[Parcel[JobPlanned]]:
        for name, told_of in self._jobs.groups():
            jobs = [each for each in told_of if isinstance(each, _Job)]
            if jobs:
                self._planned_jobs += 1
                tasks = [each.task for each in sorted(e for e in told_of if isinstance(e, _Runs))]
                yield job_parcel(_planned(name, jobs[-1], tasks))
                yield from edge_parcels(_parents(told_of), name)

    def _tagged(self) -> Iterator[Tagged]:
        for target, sorter in self._tags.items():
            for name, noted in sorter.groups():
                tags = tuple(infer_tag(key, value) for key, value in dict(noted).items())
                yield Tagged(target=target, name=name, tags=tags)


def _shared_out(parcels: Iterable[Parcel[T]]) -> Iterator[Chunk[T]]:
    """Parcels in chunks of so many, or fewer where they would be too large for an event."""
    waiting = iter(parcels)
    while some := list(islice(waiting, ITEMS_A_CHUNK)):
        yield from chunked(some)


def _file(lfn: str, uses: Sequence[_UsedAs]) -> FileDeclared:
    """What all uses of one file say together."""
    written = [use for use in uses if use.link != "input"]
    is_read = any(use.link in ("input", "inout") for use in uses)
    sizes = [use.size for use in uses if use.size is not None]
    return FileDeclared(
        lfn=lfn,
        role=("intermediate" if is_read else "output") if written else "input",
        stage_out=any(use.stage_out for use in written),
        register=any(use.register for use in written),
        optional=any(use.optional for use in written),
        size=sizes[-1] if sizes else None,
    )


def _declared(name: str, task: _Task, told_of: Iterable[NamedTuple]) -> TaskDeclared:
    uses = _Uses()
    for each in told_of:
        if isinstance(each, _Use):
            uses.add(each)
    return TaskDeclared(
        task=name,
        transformation=task.transformation,
        kind=task.kind,
        label=task.label,
        argv=argument_words(task.argv),
        inputs=tuple(uses.inputs),
        outputs=tuple(uses.outputs),
        checkpoints=tuple(uses.checkpoints),
        uses=uses.of_untold_role(),
    )


def _planned(name: str, job: _Job, tasks: Iterable[str]) -> JobPlanned:
    return JobPlanned(
        job=name,
        kind=job.kind,
        site=job.site,
        tasks=tuple(tasks),
        transformation=job.transformation,
        executable=job.executable,
        argv=argument_words(job.argv),
        submit_file=job.submit_file,
        max_retries=job.max_retries,
        cores=job.cores,
        priority=job.priority,
        category=job.category,
        clustered=job.clustered,
    )


def _parents(told_of: Iterable[NamedTuple]) -> list[str]:
    return sorted({each.name for each in told_of if isinstance(each, _Parent)})


# Words stand in many records; each is kept once.
def _word(fields: Mapping[str, str], name: str) -> str:
    return sys.intern(told(fields.get(name)))
