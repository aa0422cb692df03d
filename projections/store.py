"""The views' store: opens it wherever it is, and gives readers the live tables of a group."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from eventlog.errors import InputError, UnavailableError
from projections.bookkeeping import Checkpoint, read_checkpoint
from projections.groups import GROUPS, Group, group_named
from projections.sqlite_storage import SqliteStorage
from projections.storage import GenerationGoneError, Storage, is_current

_LOCATIONS = "a folder, sqlite:FOLDER, or postgresql+psycopg://user@host/database"


class ViewStore:
    """Two groups of tables, ``runs`` and ``data``, in SQLite files or PostgreSQL schemas."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage

    @classmethod
    def open(cls, location: str | Path) -> "ViewStore":
        """The store at a folder (SQLite) or a postgresql+psycopg:// URL; it is made where it is missing.

        Raises InputError for any other location, UnavailableError where the database cannot be reached.
        """
        store = cls(_storage_at(location))
        for group in GROUPS:
            store.storage.ensure_live(group)
        return store

    @contextmanager
    def reading(self, group: str) -> Iterator[Connection]:
        """A read transaction on the live tables of a group; it sees one state from begin to end.

        Raises UnavailableError where the tables were made by another version of this program.
        """
        known = group_named(group)
        with ExitStack() as entered:
            while True:
                live = self._current(known)
                try:
                    connection = entered.enter_context(self.storage.reading(known, live))
                    break
                except GenerationGoneError:
                    # another one was shown, and this one dropped, since the pointer was read
                    if self.storage.live(known) == live:
                        raise
            yield connection

    def _current(self, group: Group) -> str:
        live = self.live(group)
        if not is_current(group, live):
            raise UnavailableError(
                f"the {group.name} views in {self.storage.location} are {live}, this program reads version "
                f"{group.version}: rebuild them with `hoofprint views rebuild {group.name}`"
            )
        return live

    def live(self, group: Group) -> str:
        """The generation of a group that readers see."""
        live = self.storage.live(group)
        if live is None:
            raise UnavailableError(f"{self.storage.location} holds no {group.name} views")
        return live

    def checkpoint(self, group: str) -> Checkpoint:
        """How far the live tables of a group are folded."""
        known = group_named(group)
        with self.storage.reading(known, self.live(known)) as connection:
            return read_checkpoint(connection)

    def close(self) -> None:
        """Let go of files and connections."""
        self.storage.close()


def _storage_at(location: str | Path) -> Storage:
    if isinstance(location, Path):
        return SqliteStorage(location)
    if location.startswith("sqlite:"):
        return SqliteStorage(Path(location.removeprefix("sqlite:").removeprefix("///")))
    if "://" not in location:
        return SqliteStorage(Path(location))
    try:
        url = make_url(location)
    except ArgumentError as error:
        raise InputError(f"views {location!r}: use {_LOCATIONS}") from error
    if url.drivername != "postgresql+psycopg":
        raise InputError(f"views {url.render_as_string()!r}: use {_LOCATIONS}")
    try:
        from projections.postgres_storage import PostgresStorage
    except ModuleNotFoundError as error:
        raise UnavailableError(
            "views on PostgreSQL need an extra: pip install 'hoofprint[postgres]'"
        ) from error
    return PostgresStorage(url)
