"""The static part of a run: what was planned, gathered from single records and told in chunks.

Tasks, jobs and files are sorted by name before they are shared out, so that every source of one run makes the
same chunks, in whatever order it tells of them.
"""

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple, TypeVar

from eventlog.capping import public_text
from eventlog.facts import (
    Fact,
    FileDeclared,
    FilesDeclared,
    JobPlanned,
    JobsPlanned,
    MetadataRegistered,
    Tag,
    Tagged,
    TaskDeclared,
    TasksDeclared,
    WorkflowPlanned,
)
from eventlog.tags import infer_tag
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
_KINDS = {"dax": "pegasusWorkflow", "dag": "condorWorkflow"}
_LINKS = frozenset(("input", "output", "inout", "checkpoint", ""))


@dataclass(slots=True)
class _Uses:
    """The files of one task by what it does with them, in the order of telling."""

    inputs: dict[str, None] = field(default_factory=dict)
    outputs: dict[str, None] = field(default_factory=dict)
    checkpoints: dict[str, None] = field(default_factory=dict)
    untold: dict[str, None] = field(default_factory=dict)

    def add(self, lfn: str, link: str) -> None:
        if link in ("input", "inout"):
            self.inputs[lfn] = None
        if link in ("output", "inout"):
            self.outputs[lfn] = None
        if link == "checkpoint":
            self.checkpoints[lfn] = None
        if not link:
            self.untold[lfn] = None

    def of_untold_role(self) -> tuple[str, ...]:
        """The files of which nobody told whether the task reads or writes them."""
        known = self.inputs.keys() | self.outputs.keys() | self.checkpoints.keys()
        return tuple(sorted(self.untold.keys() - known))


@dataclass(slots=True)
class _File:
    """What all uses of one file say together."""

    read: bool = False
    written: bool = False
    stage_out: bool = False
    register: bool = False
    optional: bool = False
    size: int | None = None

    def role(self) -> str:
        if not self.written:
            return "input"
        return "intermediate" if self.read else "output"


class _Task(NamedTuple):
    """What ``task.info`` says, in little room: all of a run's stand in memory at once."""

    transformation: str
    kind: str
    label: str
    argv: str | None


class _Job(NamedTuple):
    """What ``job.info`` says, in little room."""

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


