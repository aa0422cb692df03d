"""Folds one batch into one generation of a group: rows, dead letters and checkpoint in one transaction."""

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from eventlog.event import Event
from eventlog.log import Position, Record
from projections.batch import FactBatch
from projections.bookkeeping import DeadLetter, advance_checkpoint, bury
from projections.groups import Group

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
    """One batch as a group sees it: its events, those that could not even be decoded, and where it leads."""

    log: uuid.UUID
    before: Position
    after: Position
    decoded: Decoded
    undecodable: Sequence[DeadLetter] = ()


def fold_step(connection: Connection, group: Group, step: Step) -> int:
    """Fold a batch and move the checkpoint; returns how many dead letters it left.

    Raises StaleCheckpointError, having written nothing that the caller's transaction would keep, where
    another projector was faster.
    """
    # first, so that a zombie waits for the row and then finds it changed
    advance_checkpoint(connection, step.log, step.before, step.after)
    letters = [*step.undecodable, *_fold(connection, group, step.decoded)]
    for letter in letters:
        place = f"{letter.record.partition}:{letter.record.offset}"
        logger.warning("%s at %s is a dead letter: %s", letter.record.type, place, letter.error)
    bury(connection, letters)
    return len(letters)


def _fold(connection: Connection, group: Group, decoded: Decoded) -> list[DeadLetter]:
    """Fold events under a savepoint; where that fails, in halves, until the poisonous ones stand alone."""
    if not decoded.pairs:
        return []
    try:
        with connection.begin_nested():
            for apply in group.projections:
                apply(decoded.batch, connection)
    except OperationalError:
        # the database's trouble (a lock, a lost connection), not the event's
        raise
    except Exception as error:
        if len(decoded.pairs) == 1:
            return [DeadLetter(decoded.pairs[0][0], describe(error))]
        middle = len(decoded.pairs) // 2
        halves = (Decoded.of(decoded.pairs[:middle]), Decoded.of(decoded.pairs[middle:]))
        return [letter for half in halves for letter in _fold(connection, group, half)]
    return []


def describe(error: Exception) -> str:
    """An exception's type and first line, for a person and for comparison between databases."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__
