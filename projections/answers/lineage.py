"""Lineage: from what a file was made, or what was made of it, over the borders of runs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Connection, Row, and_, func, select

from projections.answers.jobs import words
from projections.answers.runs import RunRef
from projections.bulk import key_rows
from projections.data.files import FILES
from projections.data.plans import PLANS
from projections.data.reuse import REUSED_FILES
from projections.data.uses import TASKS as TASK_JOBS
from projections.data.uses import USES
from projections.keys import text_key
from projections.runs.attempts import ATTEMPTS
from projections.runs.hosts import HOSTS
from projections.runs.invocations import INVOCATIONS
from projections.runs.plan import JOBS, TASKS

Direction = Literal["up", "down"]
FileKey = tuple[int, int]
TaskKey = tuple[int, str]

DEFAULT_DEPTH = 50
DEFAULT_BUDGET = 1000


@dataclass(frozen=True, slots=True)
class FileNode:
    """A file in a lineage; ``frontier`` tells that the way goes on beyond it, where the answer ended."""

    run: str
    lfn: str
    depth: int
    role: str | None
    checksum: str
    sha256: str | None
    size: int | None
    frontier: bool


@dataclass(frozen=True, slots=True)
class TaskNode:
    """A task in a lineage: what was run, where, and how it ended (None where it never ran)."""

    run: str
    task: str
    depth: int
    transformation: str
    job: str | None
    argv: tuple[str, ...]
    executable: str
    hostname: str
    site: str
    start: int | None
    exit_raw: int | None


@dataclass(frozen=True, slots=True)
class Link:
    """One step in the direction of the data: from ``source`` to ``target``, both (run, name).

    ``kind`` is read (file to task), written (task to file) or reused (file to the same file of a later run).
    """

    kind: Literal["read", "written", "reused"]
    source: tuple[str, str]
    target: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Lineage:
    """Nodes and links; ``is_partial`` where depth or budget ended it, at the files that are ``frontier``."""

    files: tuple[FileNode, ...]
    tasks: tuple[TaskNode, ...]
    links: tuple[Link, ...]
    is_partial: bool


@dataclass(slots=True)
class _Walk:
    """What a walk has found: nodes with their depth, and links between keys."""

    files: dict[FileKey, int] = field(default_factory=dict)
    tasks: dict[TaskKey, int] = field(default_factory=dict)
    links: list[tuple[str, FileKey | TaskKey, FileKey | TaskKey]] = field(default_factory=list)
    frontier: set[FileKey] = field(default_factory=set)

    def size(self) -> int:
        return len(self.files) + len(self.tasks)


def lineage_of(
    runs: Connection,
    data: Connection,
    run: RunRef,
    lfn: str,
    *,
    direction: Direction = "up",
    depth: int = DEFAULT_DEPTH,
    budget: int = DEFAULT_BUDGET,
) -> Lineage:
    """The lineage of one file, breadth first: at most ``depth`` tasks away and about ``budget`` nodes.

    Every level costs a fixed number of queries. Reads the ``runs`` and the ``data`` views.
    """
    walk = _walk(data, (run.key, text_key(lfn)), direction, depth, budget)
    names = _run_names(data, {key[0] for key in (*walk.files, *walk.tasks)} | {run.key})
    files = _file_nodes(data, walk, names)
    lfns = {key: node.lfn for key, node in files.items()}
    return Lineage(
        files=tuple(files.values()),
        tasks=tuple(_task_nodes(runs, data, walk, names)),
        links=tuple(_links(walk, names, lfns)),
        is_partial=bool(walk.frontier),
    )


def _walk(data: Connection, start: FileKey, direction: Direction, depth: int, budget: int) -> _Walk:
    walk = _Walk(files={start: 0})
    level: list[FileKey] = [start]
    for distance in range(1, depth + 1):
        if not level or walk.size() >= budget:
            break
        level = _step(data, walk, level, direction, distance)
    walk.frontier = set(_leading_on(data, level, direction))
    return walk


def _step(
    data: Connection, walk: _Walk, level: Sequence[FileKey], direction: Direction, distance: int
) -> list[FileKey]:
    """One level further; returns the files that were new there."""
    found: list[FileKey] = []

    def reach(file: FileKey) -> None:
        if file not in walk.files:
            walk.files[file] = distance
            found.append(file)

    for here, there in _reused(data, level, direction):
        walk.links.append(("reused", there, here) if direction == "up" else ("reused", here, there))
        reach(there)
    near, far = ("output", "input") if direction == "up" else ("input", "output")
    tasks: list[TaskKey] = []
    for file, task in _tasks_of(data, level, near):
        walk.links.append(("written", task, file) if direction == "up" else ("read", file, task))
        if task not in walk.tasks:
            walk.tasks[task] = distance
            tasks.append(task)
    for task, file in _files_of(data, tasks, far):
        walk.links.append(("read", file, task) if direction == "up" else ("written", task, file))
        reach(file)
    return found


def _tasks_of(data: Connection, files: Iterable[FileKey], link: str) -> list[tuple[FileKey, TaskKey]]:
    wanted = key_rows(data, {"run_key": int, "lfn_key": int}, files, "wanted")
    rows = data.execute(
        select(USES.c.run_key, USES.c.lfn_key, USES.c.task)
        .join(wanted, and_(USES.c.run_key == wanted.c.run_key, USES.c.lfn_key == wanted.c.lfn_key))
        .where(USES.c.link == link)
        .order_by(USES.c.run_key, USES.c.lfn_key, USES.c.task)
    )
    return [((run, lfn_key), (run, task)) for run, lfn_key, task in rows]


def _files_of(data: Connection, tasks: Iterable[TaskKey], link: str) -> list[tuple[TaskKey, FileKey]]:
    wanted = key_rows(data, {"run_key": int, "task": str}, tasks, "wanted")
    rows = data.execute(
        select(USES.c.run_key, USES.c.task, USES.c.lfn_key)
        .join(wanted, and_(USES.c.run_key == wanted.c.run_key, USES.c.task == wanted.c.task))
        .where(USES.c.link == link)
        .order_by(USES.c.run_key, USES.c.task, USES.c.lfn_key)
    )
    return [((run, task), (run, lfn_key)) for run, task, lfn_key in rows]


def _reused(
    data: Connection, files: Iterable[FileKey], direction: Direction
) -> list[tuple[FileKey, FileKey]]:
    """Pairs of a file and the same file in the run it was taken from (up) or taken into (down)."""
    wanted = key_rows(data, {"run_key": int, "lfn_key": int}, files, "wanted")
    here, elsewhere = PLANS.alias("here"), PLANS.alias("elsewhere")
    query = select(here.c.run_key, REUSED_FILES.c.lfn_key, elsewhere.c.run_key)
    if direction == "up":
        taking, origin = here, elsewhere
    else:
        taking, origin = elsewhere, here
    rows = data.execute(
        query.select_from(wanted)
        .join(here, here.c.run_key == wanted.c.run_key)
        .join(
            REUSED_FILES,
            and_(REUSED_FILES.c.run_key == here.c.run_key, REUSED_FILES.c.lfn_key == wanted.c.lfn_key)
            if direction == "up"
            else and_(REUSED_FILES.c.from_run == here.c.run, REUSED_FILES.c.lfn_key == wanted.c.lfn_key),
        )
        .join(
            elsewhere,
            and_(elsewhere.c.run == REUSED_FILES.c.from_run, elsewhere.c.namespace == here.c.namespace)
            if direction == "up"
            else and_(
                elsewhere.c.run_key == REUSED_FILES.c.run_key, elsewhere.c.namespace == here.c.namespace
            ),
        )
        .where(taking.c.run_key != origin.c.run_key, elsewhere.c.visible)
        .order_by(here.c.run_key, REUSED_FILES.c.lfn_key, elsewhere.c.run)
    )
    return [((run, lfn_key), (other, lfn_key)) for run, lfn_key, other in rows]


def _leading_on(data: Connection, files: Sequence[FileKey], direction: Direction) -> Iterable[FileKey]:
    """Those of the last files from which there is further to go."""
    if not files:
        return
    yield from (here for here, _ in _reused(data, files, direction))
    yield from (file for file, _ in _tasks_of(data, files, "output" if direction == "up" else "input"))


def _run_names(data: Connection, keys: set[int]) -> dict[int, str]:
    wanted = key_rows(data, {"run_key": int}, [(key,) for key in sorted(keys)], "wanted")
    rows = data.execute(
        select(PLANS.c.run_key, PLANS.c.run).join(wanted, PLANS.c.run_key == wanted.c.run_key)
    )
    return {int(key): str(run) for key, run in rows}


def _file_nodes(data: Connection, walk: _Walk, names: dict[int, str]) -> dict[FileKey, FileNode]:
    wanted = key_rows(data, {"run_key": int, "lfn_key": int}, sorted(walk.files), "wanted")
    rows = data.execute(
        select(FILES, func.coalesce(FILES.c.size, FILES.c.declared_size).label("known_size")).join(
            wanted, and_(FILES.c.run_key == wanted.c.run_key, FILES.c.lfn_key == wanted.c.lfn_key)
        )
    )
    nodes: dict[FileKey, FileNode] = {}
    for row in rows:
        key = (row.run_key, row.lfn_key)
        nodes[key] = FileNode(
            run=names.get(row.run_key, ""),
            lfn=row.lfn,
            depth=walk.files[key],
            role=row.role,
            checksum=row.checksum,
            sha256=row.sha256,
            size=row.known_size,
            frontier=key in walk.frontier,
        )
    return dict(sorted(nodes.items(), key=lambda item: (item[1].depth, item[1].run, item[1].lfn)))


def _task_nodes(runs: Connection, data: Connection, walk: _Walk, names: dict[int, str]) -> Iterable[TaskNode]:
    jobs = _jobs_of(data, sorted(walk.tasks))
    declared = _declared(runs, sorted(walk.tasks))
    ran = _last_invocations(runs, {(key, job) for key, job in jobs.items() if job is not None})
    for depth, _, key in sorted((depth, names.get(key[0], ""), key) for key, depth in walk.tasks.items()):
        task, invocation = declared.get(key), ran.get(key)
        yield TaskNode(
            run=names.get(key[0], ""),
            task=key[1],
            depth=depth,
            transformation=(task.transformation if task else None) or "",
            job=jobs.get(key),
            # a record that tells no words leaves those that the task declares
            argv=words(invocation.argv if invocation else None) or words(task.argv if task else None),
            executable=(invocation.executable if invocation else None) or "",
            hostname=(invocation.hostname if invocation else None) or "",
            site=((invocation.site or invocation.ran_at) if invocation else None) or "",
            start=invocation.start if invocation else None,
            exit_raw=invocation.exit_raw if invocation else None,
        )


_Row = Row[*tuple[Any, ...]]


def _jobs_of(data: Connection, tasks: Sequence[TaskKey]) -> dict[TaskKey, str | None]:
    wanted = key_rows(data, {"run_key": int, "task": str}, tasks, "wanted")
    rows = data.execute(
        select(TASK_JOBS.c.run_key, TASK_JOBS.c.task, TASK_JOBS.c.job).join(
            wanted, and_(TASK_JOBS.c.run_key == wanted.c.run_key, TASK_JOBS.c.task == wanted.c.task)
        )
    )
    return {(run, task): job for run, task, job in rows}


def _declared(runs: Connection, tasks: Sequence[TaskKey]) -> dict[TaskKey, _Row]:
    wanted = key_rows(runs, {"run_key": int, "task": str}, tasks, "wanted")
    rows = runs.execute(
        select(TASKS).join(wanted, and_(TASKS.c.run_key == wanted.c.run_key, TASKS.c.task == wanted.c.task))
    )
    return {(row.run_key, row.task): row for row in rows}


def _last_invocations(runs: Connection, tasks: set[tuple[TaskKey, str]]) -> dict[TaskKey, _Row]:
    """Each task's process in the last attempt of its job."""
    listed = [(run, task, job) for (run, task), job in sorted(tasks)]
    wanted = key_rows(runs, {"run_key": int, "task": str, "job": str}, listed, "wanted")
    rows = runs.execute(
        select(INVOCATIONS, HOSTS.c.hostname, ATTEMPTS.c.site.label("ran_at"))
        .select_from(wanted)
        .join(JOBS, and_(JOBS.c.run_key == wanted.c.run_key, JOBS.c.job == wanted.c.job))
        .join(
            INVOCATIONS,
            and_(
                INVOCATIONS.c.run_key == JOBS.c.run_key,
                INVOCATIONS.c.job == JOBS.c.job,
                INVOCATIONS.c.attempt == JOBS.c.last_attempt,
                INVOCATIONS.c.task == wanted.c.task,
            ),
        )
        .outerjoin(
            ATTEMPTS,
            and_(
                ATTEMPTS.c.run_key == INVOCATIONS.c.run_key,
                ATTEMPTS.c.job == INVOCATIONS.c.job,
                ATTEMPTS.c.attempt == INVOCATIONS.c.attempt,
            ),
        )
        # some sources tell the machine of an attempt, not of each of its processes
        .outerjoin(HOSTS, HOSTS.c.host_key == func.coalesce(INVOCATIONS.c.host_key, ATTEMPTS.c.host_key))
        .order_by(INVOCATIONS.c.sequence)
    )
    return {(row.run_key, row.task): row for row in rows}


def _links(walk: _Walk, names: dict[int, str], lfns: dict[FileKey, str]) -> Iterable[Link]:
    def named(key: FileKey | TaskKey) -> tuple[str, str]:
        run, name = key
        return names.get(run, ""), name if isinstance(name, str) else lfns.get((run, name), "")

    for kind, source, target in walk.links:
        yield Link(kind, named(source), named(target))  # type: ignore[arg-type]
