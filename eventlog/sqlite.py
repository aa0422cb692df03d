"""The log in one SQLite file on a local disk: any number of processes of this host append and read."""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import count
from pathlib import Path
from sqlite3 import Connection
from threading import Lock
from time import monotonic
from typing import Self

from eventlog.clock import now
from eventlog.codec import Codec, encode
from eventlog.construction import constructor, uuid_of
from eventlog.errors import LogError
from eventlog.event import Event
from eventlog.interning import Names, Numbers, signed
from eventlog.log import Appended, Batch, Position, Record
from eventlog.pace import Pace
from eventlog.sqlite_file import errors_of, open_file
from eventlog.sqlite_upkeep import (
    INSERT,
    REDACTING,
    RELEASED,
    forget,
    insert_records,
    note_release,
    noted,
    purge,
    release_some,
    replace_bodies,
)
from eventlog.turn import Turnstile

TRANSACTION_EVENTS = 1_000
"""Events that are moved or removed in a transaction."""
TRANSACTION_BYTES = 4_000_000
"""Both keep a transaction so short that a small append beside a bulk writer waits less than 100 ms."""
PATIENCE = 60.0
"""How long an append waits for a writer that holds the log, in seconds."""

_make_record = constructor(Record)
Row = tuple[int, int, int, bytes, int, str, int, bytes]

_READ = """
    SELECT position, recorded, key, id, envelope, subject, time, body FROM events
    WHERE position >= ? ORDER BY position LIMIT ?
"""
_READ_KEY = """
    SELECT position, recorded, key, id, envelope, subject, time, body FROM events INDEXED BY events_of_key
    WHERE key = (SELECT number FROM keys WHERE key = ?) AND position >= ? ORDER BY position LIMIT ?
"""


