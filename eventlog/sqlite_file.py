"""The SQLite files of events: their tables, how one is created, recognised and opened."""

import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from eventlog.errors import InputError, LogError, NotFoundError, UnavailableError
from eventlog.file_systems import require_local_file_system

APPLICATION_ID = 0x486F6F66  # "Hoof", in the file's header, where file(1) finds it too
FORMAT_VERSION = 1
SETTING = "HOOFPRINT_LOG (or HOOFPRINT_HOME)"

# Envelopes repeat: (type, source, namespace, actor) and key are numbers in a row. The unique index has the
# key first, so that new ids of a run land near one another however random they are.
TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE schemas (fingerprint INTEGER PRIMARY KEY, schema TEXT NOT NULL);
CREATE TABLE keys (number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);
CREATE TABLE envelopes (
    number INTEGER PRIMARY KEY,
    type TEXT NOT NULL, source TEXT NOT NULL, namespace TEXT NOT NULL, actor TEXT NOT NULL,
    UNIQUE (type, source, namespace, actor)
);
CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    recorded INTEGER NOT NULL,
    key INTEGER NOT NULL,
    id BLOB NOT NULL,
    envelope INTEGER NOT NULL,
    subject TEXT NOT NULL,
    time INTEGER NOT NULL,
    body BLOB NOT NULL
);
CREATE UNIQUE INDEX event_ids ON events (key, id);
CREATE INDEX events_of_key ON events (key);
"""


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of SQLite file of ours: what it is called, what marks it, its tables, the setting that names it.

    Among its tables is ``meta`` (name, value), where the file's own UUID is put.
    """

    noun: str
    application_id: int
    version: int
    tables: str
    setting: str


EVENT_LOG = FileKind("event log", APPLICATION_ID, FORMAT_VERSION, TABLES, SETTING)


def open_file(
    path: Path, *, read_only: bool, patience: float, kind: FileKind = EVENT_LOG
) -> sqlite3.Connection:
    """A connection to the file at ``path``, which is created where there is none.

    Raises InputError for a network file system, a file of another kind, or one of a newer version;
    NotFoundError with ``read_only`` and no file; UnavailableError where the file cannot be opened or stays
    locked for ``patience`` seconds.
    """
    require_local_file_system(path, kind.setting)
    if read_only and not path.exists():
        raise NotFoundError(f"there is no {kind.noun} at {path}: {kind.setting} names it")
    try:
        if not read_only:
            path.parent.mkdir(parents=True, exist_ok=True)
        connection = _connect(path, read_only=read_only)
    except (OSError, sqlite3.OperationalError) as error:
        raise UnavailableError(f"the {kind.noun} {path} cannot be opened: {error}") from error
    try:
        with errors_of(path, kind):
            _prepare(connection, path, kind, read_only=read_only, patience=patience)
    except BaseException:
        connection.close()
        raise
    return connection


def _connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    mode = "ro" if read_only else "rwc"
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=0)


def _prepare(
    connection: sqlite3.Connection, path: Path, kind: FileKind, *, read_only: bool, patience: float
) -> None:
    connection.execute(f"PRAGMA busy_timeout = {int(patience * 1000)}")
    fresh = _check_format(connection, path, kind)
    if fresh and read_only:
        raise InputError(f"{path} is empty, no {kind.noun}: {kind.setting} names it")
    if fresh:
        _create(connection, path, kind, patience)
    connection.execute("PRAGMA synchronous = FULL")
    # 16 MB: a page of an index that many appends touch is copied into the file once for all of them.
    connection.execute("PRAGMA wal_autocheckpoint = 4000")
    # 16 MB: the system keeps the file's pages, too, and ids are read and written all over it
    connection.execute("PRAGMA cache_size = -16384")


def _check_format(connection: sqlite3.Connection, path: Path, kind: FileKind) -> bool:
    """Whether the file is fresh (an empty database); raises InputError unless it is that or of this kind."""
    # The tables first: another process may be creating the file, and its tables come with its mark.
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if _pragma(connection, "application_id") != kind.application_id:
        if tables:
            raise InputError(
                f"{path} is an SQLite file of another program, no {kind.noun}: {kind.setting} names it"
            )
        return True
    version = _pragma(connection, "user_version")
    if version > kind.version:
        raise InputError(
            f"{path} was written by a newer version (format {version}): "
            f"this one reads formats up to {kind.version}"
        )
    return False


def _create(connection: sqlite3.Connection, path: Path, kind: FileKind, patience: float) -> None:
    # Changing to WAL needs the file for itself for a moment, and SQLite does not wait for that by itself.
    deadline = time.monotonic() + patience
    while not _is_wal(connection):
        if time.monotonic() > deadline:
            raise UnavailableError(f"the {kind.noun} {path} is locked by another process")
        time.sleep(0.01)
    connection.execute("BEGIN IMMEDIATE")
    # Several processes may have found the file fresh: the first creates it.
    if _check_format(connection, path, kind):
        for statement in kind.tables.strip().split(";\n"):
            connection.execute(statement)
        connection.execute("INSERT INTO meta VALUES ('identity', ?)", (str(uuid.uuid4()),))
        connection.execute(f"PRAGMA application_id = {kind.application_id}")
        connection.execute(f"PRAGMA user_version = {kind.version}")
    connection.execute("COMMIT")


def _is_wal(connection: sqlite3.Connection) -> bool:
    try:
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    except sqlite3.OperationalError as error:
        if not _is_busy(error):
            raise
        return False
    return bool(mode == "wal")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    (value,) = connection.execute(f"PRAGMA {name}").fetchone()
    return int(value)


def _is_busy(error: sqlite3.Error) -> bool:
    """Whether another connection held the lock."""
    # Extended codes (SQLITE_BUSY_RECOVERY …) keep the primary code in the low byte.
    return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


@contextmanager
def errors_of(path: Path, kind: FileKind = EVENT_LOG) -> Iterator[None]:
    """Turn what SQLite raises inside into our errors, each with the file's name."""
    try:
        yield
    except sqlite3.ProgrammingError as error:
        raise LogError(f"the {kind.noun} {path} was closed: {error}") from error
    except sqlite3.OperationalError as error:
        if _is_busy(error):
            raise UnavailableError(f"the {kind.noun} {path} is locked by another process") from error
        raise UnavailableError(f"the {kind.noun} {path} cannot be used: {error}") from error
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
            raise InputError(
                f"{path} is no {kind.noun} (nor any SQLite file): {kind.setting} names it"
            ) from error
        raise LogError(f"the {kind.noun} {path} is damaged: {error}") from error
