"""Chunks of plans: which have been seen, whether that is all of them, and what a corrected one takes back."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, MetaData, Table, case, delete, func, select, update

from eventlog.facts import (
    FilesDeclared,
    JobsPlanned,
    JobsReused,
    PlanFailed,
    PlanStarted,
    TasksDeclared,
    WorkflowPlanned,
)
from projections.batch import FactBatch
from projections.bulk import Part, key_rows
from projections.columns import counted, key, named, version
from projections.keys import run_key
from projections.rows import Peaks

_CHUNK_BITS = 32
_CHUNKED: tuple[type[TasksDeclared | FilesDeclared | JobsPlanned | JobsReused], ...] = (
    *(TasksDeclared, FilesDeclared, JobsPlanned, JobsReused),
)
_WHOLE: tuple[type[PlanStarted | WorkflowPlanned | PlanFailed], ...] = (
    *(PlanStarted, WorkflowPlanned, PlanFailed),
)

Chunked = Mapping[str, Sequence[Part]]
"""The parts of tables that each type of planning chunk brings rows of."""


def chunk_version(revision: int, chunk: int) -> int:
    """What guards a row that a planning chunk brought: the higher revision, then the later chunk."""
    return (revision << _CHUNK_BITS) | chunk


def chunk_table(metadata: MetaData) -> Table:
    """The chunks that a group of views has seen, by event type (``kind``) and number."""
    return Table(
        "plan_chunks",
        metadata,
        key("run_key"),
        named("kind"),
        counted("chunk"),
        version("revision"),
        sqlite_with_rowid=False,
    )


def planned_runs(batch: FactBatch) -> set[int]:
    """The runs about whose plans a batch speaks."""
    chunked = {run_key(fact.run, event.namespace) for kind in _CHUNKED for event, fact in batch.of(kind)}
    whole = {run_key(fact.run, event.namespace) for kind in _WHOLE for event, fact in batch.of(kind)}
    return chunked | whole


def record_chunks(batch: FactBatch, connection: Connection, chunks: Table) -> None:
    """Note which chunks a batch brings."""
    seen = Peaks(Part(chunks, order=(), values=("revision",)))
    for kind in _CHUNKED:
        for event, fact in batch.of(kind):
            place = (run_key(fact.run, event.namespace), kind.__name__, fact.chunk)
            seen.put(place, (fact.revision,))
    seen.write(connection)


def reveal_complete(connection: Connection, plans: Table, chunks: Table, runs: set[int]) -> None:
    """Make those of these plans visible of which every chunk has been seen, and no others.

    Where nobody said who planned it, and when, it is listed by when its plan was told.
    """
    if not runs:
        return
    seen = (
        select(func.count()).select_from(chunks).where(chunks.c.run_key == plans.c.run_key).scalar_subquery()
    )
    touched = key_rows(connection, {"run_key": int}, [(run,) for run in sorted(runs)], "touched")
    connection.execute(
        update(plans)
        .values(
            visible=(plans.c.plan_version >= 0) & (seen >= plans.c.chunks),
            created_at=case((plans.c.identity_version < 0, plans.c.planned_at), else_=plans.c.created_at),
        )
        .where(plans.c.run_key.in_(select(touched.c.run_key)))
    )


def withdraw_superseded(connection: Connection, chunks: Table, chunked: Chunked, runs: set[int]) -> None:
    """Take back what earlier revisions of corrected chunks said and the corrected ones do not say again."""
    if not runs:
        return
    touched = key_rows(connection, {"run_key": int}, [(run,) for run in sorted(runs)], "touched")
    corrected = select(chunks).where(
        chunks.c.revision > 0,
        chunks.c.kind.in_(chunked),
        chunks.c.run_key.in_(select(touched.c.run_key)),
    )
    for run, kind, chunk, revision in connection.execute(corrected).all():
        for part in chunked[kind]:
            _withdraw(connection, part, run, chunk, revision)


def _withdraw(connection: Connection, part: Part, run: int, chunk: int, revision: int) -> None:
    table, guard = part.table, (part.order or part.values)[0]
    said = table.c[guard]
    outdated = (
        table.c.run_key == run,
        said >= 0,
        said < chunk_version(revision, 0),
        said % (1 << _CHUNK_BITS) == chunk,
    )
    if guard == "version":
        connection.execute(delete(table).where(*outdated))
    else:
        # other facts wrote other parts of the row
        blank = dict.fromkeys(part.values)
        connection.execute(update(table).values({guard: -1, **blank}).where(*outdated))
