"""What every store of a group keeps beside its views: how far they are folded, and what could not be."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, MetaData, Table, func, insert, select, update

from eventlog.errors import HoofprintError
from eventlog.log import Position, Record
from projections.columns import counted, number, text

metadata = MetaData()

CHECKPOINTS = Table(
    "checkpoints",
    metadata,
    counted("partition"),
    text("log", required=True),
    number("next_offset"),
)
"""How far each partition of the log is folded; ``log`` is its UUID."""

DEAD_LETTERS = Table(
    "dead_letters",
    metadata,
    counted("partition"),
    counted("offset"),
    text("event_id", required=True),
    text("type", required=True),
    text("subject", required=True),
    text("error", required=True),
)
"""Events that could not be folded, where they stand, and why."""


class StaleCheckpointError(HoofprintError):
    """Somebody else moved the checkpoint meanwhile; nothing of the batch was written."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far views are folded, and which log that counts in (None before the first batch)."""

    log: uuid.UUID | None = None
    position: Position = field(default_factory=Position)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that could not be folded; ``error`` is the exception's type and text."""

    record: Record
    error: str


def read_checkpoint(connection: Connection) -> Checkpoint:
    """The checkpoint of the views that this connection sees."""
    rows = connection.execute(select(CHECKPOINTS)).all()
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
    known = connection.execute(select(CHECKPOINTS).where(CHECKPOINTS.c.partition == partition)).first()
    if known is None:
        row = {"partition": partition, "log": str(log), "next_offset": offset}
        connection.execute(insert(CHECKPOINTS).values(row))
    return known is None


def _moved(connection: Connection, partition: int, known: int, offset: int) -> bool:
    result = connection.execute(
        update(CHECKPOINTS)
        .values(next_offset=offset)
        .where(CHECKPOINTS.c.partition == partition, CHECKPOINTS.c.next_offset == known)
    )
    return result.rowcount == 1


def bury(connection: Connection, letters: Sequence[DeadLetter]) -> None:
    """Keep events that could not be folded, in the transaction that passes them."""
    rows = [
        {
            "partition": letter.record.partition,
            "offset": letter.record.offset,
            "event_id": str(letter.record.id),
            "type": letter.record.type,
            "subject": letter.record.subject,
            "error": letter.error,
        }
        for letter in letters
    ]
    if rows:
        connection.execute(insert(DEAD_LETTERS), rows)


def count_dead_letters(connection: Connection) -> int:
    """How many events these views could not fold."""
    return connection.execute(select(func.count()).select_from(DEAD_LETTERS)).scalar_one()