class StaticPart:
    """Gathers the tasks, jobs, edges, files and metadata of one run."""

    def __init__(self, run: str) -> None:
        self._run = run
        self._tasks: dict[str, _Task] = {}
        self._jobs: dict[str, _Job] = {}
        # parent and child
        self._task_edges: set[tuple[str, str]] = set()
        self._job_edges: set[tuple[str, str]] = set()
        # task and job
        self._mapped: set[tuple[str, str]] = set()
        self._uses: defaultdict[str, _Uses] = defaultdict(_Uses)
        self._files: dict[str, _File] = {}
        self._tags: dict[tuple[str, str], dict[str, str]] = {}

    @property
    def is_empty(self) -> bool:
        """Whether nothing was told yet."""
        return not (self._tasks or self._jobs or self._tags)

    def add_task(self, fields: Mapping[str, str]) -> None:
        """``task.info``."""
        self._tasks[_name(fields["task.id"])] = _Task(
            transformation=_word(fields, "transformation"),
            kind=_KINDS.get(fields.get("type_desc", ""), "job"),
            label=told(fields.get("label")),
            argv=fields.get("argv"),
        )

    def add_job(self, fields: Mapping[str, str]) -> None:
        """``job.info``."""
        self._jobs[_name(fields["job.id"])] = _Job(
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

    def add_task_edge(self, fields: Mapping[str, str]) -> None:
        """``task.edge``."""
        self._task_edges.add((_name(fields["parent.task.id"]), _name(fields["child.task.id"])))

    def add_job_edge(self, fields: Mapping[str, str]) -> None:
        """``job.edge``."""
        self._job_edges.add((_name(fields["parent.job.id"]), _name(fields["child.job.id"])))

    def map_task(self, fields: Mapping[str, str]) -> None:
        """``wf.map.task_job``."""
        self._mapped.add((_name(fields["task.id"]), _name(fields["job.id"])))

    def add_use(self, fields: Mapping[str, str]) -> None:
        """``file.use``, and ``wf.map.file``, which tells no link."""
        lfn, link = fields["lfn.id"], told(fields.get("link"))
        if link not in _LINKS:
            link = ""
        self._uses[fields["task.id"]].add(lfn, link)
        if not link:
            return
        file = self._files.setdefault(lfn, _File())
        file.read |= link in ("input", "inout")
        if link != "input":
            file.written = True
            file.stage_out |= flag(fields.get("stage_out"))
            file.register |= flag(fields.get("register"))
            file.optional |= flag(fields.get("optional"))
        size = whole(fields.get("size"))
        file.size = file.size if size is None else size

    def add_workflow_tag(self, fields: Mapping[str, str]) -> None:
        """``xwf.meta``."""
        self._add_tag("workflow", "", fields)

    def add_task_tag(self, fields: Mapping[str, str]) -> None:
        """``task.meta``."""
        self._add_tag("task", fields["task.id"], fields)

    def add_file_tag(self, fields: Mapping[str, str]) -> None:
        """The ``rc.meta`` of before the run."""
        self._add_tag("file", fields["lfn.id"], fields)

    def _add_tag(self, target: str, name: str, fields: Mapping[str, str]) -> None:
        self._tags.setdefault((target, name), {})[fields["key"]] = public_text(fields["value"])

    def facts(self) -> Iterator[Fact]:
        """Chunks of files, tasks and jobs, metadata, and WorkflowPlanned last."""
        chunks = 0
        for fact in self._chunk_facts():
            chunks += 1
            yield fact
        tagged = (Tagged(target=t, name=n, tags=_tags(tags)) for (t, n), tags in sorted(self._tags.items()))
        for ordinal, items in enumerate(_shared_out(map(tagged_parcel, tagged))):
            yield MetadataRegistered(
                run=self._run, items=tuple(items.items), origin="workflow", ordinal=ordinal
            )
        yield WorkflowPlanned(
            run=self._run,
            tasks=len(self._tasks),
            files=len(self._files),
            jobs=len(self._jobs),
            reused_tasks=0,
            chunks=chunks,
        )

    def _chunk_facts(self) -> Iterator[Fact]:
        files = (_file(lfn, file) for lfn, file in sorted(self._files.items()))
        for number, some in enumerate(_shared_out(map(file_parcel, files))):
            yield FilesDeclared(run=self._run, chunk=number, files=tuple(some.items))
        for number, tasks in enumerate(_shared_out(self._task_parcels())):
            yield TasksDeclared(
                run=self._run, chunk=number, tasks=tuple(tasks.items), edges=tuple(tasks.edges)
            )
        for number, jobs in enumerate(_shared_out(self._job_parcels())):
            yield JobsPlanned(run=self._run, chunk=number, jobs=tuple(jobs.items), edges=tuple(jobs.edges))

    def _task_parcels(self) -> Iterator[Parcel[TaskDeclared]]:
        parents = _by_second(self._task_edges)
        for name in sorted(self._tasks):
            yield from task_parcels(_declared(name, self._tasks[name], self._uses.get(name, _Uses())))
            yield from edge_parcels(sorted(parents.get(name, ())), name)

    def _job_parcels(self) -> Iterator[Parcel[JobPlanned]]:
        # a clustered job's tasks run in the order in which the workflow declares them
        places = {task: place for place, task in enumerate(self._tasks)}
        parents, mapped = _by_second(self._job_edges), _by_second(self._mapped)
        for name in sorted(self._jobs):
            tasks = sorted(mapped.get(name, ()), key=lambda task: (places.get(task, 0), task))
            yield job_parcel(_planned(name, self._jobs[name], tasks))
            yield from edge_parcels(sorted(parents.get(name, ())), name)


def _shared_out(parcels: Iterable[Parcel[T]]) -> Iterator[Chunk[T]]:
    """Parcels in chunks of so many, or fewer where they would be too large for an event."""
    waiting = iter(parcels)
    while some := list(islice(waiting, ITEMS_A_CHUNK)):
        yield from chunked(some)


def _tags(values: Mapping[str, str]) -> tuple[Tag, ...]:
    return tuple(infer_tag(key, value) for key, value in values.items())


def _file(lfn: str, file: _File) -> FileDeclared:
    return FileDeclared(
        lfn=lfn,
        role=file.role(),
        stage_out=file.stage_out,
        register=file.register,
        optional=file.optional,
        size=file.size,
    )


def _declared(name: str, task: _Task, uses: _Uses) -> TaskDeclared:
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


def _by_second(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The first of each pair by the second."""
    gathered: dict[str, list[str]] = {}
    for first, second in pairs:
        gathered.setdefault(second, []).append(first)
    return gathered


# Names and words stand in many records; each is kept once.
_name = sys.intern


def _word(fields: Mapping[str, str], name: str) -> str:
    return sys.intern(told(fields.get(name)))