class SqliteLog:
    """An event log in one SQLite file; rejects duplicate ids; positions have the one partition 0.

    Safe to share between threads. Writers of other processes take turns, a transaction each.
    """

    def __init__(self, path: Path, reading: Connection, writer: "_Writer | None") -> None:
        self._path = path
        self._reading = reading
        self._names = Names(reading)
        self._read_lock = Lock()
        self._writer = writer
        with errors_of(path):
            (identity,) = reading.execute("SELECT value FROM meta WHERE name = 'identity'").fetchone()
        self._identity = uuid.UUID(identity)

    @classmethod
    def open(
        cls,
        path: Path,
        read_only: bool = False,
        *,
        patience: float = PATIENCE,
        clock: Callable[[], int] = now,
    ) -> Self:
        """Open the log at ``path`` (a file on a local disk); unless ``read_only``, create it if need be.

        ``patience`` is how long an append waits for a writer that holds the log, in seconds; ``clock`` gives
        the time for ``recorded``. Raises InputError for a network file system or a file that is no log of
        ours, NotFoundError with ``read_only`` and no file, UnavailableError where the file is out of reach.
        """
        with ExitStack() as opened:
            writer = None
            if not read_only:
                writer = opened.enter_context(closing(_Writer(path, patience, clock)))
            reading = opened.enter_context(closing(open_file(path, read_only=True, patience=patience)))
            log = cls(path, reading, writer)
            opened.pop_all()
        return log

    @property
    def identity(self) -> uuid.UUID:
        """This log's own UUID, made when the file was."""
        return self._identity

    def append(self, events: Sequence[Event]) -> Appended:
        """Append events in order, all of them durable (fsync) when it returns.

        Many events go in several transactions, each as long as others may wait, so that other writers come
        in between: a reader, or a crash, may see the first of them without the rest. Appending the same
        events again then completes them, since those that are there are left out and counted.

        Raises LogError or SchemaError for an event that is too big or does not fit its schema (nothing is
        appended), UnavailableError when other writers do not let go or the disk is full.
        """
        writer = self._writing()
        bodies = [encode(event.fact) for event in events]
        with errors_of(self._path):
            parts = [
                writer.append(events[part], bodies[part], Codec(self))
                for part in _transactions(bodies, lambda: writer.pace.events)
            ]
        return Appended(
            position=parts[-1].position if parts else self.head(),
            duplicates=sum(part.duplicates for part in parts),
            conflicts=sum(part.conflicts for part in parts),
        )

    def read(self, after: Position, limit: int, *, key: str | None = None) -> Batch:
        """Up to ``limit`` records from position ``after`` on; with ``key``, those of that key alone."""
        offset = after.offset(0)
        if limit < 1:
            return Batch([], after)
        with self._read_lock, errors_of(self._path), _snapshot(self._reading) as connection:
            if key is None:
                rows = connection.execute(_READ, (offset, limit)).fetchall()
            else:
                rows = connection.execute(_READ_KEY, (key, offset, limit)).fetchall()
            records = [_record(row, self._names) for row in rows]
            if len(records) == limit:
                end = records[-1].offset + 1
            else:
                end = max(offset, _next_place(connection)[0])
        return Batch(records, Position({0: end}))

    def head(self) -> Position:
        """The position behind the last event."""
        with self._read_lock, errors_of(self._path):
            return Position({0: _next_place(self._reading)[0]})

    def earliest(self) -> Position:
        """The first position that can still be read."""
        with self._read_lock, errors_of(self._path):
            return Position({0: int(noted(self._reading, RELEASED) or 0)})

    def writer_schema(self, fingerprint: int) -> str | None:
        """The Avro schema (JSON) of this CRC-64-AVRO fingerprint, None where the log never saw it."""
        query = "SELECT schema FROM schemas WHERE fingerprint = ?"
        with self._read_lock, errors_of(self._path):
            row = self._reading.execute(query, (signed(fingerprint),)).fetchone()
        return row[0] if row else None

    def append_records(
        self, records: Sequence[Record], *, origin: uuid.UUID, schemas: Mapping[int, str]
    ) -> int:
        """Append records of the log ``origin`` as they were, save their positions; returns how many were new.

        Raises InputError where this log holds other events than those of ``origin``.
        """
        writer, added = self._writing(), 0
        with errors_of(self._path):
            for part in _transactions([record.body for record in records]):
                with writer.transaction() as connection:
                    added += insert_records(
                        connection, records[part], origin=origin, schemas=schemas, place=self._path
                    )
        return added

    def truncate_before(self, position: Position) -> Position:
        """Remove what lies before a position, save the last event; returns the first position that is left.

        The file keeps its size; the space is used for new events. Ids that were removed are forgotten.
        """
        writer = self._writing()
        with errors_of(self._path):
            # First the mark, then the rows: nobody reads on over rows that are half gone.
            with writer.transaction() as connection:
                first = note_release(connection, position.offset(0))
            removed = TRANSACTION_EVENTS
            while removed:
                with writer.transaction() as connection:
                    removed = release_some(connection, first, TRANSACTION_EVENTS)
        return Position({0: first})

    def redaction_pending(self) -> bool:
        """Whether a redaction began and ``settle_redaction`` has not been called since."""
        with self._read_lock, errors_of(self._path):
            return noted(self._reading, REDACTING) is not None

    def redact(self, records: Sequence[Record], tombstone: bytes) -> int:
        """Put a tombstone in place of these events' bodies; returns how many had another body.

        The file is written anew without the old bytes, which keeps other writers waiting. Raises
        UnavailableError where another process holds a state of the log from before; calling again, with or
        without the records, completes it.
        """
        writer, replaced = self._writing(), 0
        with errors_of(self._path):
            for part in _transactions([record.body for record in records]):
                with writer.transaction() as connection:
                    replaced += replace_bodies(connection, records[part], tombstone)
            if replaced or self.redaction_pending():
                writer.purge(self._path)
        return replaced

    def settle_redaction(self) -> None:
        """Say that everything that was made of the redacted events is gone too."""
        with errors_of(self._path), self._writing().transaction() as connection:
            forget(connection, REDACTING)

    def _writing(self) -> "_Writer":
        if self._writer is None:
            raise LogError(f"the event log {self._path} was opened for reading only")
        return self._writer

    def close(self) -> None:
        """Close the file; appending or reading afterwards is an error."""
        with self._read_lock:
            self._reading.close()
        # Last, because the last connection that closes folds the write-ahead log into the file.
        if self._writer:
            self._writer.close()


