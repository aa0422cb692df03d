"""What the SQLite log does within one transaction to take records over, let go of them, or redact them."""

import sqlite3
import uuid
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path

from eventlog.errors import InputError, UnavailableError
from eventlog.interning import Numbers, store_schema
from eventlog.log import Record
from eventlog.redaction import TOMBSTONE_FINGERPRINT, TOMBSTONE_SCHEMA

INSERT = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key, id) DO NOTHING"
RELEASED = "released"
"""What lies before this position was let go of."""
REDACTING = "redacting"
"""A redaction began whose consequences may not be complete."""
_ORIGIN, _IMPORTED = "origin", "imported"

_REDACT = """
    UPDATE events SET body = :tombstone
    WHERE key = (SELECT number FROM keys WHERE key = :key) AND id = :id AND body <> :tombstone
"""
_RELEASE = """
    DELETE FROM events WHERE position IN
    (SELECT position FROM events WHERE position < ? ORDER BY position LIMIT ?)
"""


def noted(connection: sqlite3.Connection, name: str) -> str | None:
    """What the log has noted about itself under a name."""
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return row[0] if row else None


def note(connection: sqlite3.Connection, name: str, value: str) -> None:
    """Note something about the log, in the caller's transaction."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))


def forget(connection: sqlite3.Connection, name: str) -> None:
    """Take back what was noted under a name."""
    connection.execute("DELETE FROM meta WHERE name = ?", (name,))


def insert_records(
    connection: sqlite3.Connection,
    records: Sequence[Record],
    *,
    origin: uuid.UUID,
    schemas: Mapping[int, str],
    place: Path,
) -> int:
    """Append the records of ``origin`` that are not there yet; returns how many that were."""
    end = _next_position(connection)
    _require_origin(connection, origin, end, place)
    for fingerprint, schema in schemas.items():
        store_schema(connection, fingerprint, schema)
    # Numbers of its own: those of the writer remember whose schemas were stored.
    numbers = Numbers()
    rows = [
        _row(connection, numbers, position, record)
        for position, record in zip(count(end), records, strict=False)
    ]
    before = connection.total_changes
    connection.executemany(INSERT, rows)
    added = connection.total_changes - before
    if added and int(noted(connection, _IMPORTED) or 0) != end:
        raise InputError(
            f"the event log {place} has gone on since the archive was imported: the archive's later events "
            "would come too late. Import it into an empty log"
        )
    if added:
        note(connection, _IMPORTED, str(_next_position(connection)))
    return added


def release_some(connection: sqlite3.Connection, before: int, limit: int) -> int:
    """Delete up to ``limit`` events before a position; returns how many were."""
    return connection.execute(_RELEASE, (before, limit)).rowcount


def note_release(connection: sqlite3.Connection, wanted: int) -> int:
    """Move the log's beginning forward, but not behind its last event; returns where it is."""
    # The last event stays: position and clock go on from it.
    last = max(0, _next_position(connection) - 1)
    first = max(int(noted(connection, RELEASED) or 0), min(wanted, last))
    note(connection, RELEASED, str(first))
    return first


def replace_bodies(connection: sqlite3.Connection, records: Sequence[Record], tombstone: bytes) -> int:
    """Put a tombstone into these events; returns how many had another body."""
    note(connection, REDACTING, "1")
    store_schema(connection, TOMBSTONE_FINGERPRINT, TOMBSTONE_SCHEMA)
    before = connection.total_changes
    connection.executemany(
        _REDACT,
        [{"tombstone": tombstone, "key": record.key, "id": record.id.bytes} for record in records],
    )
    return connection.total_changes - before


def purge(connection: sqlite3.Connection, place: Path) -> None:
    """Leave nothing in the files that is not in the tables.

    Pages that were split or freed long ago may hold copies of what was in them, so the whole file is written
    anew, and the write-ahead log emptied.
    """
    connection.execute("VACUUM")
    (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise UnavailableError(
            f"another process reads the event log {place}: what was redacted is still in {place.name}-wal. "
            "Stop it and redact again, which completes this"
        )


def _require_origin(connection: sqlite3.Connection, origin: uuid.UUID, end: int, place: Path) -> None:
    known = noted(connection, _ORIGIN)
    if known is None and end:
        raise InputError(
            f"the event log {place} holds events of its own: an archive is imported into an empty log "
            "(HOOFPRINT_LOG, or --home for everything)"
        )
    if known is not None and known != str(origin):
        raise InputError(
            f"the event log {place} was imported from log {known}, this archive is of log {origin}"
        )
    note(connection, _ORIGIN, str(origin))


def _next_position(connection: sqlite3.Connection) -> int:
    (position,) = connection.execute("SELECT coalesce(max(position) + 1, 0) FROM events").fetchone()
    return int(position)


def _row(
    connection: sqlite3.Connection, numbers: Numbers, position: int, record: Record
) -> tuple[int, int, int, bytes, int, str, int, bytes]:
    envelope = (record.type, record.source, record.namespace, record.actor)
    return (
        position,
        record.recorded,
        numbers.key(connection, record.key),
        record.id.bytes,
        numbers.known_envelope(connection, envelope),
        record.subject,
        record.time,
        record.body,
    )
