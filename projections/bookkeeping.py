"""What every store of a group keeps beside its views: how far they are folded, and what could not be."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, MetaData, Table, bindparam, delete, func, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from eventlog.errors import HoofprintError
from eventlog.log import Position, Record
from projections.bulk import storable
from projections.columns import counted, named, number
from projections.columns import text as text_column

metadata = MetaData()

CHECKPOINTS = Table(
    "checkpoints",
    metadata,
    counted("partition"),
    text_column("log", required=True),
    number("next_offset"),
    number("recorded"),
    number("seen_at"),
    number("batch_events"),
    number("batch_time"),
)
"""How far each partition of the log is folded; ``log`` is its UUID.

``recorded`` is the log's time of the last event folded, ``seen_at`` when a projector last looked after the
partition, ``batch_events`` and ``batch_time`` the size and duration of its last batch (microseconds).
"""

DEAD_LETTERS = Table(
    "dead_letters",
    metadata,
    counted("partition"),
    counted("offset"),
    text_column("event_id", required=True),
    text_column("type", required=True),
    text_column("subject", required=True),
    text_column("error", required=True),
)
"""Events that could not be folded, where they stand, and why."""

UNHANDLED = Table("unhandled_types", metadata, named("type"), number("events"))
"""How many events of each type went by for which no group has a projection; tombstones as ``Redacted``."""


class StaleCheckpointError(HoofprintError):
    """Somebody else moved the checkpoint meanwhile; nothing of the batch was written."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far views are folded, and which log that counts in (None before the first batch)."""

    log: uuid.UUID | None = None
    position: Position = field(default_factory=Position)


@dataclass(frozen=True, slots=True)
class Pulse:
    """How a partition is looked after: the columns of ``CHECKPOINTS`` that are no position."""

    partition: int
    recorded: int
    seen_at: int
    batch_events: int
    batch_time: int


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that could not be folded; ``error`` is the exception's type and text."""

    record: Record
    error: str


def read_checkpoint(connection: Connection) -> Checkpoint:
    """The checkpoint of the views that this connection sees."""
    # no column more: these three stand in the tables of every version
    columns = (CHECKPOINTS.c.partition, CHECKPOINTS.c.log, CHECKPOINTS.c.next_offset)
    rows = connection.execute(select(*columns)).all()
    if not rows:
        return Checkpoint()
    return Checkpoint(uuid.UUID(rows[0].log), Position({row.partition: row.next_offset for row in rows}))


def advance_checkpoint(connection: Connection, log: uuid.UUID, before: Position, after: Position) -> None:
    """Move the checkpoint from ``before`` to ``after``, partition by partition, forward only.

    Done first in a transaction it keeps other projectors of the same partitions waiting, and then out:
    raises StaleCheckpointError where it does not stand at ``before``.
    """
    for partition, offset in sorted(after.offsets.items()):
        known = before.offsets.get(partition)
        if known == offset:
            continue
        if known is not None and known > offset:
            raise StaleCheckpointError(f"the checkpoint of partition {partition} cannot go back to {offset}")
        moved = (
            _first(connection, log, partition, offset)
            if known is None
            else _moved(connection, partition, known, offset)
        )
        if not moved:
            raise StaleCheckpointError(f"another projector has folded partition {partition} meanwhile")


def _first(connection: Connection, log: uuid.UUID, partition: int, offset: int) -> bool:
    # two projectors may both be the first: one inserts, the other waits for it and inserts nothing
    dialect_insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    row = {"partition": partition, "log": str(log), "next_offset": offset}
    statement = dialect_insert(CHECKPOINTS).values(row).on_conflict_do_nothing()
    return connection.execute(statement.returning(CHECKPOINTS.c.partition)).first() is not None


def _moved(connection: Connection, partition: int, known: int, offset: int) -> bool:
    result = connection.execute(
        update(CHECKPOINTS)
        .values(next_offset=offset)
        .where(CHECKPOINTS.c.partition == partition, CHECKPOINTS.c.next_offset == known)
    )
    return result.rowcount == 1


def hold_checkpoints(connection: Connection) -> None:
    """Keep every projector from moving these checkpoints until this write transaction ends."""
    if connection.dialect.name == "postgresql":
        # SQLite lets one writer in at a time anyway
        connection.execute(text("LOCK TABLE checkpoints IN SHARE ROW EXCLUSIVE MODE"))


def note_pulses(connection: Connection, pulses: Sequence[Pulse]) -> None:
    """Say how the last batch of these partitions went."""
    statement = (
        update(CHECKPOINTS)
        .where(CHECKPOINTS.c.partition == bindparam("known"))
        .values({name: bindparam(name) for name in ("recorded", "seen_at", "batch_events", "batch_time")})
    )
    rows = [
        {
            "known": pulse.partition,
            "recorded": pulse.recorded,
            "seen_at": pulse.seen_at,
            "batch_events": pulse.batch_events,
            "batch_time": pulse.batch_time,
        }
        for pulse in pulses
    ]
    if rows:
        connection.execute(statement, rows)


def note_seen(connection: Connection, partitions: Sequence[int], seen_at: int) -> None:
    """Say that these partitions are looked after, though nothing came."""
    known = CHECKPOINTS.c.partition.in_(sorted(partitions))
    connection.execute(update(CHECKPOINTS).values(seen_at=seen_at).where(known))


def read_pulses(connection: Connection) -> Sequence[Pulse]:
    """How each partition was last looked after; those of which nothing is known yet are left out."""
    names = ("partition", "recorded", "seen_at", "batch_events", "batch_time")
    columns = [CHECKPOINTS.c[name] for name in names]
    rows = connection.execute(select(*columns).where(CHECKPOINTS.c.recorded.is_not(None))).all()
    return [Pulse(*row) for row in rows]


def count_unhandled(connection: Connection, counts: Mapping[str, int]) -> None:
    """Add to the counts of events for which there is no projection."""
    dialect_insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    for kind, events in sorted(counts.items()):
        statement = dialect_insert(UNHANDLED).values(type=kind, events=events)
        more = {"events": UNHANDLED.c.events + statement.excluded.events}
        connection.execute(statement.on_conflict_do_update(index_elements=["type"], set_=more))


def read_unhandled(connection: Connection) -> Mapping[str, int]:
    """How many events of each type went by for which no group has a projection."""
    return {row.type: row.events for row in connection.execute(select(UNHANDLED))}


def bury(connection: Connection, letters: Sequence[DeadLetter]) -> None:
    """Keep events that could not be folded, in the transaction that passes them."""
    rows = [
        {
            "partition": letter.record.partition,
            "offset": letter.record.offset,
            "event_id": str(letter.record.id),
            "type": letter.record.type,
            "subject": storable(letter.record.subject),
            "error": storable(letter.error),
        }
        for letter in letters
    ]
    if rows:
        connection.execute(insert(DEAD_LETTERS), rows)


def count_dead_letters(connection: Connection) -> int:
    """How many events these views could not fold."""
    return connection.execute(select(func.count()).select_from(DEAD_LETTERS)).scalar_one()


def take_dead_letter(connection: Connection, partition: int, offset: int) -> bool:
    """Take a letter away; False where somebody else has done so meanwhile."""
    place = (DEAD_LETTERS.c.partition == partition, DEAD_LETTERS.c.offset == offset)
    return connection.execute(delete(DEAD_LETTERS).where(*place)).rowcount == 1
