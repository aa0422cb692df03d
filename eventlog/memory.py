"""A log in memory, for tests and trials: everything is gone with the process."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from threading import Lock

from eventlog.clock import now
from eventlog.codec import Codec, current_format, encode
from eventlog.errors import InputError
from eventlog.event import Event
from eventlog.log import Appended, Batch, Position, Record
from eventlog.redaction import TOMBSTONE_FINGERPRINT, TOMBSTONE_SCHEMA


class MemoryLog:
    """An event log that lives in this process; it rejects duplicates as the SQLite log does."""

    def __init__(self, clock: Callable[[], int] = now) -> None:
        self._clock = clock
        self._identity = uuid.uuid4()
        self._first = 0
        self._end = 0
        self._records: list[Record] = []
        self._origin: uuid.UUID | None = None
        self._imported = 0
        self._redaction_pending = False
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
            offset=self._end,
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
        self._keep(record)

    def _keep(self, record: Record) -> None:
        self._records.append(record)
        self._by_id[record.key, record.id] = record
        self._end = record.offset + 1

    def read(self, after: Position, limit: int, *, key: str | None = None) -> Batch:
        """Up to ``limit`` records from position ``after`` on; with ``key``, those of that key alone."""
        if limit < 1:
            return Batch([], after)
        offset = after.offset(0)
        with self._lock:
            end = self._end
            start = max(0, offset - self._first)
            if key is None:
                records = self._records[start : start + limit]
            else:
                rest = (record for record in self._records[start:] if record.key == key)
                records = [record for record, _ in zip(rest, range(limit), strict=False)]
        full = len(records) == limit
        return Batch(records, Position({0: records[-1].offset + 1 if full else max(offset, end)}))

    def head(self) -> Position:
        """The position behind the last event."""
        with self._lock:
            return self._head()

    def _head(self) -> Position:
        return Position({0: self._end})

    def earliest(self) -> Position:
        """The first position that can still be read."""
        return Position({0: self._first})

    def append_records(
        self, records: Sequence[Record], *, origin: uuid.UUID, schemas: Mapping[int, str]
    ) -> int:
        """Append records of the log ``origin`` as they were, save their positions; returns how many were new.

        Raises InputError where this log holds other events than those of ``origin``.
        """
        with self._lock:
            fresh = [record for record in records if (record.key, record.id) not in self._by_id]
            if self._origin != origin and (self._end or self._origin):
                raise InputError("this log in memory holds other events: an archive goes into an empty log")
            if fresh and self._imported != self._end:
                raise InputError("this log in memory has gone on since the archive was imported")
            self._origin = origin
            self._schemas.update(schemas)
            before = self._end
            for record in fresh:
                if (record.key, record.id) not in self._by_id:
                    self._keep(replace(record, partition=0, offset=self._end))
            self._imported = self._end if fresh else self._imported
            return self._end - before

    def truncate_before(self, position: Position) -> Position:
        """Remove what lies before a position, save the last event; returns the first position left."""
        with self._lock:
            first = max(self._first, min(position.offset(0), self._end - 1))
            for record in self._records[: first - self._first]:
                del self._by_id[record.key, record.id]
            del self._records[: first - self._first]
            self._first = first
            return Position({0: first})

    def redaction_pending(self) -> bool:
        """Whether a redaction began and ``settle_redaction`` has not been called since."""
        return self._redaction_pending

    def redact(self, records: Sequence[Record], tombstone: bytes) -> int:
        """Put a tombstone in place of these events' bodies; returns how many had another body."""
        wanted = {(record.key, record.id) for record in records}
        with self._lock:
            self._redaction_pending = True
            self._schemas[TOMBSTONE_FINGERPRINT] = TOMBSTONE_SCHEMA
            found = [self._by_id[named] for named in wanted if named in self._by_id]
            replaced = [record for record in found if record.body != tombstone]
            for record in replaced:
                redacted = replace(record, body=tombstone)
                self._records[record.offset - self._first] = redacted
                self._by_id[record.key, record.id] = redacted
            return len(replaced)

    def settle_redaction(self) -> None:
        """Say that everything that was made of the redacted events is gone too."""
        self._redaction_pending = False

    def writer_schema(self, fingerprint: int) -> str | None:
        """The Avro schema (JSON) of this fingerprint, None where nothing was written with it."""
        return self._schemas.get(fingerprint)

    def close(self) -> None:
        """Nothing to let go of."""
