"""The log in one SQLite file on a local disk: any number of processes of this host append and read."""

import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Self

from eventlog.codec import encode
from eventlog.errors import LogError
from eventlog.event import Event
from eventlog.interning import Names, Numbers, signed
from eventlog.log import Appended, Batch, Position, Record
from eventlog.sqlite_file import errors_of, open_file

TRANSACTION_SIZE = 500
PATIENCE = 60.0
"""How long an append waits for other writers, in seconds."""

Row = tuple[int, int, int, bytes, int, str, int, bytes]

_READ = """
    SELECT position, recorded, key, id, envelope, subject, time, body FROM events
    WHERE position >= ? ORDER BY position LIMIT ?
"""
_READ_KEY = """
    SELECT position, recorded, key, id, envelope, subject, time, body FROM events INDEXED BY events_of_key
    WHERE key = (SELECT number FROM keys WHERE key = ?) AND position >= ? ORDER BY position LIMIT ?
"""
_INSERT = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key, id) DO NOTHING"


def _microseconds() -> int:
    return time.time_ns() // 1000


class SqliteLog:
    """An event log in one SQLite file; rejects duplicate ids; positions have the one partition 0.

    Safe to share between threads. Writers of other processes take turns, a transaction each.
    """

    def __init__(
        self,
        path: Path,
        writing: sqlite3.Connection | None,
        reading: sqlite3.Connection,
        clock: Callable[[], int] = _microseconds,
    ) -> None:
        self._path = path
        self._writing = writing
        self._reading = reading
        self._clock = clock
        self._write_lock = Lock()
        self._read_lock = Lock()
        self._written = Numbers()
        self._names = Names(reading)
        (identity,) = reading.execute("SELECT value FROM meta WHERE name = 'identity'").fetchone()
        self._identity = uuid.UUID(identity)

    @classmethod
    def open(cls, path: Path, read_only: bool = False, *, patience: float = PATIENCE) -> Self:
        """Open the log at ``path`` (a file on a local disk); unless ``read_only``, create it if need be.

        Raises InputError for a network file system or a file that is no log of ours, NotFoundError with
        ``read_only`` and no file, UnavailableError where the file is out of reach. ``patience`` is how long
        an append waits for other writers, in seconds.
        """
        writing = None if read_only else open_file(path, read_only=False, patience=patience)
        try:
            return cls(path, writing, open_file(path, read_only=True, patience=patience))
        except BaseException:
            if writing:
                writing.close()
            raise

    @property
    def identity(self) -> uuid.UUID:
        """This log's own UUID, made when the file was."""
        return self._identity

    def append(self, events: Sequence[Event]) -> Appended:
        """Append events in order, all of them durable (fsync) when it returns.

        More than 500 events go in several transactions, one after the other, so that other writers come
        in between: a reader, or a crash, may see the first of them without the rest. Appending the same
        events again then completes them, since those that are there are left out and counted.

        Raises LogError or SchemaError for an event that is too big or does not fit its schema (nothing is
        appended), UnavailableError when other writers do not let go or the disk is full.
        """
        bodies = [encode(event.fact) for event in events]
        duplicates = conflicts = 0
        with self._write_lock:
            for start in range(0, len(events), TRANSACTION_SIZE):
                part = slice(start, start + TRANSACTION_SIZE)
                appended = self._append_part(events[part], bodies[part])
                duplicates += appended[0]
                conflicts += appended[1]
        return Appended(self.head(), duplicates, conflicts)

    def _append_part(self, events: Sequence[Event], bodies: Sequence[bytes]) -> tuple[int, int]:
        with self._transaction() as connection:
            position, recorded = _next_place(connection)
            rows = zip(
                count(position),
                count(max(recorded, self._clock())),
                [self._written.key(connection, event.key) for event in events],
                [event.id.bytes for event in events],
                [self._written.envelope(connection, event) for event in events],
                [event.subject for event in events],
                [event.time for event in events],
                bodies,
                strict=False,
            )
            before = connection.total_changes
            connection.executemany(_INSERT, rows)
            duplicates = len(events) - (connection.total_changes - before)
            conflicts = self._count_conflicts(connection, events, bodies) if duplicates else 0
        return duplicates, conflicts

    def _count_conflicts(
        self, connection: sqlite3.Connection, events: Sequence[Event], bodies: Sequence[bytes]
    ) -> int:
        """How many of these events, all of which are in the log now, are there with another body."""
        query = "SELECT body FROM events WHERE key = ? AND id = ?"
        conflicts = 0
        for event, body in zip(events, bodies, strict=True):
            key = self._written.key(connection, event.key)
            (kept,) = connection.execute(query, (key, event.id.bytes)).fetchone()
            conflicts += kept != body
        return conflicts

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = self._writing
        if connection is None:
            raise LogError(f"the event log {self._path} was opened for reading only")
        with errors_of(self._path):
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # Numbers that were given out in this transaction are void.
                self._written = Numbers()
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

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
            (first,) = self._reading.execute("SELECT coalesce(min(position), 0) FROM events").fetchone()
        return Position({0: first})

    def writer_schema(self, fingerprint: int) -> str | None:
        """The Avro schema (JSON) of this CRC-64-AVRO fingerprint, None where the log never saw it."""
        query = "SELECT schema FROM schemas WHERE fingerprint = ?"
        with self._read_lock, errors_of(self._path):
            row = self._reading.execute(query, (signed(fingerprint),)).fetchone()
        return row[0] if row else None

    def close(self) -> None:
        """Close the file; appending or reading afterwards is an error."""
        with self._write_lock, self._read_lock:
            # The reader first: the last writer that closes folds the write-ahead log into the file.
            self._reading.close()
            if self._writing:
                self._writing.close()


@contextmanager
def _snapshot(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """A read transaction: all its queries see the log at one moment."""
    connection.execute("BEGIN")
    try:
        yield connection
    finally:
        connection.execute("COMMIT")


def _next_place(connection: sqlite3.Connection) -> tuple[int, int]:
    """Position and least ``recorded`` time of the next event."""
    query = "SELECT position + 1, recorded + 1 FROM events ORDER BY position DESC LIMIT 1"
    place: tuple[int, int] = connection.execute(query).fetchone() or (0, 0)
    return place


def _record(row: Row, names: Names) -> Record:
    position, recorded, key, event_id, envelope, subject, happened, body = row
    kind, source, namespace, actor = names.envelope(envelope)
    return Record(
        partition=0,
        offset=position,
        recorded=recorded,
        id=uuid.UUID(bytes=event_id),
        type=kind,
        source=source,
        subject=subject,
        time=happened,
        namespace=namespace,
        actor=actor,
        key=names.key(key),
        body=body,
    )
