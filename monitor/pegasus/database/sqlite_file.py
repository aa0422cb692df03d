"""Opens SQLite files that somebody may be writing, and never writes to them, not even beside them.

One with a write-ahead log or a left-over journal is read from a copy in a temporary folder, so that neither
is touched.
"""

import contextlib
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import NullPool

from eventlog.errors import InputError, UnavailableError
from monitor.pegasus.database_location import SQLITE_HEADER

PATIENCE = 5.0
"""Seconds that a reader waits for a writer's lock."""

_WAL_VERSION = 2
_LARGEST_PAGE = 1 << 16
_SUFFIXES = ("", "-wal", "-journal")
"""Of the files that are one database."""
_MOST_COPIES = 20
_BETWEEN_COPIES = 0.1


def sqlite_engine(path: Path, stack: contextlib.ExitStack) -> Engine:
    """An engine for the file, or for a copy of it that goes when the stack is left.

    Raises ``InputError`` for what is no SQLite file, ``UnavailableError`` for one that cannot be copied.
    """
    with _reading(path), path.open("rb") as file:
        header = file.read(20)
        size = os.fstat(file.fileno()).st_size
    if not header.startswith(SQLITE_HEADER):
        raise InputError(f"{path}: no SQLite database: its first bytes are not those of one")
    page_size = _page_size(header)
    beyond_pages = size % page_size if size > page_size else 0
    if beyond_pages or _WAL_VERSION in header[18:20] or _beside(path, "-journal").exists():
        path = _copy(path, Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hoofprint-"))))
        mode = "rw"
        if beyond_pages:
            # SQLite would take a page that was cut off for one that ends in zeros.
            os.truncate(path, path.stat().st_size // page_size * page_size)
    else:
        mode = "ro"
    address = f"{path.absolute().as_uri()}?mode={mode}"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(address, timeout=PATIENCE, uri=True, check_same_thread=False)
        connection.text_factory = _decoded
        return connection

    return create_engine("sqlite://", creator=connect, poolclass=NullPool)


def _page_size(header: bytes) -> int:
    """Bytes of a page, as the first bytes of the file tell them."""
    told = int.from_bytes(header[16:18], "big")
    return _LARGEST_PAGE if told <= 1 else told


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _copy(path: Path, folder: Path) -> Path:
    """The file with what a writer left beside it, where SQLite may put it in order.

    Raises ``UnavailableError`` where somebody writes to it all the time: what was copied fits together only
    where nothing changed meanwhile.
    """
    copy = folder / "stampede.db"
    for _ in range(_MOST_COPIES):
        with _reading(path):
            before = _states(path)
            for suffix in _SUFFIXES:
                _beside(copy, suffix).unlink(missing_ok=True)
                with contextlib.suppress(FileNotFoundError):
                    shutil.copyfile(_beside(path, suffix), _beside(copy, suffix))
            if _states(path) == before:
                return copy
        time.sleep(_BETWEEN_COPIES)
    raise UnavailableError(f"{path}: changes faster than it can be copied; import it again later")


def _states(path: Path) -> Sequence[tuple[int, int] | None]:
    """When each of a database's files was changed last, and its size; None for one that is not there."""
    return [_state(_beside(path, suffix)) for suffix in _SUFFIXES]


def _state(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_size


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", errors="replace")
