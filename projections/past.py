"""The past: a log as it stood at a moment."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from eventlog.errors import LogError
from eventlog.event import Event
from eventlog.log import Appended, Batch, EventLog, Position, Record

_BEYOND = 1 << 62
"""Behind every offset: from here nothing of a partition is read."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Everything before ``position``; where ``recorded`` is given, of that only what was recorded by then.

    ``recorded`` is the log's own time (microseconds since the epoch), which an imported event keeps from the
    log that it comes from: it need not grow from event to event, so each event is asked.
    """

    position: Position
    recorded: int | None = None

    def has(self, record: Record) -> bool:
        """Whether an event was on the log at this moment."""
        if record.offset >= self.position.offset(record.partition):
            return False
        return self.recorded is None or record.recorded <= self.recorded


class PastLog:
    """A log at a moment, to be read only; with ``key``, as if it held the events of that key alone.

    It takes nothing over: whoever opened the log closes it.
    """

    def __init__(self, log: EventLog, moment: Moment, *, key: str | None = None) -> None:
        self._log = log
        self._moment = moment
        self._key = key

    @property
    def identity(self) -> uuid.UUID:
        """The log's UUID."""
        return self._log.identity

    def append(self, events: Sequence[Event]) -> Appended:
        """Raises LogError: what was stays as it was."""
        raise LogError("nothing can be added to a log as it was then")

    def read(self, after: Position, limit: int, *, key: str | None = None) -> Batch:
        """Up to ``limit`` records from position ``after`` on; with ``key``, those of that key alone."""
        wanted = self._key if key is None else key
        if self._key not in (None, wanted):
            return Batch([], after.joined(self.head()))
        at = self._unread(after)
        while True:
            batch = self._log.read(at, limit, key=wanted)
            past = self._clipped(after, batch)
            if past.position != after or batch.position == at:
                return past
            # all of it came later than the moment: the past goes on behind it, in another partition
            at = batch.position

    def _unread(self, after: Position) -> Position:
        """Where reading goes on; what came to a partition after the moment must not keep others from it."""
        ends = self._moment.position.offsets
        done = {partition: _BEYOND for partition, end in ends.items() if after.offset(partition) >= end}
        return Position({**after.offsets, **done})

    def _clipped(self, after: Position, batch: Batch) -> Batch:
        if self._moment.recorded is None and self._moment.position.reaches(batch.position):
            return Batch(batch.records, after.joined(batch.position))
        records = [record for record in batch.records if self._moment.has(record)]
        ends = self._moment.position.offsets
        reached = {p: min(batch.position.offset(p), end) for p, end in ends.items()}
        return Batch(records, after.joined(Position({p: offset for p, offset in reached.items() if offset})))

    def head(self) -> Position:
        """The position of the moment."""
        return self._moment.position

    def earliest(self) -> Position:
        """The first position that can still be read."""
        return self._log.earliest()

    def writer_schema(self, fingerprint: int) -> str | None:
        """The Avro schema (JSON) of this CRC-64-AVRO fingerprint, None where the log never saw it."""
        return self._log.writer_schema(fingerprint)

    def close(self) -> None:
        """Nothing to let go of."""
