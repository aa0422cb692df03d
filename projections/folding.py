"""Folds one batch into one generation of a group: rows, dead letters and checkpoint in one transaction."""

import logging
import time
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError, DBAPIError, InternalError, OperationalError

from eventlog.clock import now
from eventlog.event import Event
from eventlog.log import Position, Record
from eventlog.redaction import Redacted
from projections.batch import FactBatch
from projections.bookkeeping import (
    DeadLetter,
    Pulse,
    advance_checkpoint,
    bury,
    count_unhandled,
    note_pulses,
)
from projections.groups import Group, handled_types

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Decoded:
    """Events with the records they were, and sorted by type for every group that folds them."""

    pairs: Sequence[tuple[Record, Event]]
    batch: FactBatch

    @classmethod
    def of(cls, pairs: Sequence[tuple[Record, Event]]) -> "Decoded":
        """These events, sorted."""
        return cls(pairs, FactBatch(event for _, event in pairs))


@dataclass(frozen=True, slots=True)
class Step:
    """One batch as a group sees it: its events, those that could not even be decoded, and where it leads.

    ``redacted`` counts the tombstones in it.
    """

    log: uuid.UUID
    before: Position
    after: Position
    decoded: Decoded
    undecodable: Sequence[DeadLetter] = ()
    redacted: int = 0


def fold_step(connection: Connection, group: Group, step: Step) -> int:
    """Fold a batch and move the checkpoint; returns how many dead letters it left.

    Raises StaleCheckpointError, having written nothing that the caller's transaction would keep, where
    another projector was faster.
    """
    started = time.monotonic_ns()
    # first, so that a zombie waits for the row and then finds it changed
    advance_checkpoint(connection, step.log, step.before, step.after)
    letters = [*step.undecodable, *fold_decoded(connection, group, step.decoded)]
    for letter in letters:
        place = f"{letter.record.partition}:{letter.record.offset}"
        logger.warning("%s at %s is a dead letter: %s", letter.record.type, place, letter.error)
    bury(connection, letters)
    count_unhandled(connection, _unhandled(step))
    note_pulses(connection, _pulses(step, started))
    return len(letters)


def _unhandled(step: Step) -> Mapping[str, int]:
    counts = step.decoded.batch.counts
    strange = {kind.__name__: count for kind, count in counts.items() if kind not in handled_types()}
    return strange | ({Redacted.__name__: step.redacted} if step.redacted else {})


def _pulses(step: Step, started: int) -> list[Pulse]:
    """How each partition's part of a batch went; ``started`` is in nanoseconds of the monotonic clock."""
    records = [pair[0] for pair in step.decoded.pairs]
    # in each partition they come in order
    last = {record.partition: record for record in records}
    for letter in step.undecodable:
        records.append(letter.record)
        known = last.setdefault(letter.record.partition, letter.record)
        if letter.record.offset > known.offset:
            last[letter.record.partition] = letter.record
    count = Counter([record.partition for record in records])
    seen, took = now(), (time.monotonic_ns() - started) // 1000
    return [Pulse(p, record.recorded, seen, count[p], took) for p, record in sorted(last.items())]


def fold_decoded(connection: Connection, group: Group, decoded: Decoded) -> list[DeadLetter]:
    """Fold events under a savepoint; where that fails, in halves, until the poisonous ones stand alone."""
    if not decoded.pairs:
        return []
    try:
        with connection.begin_nested():
            for apply in group.projections:
                apply(decoded.batch, connection)
    except Exception as error:
        if _is_the_databases_trouble(error):
            raise
        if len(decoded.pairs) == 1:
            return [DeadLetter(decoded.pairs[0][0], describe(error))]
        middle = len(decoded.pairs) // 2
        halves = (Decoded.of(decoded.pairs[:middle]), Decoded.of(decoded.pairs[middle:]))
        return [letter for half in halves for letter in fold_decoded(connection, group, half)]
    return []


def is_transient(error: DBAPIError) -> bool:
    """Whether the same again may succeed: a lock, a deadlock, a lost connection, a full disk."""
    return isinstance(error, OperationalError) or error.connection_invalidated


def _is_the_databases_trouble(error: Exception) -> bool:
    if isinstance(error, DBAPIError):
        return is_transient(error) or isinstance(error, InternalError) or type(error) is DatabaseError
    return isinstance(error, MemoryError)


def describe(error: Exception) -> str:
    """An exception's type and first line, for a person and for comparison between databases."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__
