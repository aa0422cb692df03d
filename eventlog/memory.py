"""A log in memory, for tests and trials: everything is gone with the process."""

import time
import uuid
from collections.abc import Callable, Sequence
from threading import Lock

from eventlog.codec import Codec, current_format, encode
from eventlog.event import Event
from eventlog.log import Appended, Batch, Position, Record


def _microseconds() -> int:
    return time.time_ns() // 1000


class MemoryLog:
    """An event log that lives in this process; it rejects duplicates as the SQLite log does."""

    def __init__(self, clock: Callable[[], int] = _microseconds) -> None:
        self._clock = clock
        self._identity = uuid.uuid4()
        self._records: list[Record] = []
        self._by_id: dict[tuple[str, uuid.UUID], Record] = {}
        self._schemas: dict[int, str] = {}
        self._lock = Lock()
        self._codec = Codec(self)

    @property
    def identity(self) -> uuid.UUID:
        """This log's own UUID."""
        return self._identity

    def append(self, events: Sequence[Event]) -> Appended:
        """Append events in order; those whose id is there already are counted and left out."""
        bodies = [encode(event.fact) for event in events]
        duplicates = conflicts = 0
        with self._lock:
            for event, body in zip(events, bodies, strict=True):
                known = self._by_id.get((event.key, event.id))
                if known is None:
                    self._add(event, body)
                else:
                    duplicates += 1
                    conflicts += not self._codec.same_fact(event.type, known.body, body)
            return Appended(self._head(), duplicates, conflicts)

    def _add(self, event: Event, body: bytes) -> None:
        current = current_format(event.type)
        self._schemas[current.fingerprint] = current.schema
        last = self._records[-1].recorded if self._records else 0
        record = Record(
            partition=0,
            offset=len(self._records),
            recorded=max(last + 1, self._clock()),
            id=event.id,
            type=event.type,
            source=event.source,
            subject=event.subject,
            time=event.time,
            namespace=event.namespace,
            actor=event.actor,
            key=event.key,
            body=body,
        )
        self._records.append(record)
        self._by_id[event.key, event.id] = record

    def read(self, after: Position, limit: int, *, key: str | None = None) -> Batch:
        """Up to ``limit`` records from position ``after`` on; with ``key``, those of that key alone."""
        if limit < 1:
            return Batch([], after)
        offset = after.offset(0)
        with self._lock:
            end = len(self._records)
            if key is None:
                records = self._records[offset : offset + limit]
            else:
                rest = (record for record in self._records[offset:] if record.key == key)
                records = [record for record, _ in zip(rest, range(limit), strict=False)]
        full = len(records) == limit
        return Batch(records, Position({0: records[-1].offset + 1 if full else max(offset, end)}))

    def head(self) -> Position:
        """The position behind the last event."""
        with self._lock:
            return self._head()

    def _head(self) -> Position:
        return Position({0: len(self._records)})

    def earliest(self) -> Position:
        """The first position: nothing ever leaves a log in memory."""
        return Position({0: 0})

    def writer_schema(self, fingerprint: int) -> str | None:
        """The Avro schema (JSON) of this fingerprint, None where nothing was written with it."""
        return self._schemas.get(fingerprint)

    def close(self) -> None:
        """Nothing to let go of."""