class _Writer:
    """The writing connection; a transaction at a time, in turn with other threads and processes."""

    def __init__(self, path: Path, patience: float, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._lock = Lock()
        self.pace = Pace()
        self._numbers = Numbers()
        with ExitStack() as opened:
            self._connection = opened.enter_context(
                closing(open_file(path, read_only=False, patience=patience))
            )
            self._turnstile = Turnstile(path.with_name(f"{path.name}-turn"))
            opened.pop_all()

    def append(self, events: Sequence[Event], bodies: Sequence[bytes], codec: Codec) -> Appended:
        """Append events with their bodies in one transaction."""
        with self.transaction() as connection:
            begun = monotonic()
            appended = self._append(connection, events, bodies, codec)
        self.pace.note(len(events), monotonic() - begun)
        return appended

    def _append(
        self, connection: Connection, events: Sequence[Event], bodies: Sequence[bytes], codec: Codec
    ) -> Appended:
        position, recorded = _next_place(connection)
        rows = zip(
            count(position),
            count(max(recorded, self._clock())),
            [self._numbers.key(connection, event.key) for event in events],
            [event.id.bytes for event in events],
            [self._numbers.envelope(connection, event) for event in events],
            [event.subject for event in events],
            [event.time for event in events],
            bodies,
            strict=False,
        )
        before = connection.total_changes
        connection.executemany(INSERT, rows)
        duplicates = len(events) - (connection.total_changes - before)
        if not duplicates:
            return Appended(Position({0: position + len(events)}))
        conflicts = self._count_conflicts(events, bodies, codec)
        return Appended(Position({0: _next_place(connection)[0]}), duplicates, conflicts)

    def _count_conflicts(self, events: Sequence[Event], bodies: Sequence[bytes], codec: Codec) -> int:
        """How many of these events, all of which are in the log now, say something else there."""
        query = "SELECT body FROM events WHERE key = ? AND id = ?"
        conflicts = 0
        for event, body in zip(events, bodies, strict=True):
            key = self._numbers.key(self._connection, event.key)
            (kept,) = self._connection.execute(query, (key, event.id.bytes)).fetchone()
            conflicts += not codec.same_fact(event.type, kept, body)
        return conflicts

    def purge(self, path: Path) -> None:
        """Write the file anew, without what is in no table."""
        with self._lock, self._turnstile.passing():
            purge(self._connection, path)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction that holds the log's write lock from its beginning."""
        connection = self._connection
        with self._lock:
            with self._turnstile.passing():
                connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # Numbers that were given out in this transaction are void.
                self._numbers = Numbers()
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        with self._lock:
            self._connection.close()
            self._turnstile.close()


def _transactions(
    bodies: Sequence[bytes], most: Callable[[], int] = lambda: TRANSACTION_EVENTS
) -> Iterator[slice]:
    """How a row of bodies is cut into transactions, in order; ``most`` is asked for each one."""
    start, size, end = 0, 0, most()
    for number, body in enumerate(bodies):
        if number > start and (number == end or size + len(body) > TRANSACTION_BYTES):
            yield slice(start, number)
            start, size, end = number, 0, number + most()
        size += len(body)
    if bodies:
        yield slice(start, len(bodies))


@contextmanager
def _snapshot(connection: Connection) -> Iterator[Connection]:
    """A read transaction: all its queries see the log at one moment."""
    connection.execute("BEGIN")
    try:
        yield connection
    finally:
        connection.execute("COMMIT")


def _next_place(connection: Connection) -> tuple[int, int]:
    """Position and least ``recorded`` time of the next event."""
    query = "SELECT position + 1, recorded + 1 FROM events ORDER BY position DESC LIMIT 1"
    place: tuple[int, int] = connection.execute(query).fetchone() or (0, 0)
    return place


def _record(row: Row, names: Names) -> Record:
    position, recorded, key, event_id, envelope, subject, happened, body = row
    kind, source, namespace, actor = names.envelope(envelope)
    return _make_record(
        *(0, position, recorded, uuid_of(event_id), kind, source, subject, happened, namespace, actor),
        *(names.key(key), body),
    )
