"""Views in SQLite: a folder with one file per generation and, for each group, a pointer to the live one."""

import fcntl
import os
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError

from eventlog.errors import UnavailableError
from eventlog.file_systems import require_local_file_system
from projections import bookkeeping, sqlite_locks
from projections.groups import Group
from projections.sqlite_locks import SqliteClaims
from projections.storage import GenerationGoneError, generation_name, generation_number

# with two and a half times as much, folding is no faster: the system keeps these pages, too
_CACHE_KIB = 24 * 1024
_BUSY_MILLISECONDS = 30_000
_CHECKPOINT_PAGES = 8192


class SqliteStorage:
    """One folder; no transaction spans two of its files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._engines: dict[str, Engine] = {}
        self._lock = threading.Lock()
        require_local_file_system(folder, "HOOFPRINT_VIEWS (or HOOFPRINT_HOME)")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UnavailableError(f"the views' folder {folder} cannot be made: {error}") from error

    @property
    def location(self) -> str:
        """The folder."""
        return str(self._folder)

    @property
    def folds_side_by_side(self) -> bool:
        """No: SQLite runs in this process, and threads would only take the interpreter from each other."""
        return False

    def live(self, group: Group) -> str | None:
        """The generation that the pointer names."""
        try:
            return self._pointer(group).read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return None

    def create(self, group: Group) -> str:
        """Make a new file with the group's tables, under the next free number; it is whole or not there."""
        made = self._folder / f"{group.name}-{uuid.uuid4().hex}.making"
        engine = _open_engine(made, create=True)
        with engine.connect().execution_options(hoofprint_writes=True) as connection, connection.begin():
            group.metadata.create_all(connection)
            bookkeeping.metadata.create_all(connection)
        # the last connection that closes folds the write-ahead log into the file
        engine.dispose()
        number = max(map(generation_number, self.generations(group)), default=0)
        while True:
            number += 1
            name = generation_name(group, number)
            try:
                # whoever links the file owns the generation: two rebuilds never share one
                os.link(made, self._path(name))
            except FileExistsError:
                continue
            made.unlink()
            return name

    def ensure_live(self, group: Group) -> None:
        """Make the first generation where there is none; of several processes one does."""
        if self.live(group) is not None:
            return
        with (self._folder / "first.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self.live(group) is None:
                self.activate(group, self.create(group))

    def activate(self, group: Group, generation: str) -> None:
        """Replace the pointer, atomically."""
        fresh = self._pointer(group).with_suffix(f".{os.getpid()}.tmp")
        fresh.write_text(generation, encoding="ascii")
        os.replace(fresh, self._pointer(group))

    def generations(self, group: Group) -> Sequence[str]:
        """The generations that have a file."""
        names = [path.stem for path in self._folder.glob(f"{group.name}-v*-*.db")]
        return sorted(names, key=generation_number)

    def drop(self, group: Group, generation: str) -> bool:
        """Remove the generation's file; whoever has it open keeps what is open."""
        path = self._path(generation)
        for leftover in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
            leftover.unlink(missing_ok=True)
        self._forget_dropped()
        return True

    def rebuilding(self, group: Group) -> AbstractContextManager[None]:
        """Be the only process that rebuilds a group."""
        return sqlite_locks.rebuilding(self._folder, group)

    def claims(self) -> SqliteClaims:
        """Become one of the followers of this folder."""
        return SqliteClaims(self._folder / "followers")

    @contextmanager
    def reading(self, group: Group, generation: str | None) -> Iterator[Connection]:
        """A deferred transaction: SQLite keeps its snapshot from the first query on."""
        with self._connected(generation or self.live(group) or "") as connection:
            yield connection

    @contextmanager
    def writing(self, group: Group, generation: str) -> Iterator[Connection]:
        """An immediate transaction: it waits for other writers before it reads anything."""
        with self._connected(generation, hoofprint_writes=True) as connection:
            yield connection

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            engines = list(self._engines.values())
            self._engines.clear()
        for engine in engines:
            engine.dispose()

    def _pointer(self, group: Group) -> Path:
        return self._folder / f"{group.name}.live"

    def _path(self, generation: str) -> Path:
        return self._folder / f"{generation}.db"

    def _engine(self, generation: str) -> Engine:
        with self._lock:
            engine = self._engines.get(generation)
        if engine is None:
            # a new generation: older ones may have gone
            self._forget_dropped()
            if not self._path(generation).exists():
                raise GenerationGoneError(f"the views {generation} were dropped meanwhile: ask again")
            with self._lock:
                engine = self._engines.setdefault(generation, _open_engine(self._path(generation)))
        return engine

    @contextmanager
    def _connected(self, generation: str, **options: bool) -> Iterator[Connection]:
        engine = self._engine(generation)
        try:
            connection = engine.connect()
        except OperationalError as error:
            if self._path(generation).exists():
                raise
            raise GenerationGoneError(f"the views {generation} were dropped meanwhile: ask again") from error
        with connection.execution_options(**options), connection.begin():
            yield connection

    def _forget_dropped(self) -> None:
        """Close the files of generations that are gone, which take space until then."""
        with self._lock:
            gone = [name for name in self._engines if not self._path(name).exists()]
            engines = [self._engines.pop(name) for name in gone]
        for engine in engines:
            engine.dispose()


def _open_engine(path: Path, *, create: bool = False) -> Engine:
    # a file that was dropped must not come back empty
    mode = "rwc" if create else "rw"
    location = f"sqlite:///file:{quote(str(path.absolute()))}?mode={mode}&uri=true"
    engine = create_engine(location, pool_size=16, max_overflow=16)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, record: object) -> None:
        # BEGIN is ours: the driver's own would come too late for savepoints and snapshots
        connection.isolation_level = None
        connection.execute("PRAGMA page_size = 8192")
        connection.execute("PRAGMA journal_mode = WAL")
        # a power cut may lose the last commits, rows and checkpoint alike: the log still has them
        connection.execute("PRAGMA synchronous = NORMAL")
        # 64 MiB: pages that batch after batch changes are written back once, not each time
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("hoofprint_writes", False)
        connection.execute(text("BEGIN IMMEDIATE" if writes else "BEGIN"))

    return engine
