"""The spool's file: events that wait on this host until their log is back, in the order of their arrival."""

import fcntl
import json
import os
import sqlite3
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Self

from eventlog.clock import now
from eventlog.codec import Codec, current_format, encode
from eventlog.errors import InputError, LogError
from eventlog.event import Event
from eventlog.interning import signed, store_schema
from eventlog.log import Record
from eventlog.sqlite_file import FileKind, errors_of, open_file

PATIENCE = 60.0
"""How long an append waits for another process that writes the spool, in seconds."""

_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE schemas (fingerprint INTEGER PRIMARY KEY, schema TEXT NOT NULL);
CREATE TABLE totals (events INTEGER NOT NULL, bytes INTEGER NOT NULL);
INSERT INTO totals VALUES (0, 0);
CREATE TABLE events (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    spooled INTEGER NOT NULL,
    id BLOB NOT NULL,
    type TEXT NOT NULL, source TEXT NOT NULL, subject TEXT NOT NULL,
    time INTEGER NOT NULL,
    namespace TEXT NOT NULL, actor TEXT NOT NULL, key TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX spooled_keys ON events (key);
"""
SPOOL = FileKind("spool", 0x486F6F73, 1, _TABLES, "HOOFPRINT_SPOOL (or HOOFPRINT_HOME)")

_INSERT = """
    INSERT INTO events (spooled, id, type, source, subject, time, namespace, actor, key, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_FIRST = """
    SELECT sequence, spooled, id, type, source, subject, time, namespace, actor, key, body FROM events
    ORDER BY sequence LIMIT ?
"""
_HOLDS = "SELECT EXISTS (SELECT 1 FROM events WHERE key IN (SELECT value FROM json_each(?)))"
_STATE = """
    SELECT events, bytes, (SELECT spooled FROM events ORDER BY sequence LIMIT 1),
        (SELECT count(DISTINCT key) FROM events)
    FROM totals
"""
_NOTE_DESTINATION = """
    INSERT INTO meta VALUES ('destination', ?) ON CONFLICT DO UPDATE SET value = excluded.value
"""

_Row = tuple[int, int, bytes, str, str, str, int, str, str, str, bytes]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a spool may hold: events, and bytes of their bodies."""

    events: int = 1_000_000
    bytes: int = 2_000_000_000


@dataclass(frozen=True, slots=True)
class SpoolState:
    """What waits in a spool.

    ``oldest`` is when the first of it came (microseconds since the epoch; None: nothing waits), ``keys`` how
    many workflow trees it belongs to, ``destination`` the log that it waits for (empty before the first).
    """

    events: int
    bytes: int
    oldest: int | None
    keys: int
    destination: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """The first events of a spool, in order; ``last`` is the sequence of the last of them."""

    events: Sequence[Event]
    last: int


class SpoolFile:
    """One spool; any number of processes of this host add to it, one at a time takes from it."""

    def __init__(
        self, path: Path, connection: sqlite3.Connection, turn: int, clock: Callable[[], int]
    ) -> None:
        self.path = path
        self._connection = connection
        self._turn = turn
        self._clock = clock
        self._lock = Lock()
        self._taking = Lock()
        self._codec = Codec(self)
        self._closed = False

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        patience: float = PATIENCE,
        clock: Callable[[], int] = now,
    ) -> Self:
        """Open the spool at ``path`` (a file on a local disk), created where there is none.

        Raises InputError for a network file system or a file that is no spool, UnavailableError where the
        file is out of reach.
        """
        with ExitStack() as opened:
            connection = opened.enter_context(
                closing(open_file(path, read_only=False, patience=patience, kind=SPOOL))
            )
            turn = os.open(path.with_name(f"{path.name}-drain"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            opened.pop_all()
        return cls(path, connection, turn, clock)

    def add(self, events: Sequence[Event], destination: str, bounds: Bounds) -> int | None:
        """Keep events for the log ``destination``, durable (fsync) when it returns; the last one's sequence.

        None where they do not fit within the bounds: nothing is kept then. Raises SchemaError or LogError for
        an event that no log would take, InputError where events for another log wait here.
        """
        bodies = [encode(event.fact) for event in events]
        size = sum(map(len, bodies))
        with self._transaction() as connection:
            held, held_bytes = connection.execute("SELECT events, bytes FROM totals").fetchone()
            if held + len(events) > bounds.events or held_bytes + size > bounds.bytes:
                return None
            if held:
                self._require(destination)
            connection.execute(_NOTE_DESTINATION, (destination,))
            self._insert(connection, events, bodies)
            connection.execute(
                "UPDATE totals SET events = events + ?, bytes = bytes + ?", (len(events), size)
            )
            (last,) = connection.execute(
                "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'events'"
            ).fetchone()
        return int(last)

    def _insert(
        self, connection: sqlite3.Connection, events: Sequence[Event], bodies: Sequence[bytes]
    ) -> None:
        # An upgrade may come between spooling and draining: what a body was written with stays with it.
        for kind in {event.type for event in events}:
            current = current_format(kind)
            store_schema(connection, current.fingerprint, current.schema)
        now = self._clock()
        rows = (
            (now, e.id.bytes, e.type, e.source, e.subject, e.time, e.namespace, e.actor, e.key, body)
            for e, body in zip(events, bodies, strict=True)
        )
        connection.executemany(_INSERT, rows)

    def holds(self, keys: Collection[str]) -> bool:
        """Whether events of any of these keys wait."""
        with self._reading() as connection:
            (held,) = connection.execute(_HOLDS, (json.dumps(list(keys)),)).fetchone()
        return bool(held)

    def empty(self) -> bool:
        """Whether nothing waits."""
        with self._reading() as connection:
            (held,) = connection.execute("SELECT events FROM totals").fetchone()
        return not held

    def first(self, destination: str, limit: int, size: int) -> Waiting | None:
        """Up to ``limit`` events that came first, about ``size`` bytes; None where nothing waits.

        Raises InputError where they wait for another log than ``destination``.
        """
        with self._reading() as connection:
            rows: list[_Row] = []
            for row in connection.execute(_FIRST, (limit,)):
                size -= len(row[-1])
                if rows and size < 0:
                    break
                rows.append(row)
            if not rows:
                return None
            self._require(destination)
        return Waiting([self._codec.decode(_record(row)) for row in rows], rows[-1][0])

    def remove(self, last: int) -> None:
        """Let go of everything up to a sequence, durably."""
        # Sequences are given out under the write lock: none below one that was read can come later.
        with self._transaction() as connection:
            counted = "SELECT count(*), coalesce(sum(length(body)), 0) FROM events WHERE sequence <= ?"
            count, size = connection.execute(counted, (last,)).fetchone()
            connection.execute("DELETE FROM events WHERE sequence <= ?", (last,))
            connection.execute("UPDATE totals SET events = events - ?, bytes = bytes - ?", (count, size))

    @contextmanager
    def taking(self) -> Iterator[bool]:
        """Be the one who takes from the spool; False, at once, where another thread or process is.

        The kernel frees the place when its holder dies.
        """
        # The lock of a file is its handle's: between threads of this process it would exclude nobody.
        if not self._taking.acquire(blocking=False):
            yield False
            return
        try:
            self._require_open()
            mine = _lock_at_once(self._turn)
            try:
                yield mine
            finally:
                if mine:
                    fcntl.flock(self._turn, fcntl.LOCK_UN)
        finally:
            self._taking.release()

    def state(self) -> SpoolState:
        """What waits now."""
        with self._reading() as connection:
            events, size, oldest, keys = connection.execute(_STATE).fetchone()
            return SpoolState(events, size, oldest, keys, self._destination())

    def writer_schema(self, fingerprint: int) -> str | None:
        """The Avro schema (JSON) of this fingerprint, None where nothing was spooled with it."""
        query = "SELECT schema FROM schemas WHERE fingerprint = ?"
        with self._reading() as connection:
            row = connection.execute(query, (signed(fingerprint),)).fetchone()
        return row[0] if row else None

    def close(self) -> None:
        """Close the file; using the spool afterwards is an error."""
        with self._taking, self._lock:
            if not self._closed:
                self._closed = True
                os.close(self._turn)
                self._connection.close()

    def _require(self, destination: str) -> None:
        held_for = self._destination()
        if held_for != destination:
            raise InputError(
                f"the spool {self.path} holds events for the log {held_for}, not for {destination}: drain it "
                "with HOOFPRINT_LOG set to that log, or name another spool with HOOFPRINT_SPOOL"
            )

    def _destination(self) -> str:
        row = self._connection.execute("SELECT value FROM meta WHERE name = 'destination'").fetchone()
        return row[0] if row else ""

    def _require_open(self) -> None:
        if self._closed:
            raise LogError(f"the spool {self.path} was closed")

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """All queries inside see the spool at one moment."""
        with self._lock, errors_of(self.path, SPOOL):
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                self._connection.execute("COMMIT")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, errors_of(self.path, SPOOL):
            connection = self._connection
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise


def _lock_at_once(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _record(row: _Row) -> Record:
    sequence, spooled, event_id, kind, source, subject, happened, namespace, actor, key, body = row
    return Record(
        partition=0,
        offset=sequence,
        recorded=spooled,
        id=uuid.UUID(bytes=event_id),
        type=kind,
        source=source,
        subject=subject,
        time=happened,
        namespace=namespace,
        actor=actor,
        key=key,
        body=body,
    )
