"""One file: where it lies, whether it is intact, who made it and who used it, what is said about it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, and_, func, select

from eventlog.errors import NotFoundError
from projections.answers.runs import RunRef
from projections.answers.tags import FileKey, FileTags, tags_of_files
from projections.bulk import key_rows
from projections.data.files import FILES
from projections.data.plans import PLANS
from projections.data.replicas import REPLICAS
from projections.data.reuse import REUSED_FILES
from projections.data.uses import TASKS, USES
from projections.keys import run_key, text_key

_READABLE = 200


@dataclass(frozen=True, slots=True)
class Replica:
    """A place where a file lies."""

    site: str
    pfn: str
    size: int | None
    sha256: str | None
    registered_at: int


@dataclass(frozen=True, slots=True)
class TaskRef:
    """A task of a file's run, and the job that carries it out (None where it was pruned)."""

    task: str
    transformation: str
    job: str | None


@dataclass(frozen=True, slots=True)
class Reused:
    """Where a file comes from that was not made again; ``from_run`` is None for a catalogued file."""

    from_run: str | None
    rule: str
    pfn: str
    site: str
    reason: str


@dataclass(frozen=True, slots=True)
class File:
    """A file of one run. ``checksum`` is verified, computed, unverified or corrupt; sizes are bytes.

    ``run`` is empty for a file that no run knows.
    """

    run: str
    namespace: str
    lfn: str
    role: str | None
    checksum: str
    sha256: str | None
    size: int | None
    replicas: tuple[Replica, ...]
    producer: TaskRef | None
    consumers: tuple[TaskRef, ...]
    reused: Reused | None
    tags: FileTags


def file_of(connection: Connection, run: RunRef, lfn: str) -> File:
    """A file of a run. Raises NotFoundError that names LFNs which begin alike. Reads the ``data`` views."""
    return _file(connection, run.key, run.run, lfn)


def file_without_run(connection: Connection, namespace: str, lfn: str) -> File:
    """A file that was registered without a run. Raises NotFoundError as ``file_of`` does."""
    return _file(connection, run_key("", namespace), "", lfn)


def runs_of_file(connection: Connection, lfn: str, *, namespace: str, limit: int = 20) -> list[RunRef]:
    """The planned runs of a namespace that have a file of this LFN, the newest first."""
    rows = connection.execute(
        select(PLANS.c.run_key, PLANS.c.run, PLANS.c.namespace)
        .join(FILES, FILES.c.run_key == PLANS.c.run_key)
        .where(FILES.c.lfn_key == text_key(lfn), FILES.c.namespace == namespace, PLANS.c.visible)
        .order_by(PLANS.c.created_at.desc(), PLANS.c.run_key.desc())
        .limit(limit)
    )
    return [RunRef(*row) for row in rows]


def replicas_of_files(
    connection: Connection, files: Iterable[FileKey]
) -> Mapping[FileKey, tuple[Replica, ...]]:
    """Where each of many files lies, in one query, by site and PFN."""
    wanted = key_rows(connection, {"run_key": int, "lfn_key": int}, sorted(set(files)), "wanted")
    rows = connection.execute(
        select(REPLICAS)
        .join(wanted, and_(REPLICAS.c.run_key == wanted.c.run_key, REPLICAS.c.lfn_key == wanted.c.lfn_key))
        .where(REPLICAS.c.present)
        .order_by(REPLICAS.c.site, REPLICAS.c.pfn)
    )
    found: dict[FileKey, list[Replica]] = {}
    for row in rows:
        replica = Replica(row.site, row.pfn, row.size, row.sha256, row.registered_at)
        found.setdefault((row.run_key, row.lfn_key), []).append(replica)
    return {file: tuple(replicas) for file, replicas in found.items()}


def _file(connection: Connection, run: int, run_name: str, lfn: str) -> File:
    key = (run, text_key(lfn))
    row = connection.execute(
        select(FILES, func.coalesce(FILES.c.size, FILES.c.declared_size).label("known_size")).where(
            FILES.c.run_key == run, FILES.c.lfn_key == key[1]
        )
    ).first()
    if row is None:
        raise NotFoundError(_missing(connection, run, run_name, lfn))
    replicas = replicas_of_files(connection, [key]).get(key, ())
    sizes = [replica.size for replica in replicas if replica.size is not None]
    return File(
        run=run_name,
        namespace=row.namespace,
        lfn=row.lfn,
        role=row.role,
        checksum=row.checksum,
        sha256=row.sha256,
        size=row.known_size if row.known_size is not None else next(iter(sizes), None),
        replicas=replicas,
        producer=_producer(connection, run, row.task),
        consumers=_consumers(connection, key),
        reused=_reused(connection, key),
        tags=tags_of_files(connection, [key])[key],
    )


def quoted(lfn: str) -> str:
    """A file's name in a message to a person: in quotes, and no longer than one can read."""
    return repr(lfn if len(lfn) <= _READABLE else f"{lfn[:_READABLE]}…")


def _missing(connection: Connection, run: int, run_name: str, lfn: str) -> str:
    start = lfn[: min(max(1, len(lfn) // 2), _READABLE)]
    alike = connection.execute(
        select(FILES.c.lfn)
        .where(FILES.c.run_key == run, FILES.c.lfn.startswith(start, autoescape=True))
        .limit(3)
    ).scalars()
    names = ", ".join(name if len(name) <= _READABLE else quoted(name) for name in sorted(alike))
    where = f"run {run_name}" if run_name else "files without a run"
    return f"{where} has no file {quoted(lfn)}" + (f": did you mean {names}?" if names else "")


def _producer(connection: Connection, run: int, task: str | None) -> TaskRef | None:
    if task is None:
        return None
    row = connection.execute(select(TASKS).where(TASKS.c.run_key == run, TASKS.c.task == task)).first()
    return TaskRef(task, row.transformation or "", row.job) if row else TaskRef(task, "", None)


def _consumers(connection: Connection, file: FileKey) -> tuple[TaskRef, ...]:
    rows = connection.execute(
        select(TASKS)
        .join(USES, and_(USES.c.run_key == TASKS.c.run_key, USES.c.task == TASKS.c.task))
        .where(USES.c.run_key == file[0], USES.c.lfn_key == file[1], USES.c.link == "input")
        .order_by(TASKS.c.task)
    )
    return tuple(TaskRef(row.task, row.transformation or "", row.job) for row in rows)


def _reused(connection: Connection, file: FileKey) -> Reused | None:
    row = connection.execute(
        select(REUSED_FILES)
        .where(REUSED_FILES.c.run_key == file[0], REUSED_FILES.c.lfn_key == file[1])
        .order_by(REUSED_FILES.c.task)
        .limit(1)
    ).first()
    return Reused(row.from_run, row.rule, row.pfn, row.site, row.reason) if row else None
