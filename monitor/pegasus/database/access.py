"""Opens a stampede database for reading only and hands out its rows in pages.

An SQLite file is never written to, not even beside it: one with a write-ahead log or a left-over journal is
read from a copy in a temporary folder, so that neither is touched. Rows come in short queries of a page each,
because a reader that keeps one query open would make a running pegasus-monitord wait for its commits.

Tables and columns are those the database really has (the schema grew through fourteen versions): a column
that an older version lacks reads as null.
"""

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    TableClause,
    cast,
    column,
    create_engine,
    inspect,
    literal_column,
    make_url,
    null,
    table,
)
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool
from sqlalchemy.types import NullType, TypeEngine, UserDefinedType

from eventlog.errors import InputError, UnavailableError
from monitor.pegasus.database_location import SQLITE_HEADER
from monitor.pegasus.reports import Reports

PAGE = 2000
"""Rows a query: few enough to be held, many enough that a query's price vanishes."""

_WAL_VERSION = 2


class _RowAddress(UserDefinedType[str]):
    """Where PostgreSQL keeps a row; it compares this with nothing else, texts neither."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """The type's name in SQL."""
        return "TID"

    def bind_expression(self, bindvalue: BindParameter[str]) -> ColumnElement[str]:
        """A value as one of the type."""
        return cast(bindvalue, self)


_ROW_NUMBERS: Mapping[str, tuple[str, TypeEngine[Any]]] = {
    "sqlite": ("rowid", NullType()),
    "postgresql": ("ctid", _RowAddress()),
}
"""By engine: the column that numbers the rows of any table as they were inserted."""


@dataclass(frozen=True, slots=True)
class StampedeTables:
    """An open database: its connection, the columns each table has, and how rows are paged."""

    name: str
    connection: Connection
    columns: Mapping[str, frozenset[str]]
    reports: Reports

    def has(self, table_name: str) -> bool:
        """Whether the database has such a table."""
        return table_name in self.columns

    def table(self, name: str) -> TableClause:
        """The table ``name`` with the columns it really has."""
        return table(name, *(column(each) for each in sorted(self.columns[name])))

    def order_of_rows(self, source: TableClause) -> ColumnElement[Any] | None:
        """What orders rows without a number of their own as they were inserted, if the engine has that."""
        numbered = _ROW_NUMBERS.get(self.connection.dialect.name)
        return literal_column(f"{source.name}.{numbered[0]}", numbered[1]) if numbered else None

    def pages(
        self, statement: Select[*tuple[Any, ...]], key: ColumnElement[Any], size: int = PAGE
    ) -> Iterator[Sequence[Row[Any]]]:
        """The rows of ``statement`` in order of the growing number ``key``, a page at a time.

        A damaged SQLite file ends the table with a report; any other failure raises ``UnavailableError``.
        """
        last: object = None
        keyed = statement.add_columns(key.label("page_key")).order_by(key).limit(size)
        while True:
            page = self.rows(keyed if last is None else keyed.where(key > last))
            if page:
                yield page
            if len(page) < size:
                return
            last = page[-1].page_key

    def rows(self, statement: Select[*tuple[Any, ...]]) -> Sequence[Row[Any]]:
        """All rows of a statement that is known to have few; what is damaged is reported and left out."""
        try:
            return self.connection.execute(statement).all()
        except DBAPIError as error:
            if self.connection.dialect.name != "sqlite":
                raise UnavailableError(f"{self.name}: the database went away: {error.orig}") from error
            source = ", ".join(getattr(each, "name", "?") for each in statement.get_final_froms())
            self.reports.unreadable(f"{self.name}: {source}: {error.orig}: the rest of the table is left out")
            return ()


def value_of(source: TableClause, name: str) -> ColumnElement[Any]:
    """The column ``name`` of ``source``, or null where this schema version has none."""
    known: Column[Any] | ColumnElement[Any] | None = source.c.get(name)
    return null().label(name) if known is None else known


@contextlib.contextmanager
def open_database(address: str | Path, reports: Reports) -> Iterator[StampedeTables]:
    """The database at a path or SQLAlchemy URL.

    Raises ``InputError`` for what is no database and ``UnavailableError`` for one that cannot be reached.
    """
    with contextlib.ExitStack() as stack:
        engine, name = _engine_for(address, stack)
        stack.callback(engine.dispose)
        try:
            connection = stack.enter_context(engine.connect())
            columns = _columns(connection)
        except SQLAlchemyError as error:
            raise _unreadable(name, engine, error) from error
        yield StampedeTables(name, connection, columns, reports)


def _engine_for(address: str | Path, stack: contextlib.ExitStack) -> tuple[Engine, str]:
    text = str(address)
    if isinstance(address, Path) or "://" not in text:
        return _sqlite_engine(Path(text), stack), text
    try:
        url = make_url(text)
        if url.get_backend_name() == "sqlite":
            return _sqlite_engine(Path(url.database or ""), stack), url.database or text
        options = {"postgresql_readonly": True} if url.get_backend_name() == "postgresql" else {}
        engine = create_engine(url, poolclass=NullPool, execution_options=options)
    except (ArgumentError, ImportError) as error:
        raise InputError(f"{_without_password(text)}: no address of a database: {error}") from error
    return engine, url.render_as_string(hide_password=True)


def _without_password(address: str) -> str:
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


def _sqlite_engine(path: Path, stack: contextlib.ExitStack) -> Engine:
    with _reading(path), path.open("rb") as file:
        header = file.read(20)
    if not header.startswith(SQLITE_HEADER):
        raise InputError(f"{path}: no SQLite database: its first bytes are not those of one")
    if _WAL_VERSION in header[18:20] or _beside(path, "-journal").exists():
        path = _copy(path, Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hoofprint-"))))
        mode = "rw"
    else:
        mode = "ro"
    address = f"{path.absolute().as_uri()}?mode={mode}"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(address, uri=True, check_same_thread=False)
        connection.text_factory = _decoded
        return connection

    return create_engine("sqlite://", creator=connect, poolclass=NullPool)


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _copy(path: Path, folder: Path) -> Path:
    """The file with what a writer left beside it, where SQLite may put it in order."""
    copy = folder / "stampede.db"
    with _reading(path):
        shutil.copyfile(path, copy)
        for suffix in ("-wal", "-journal"):
            if _beside(path, suffix).exists():
                shutil.copyfile(_beside(path, suffix), _beside(copy, suffix))
    return copy


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", errors="replace")


def _columns(connection: Connection) -> dict[str, frozenset[str]]:
    inspector = inspect(connection)
    found = {name: inspector.get_columns(name) for name in inspector.get_table_names()}
    return {name: frozenset(each["name"] for each in columns) for name, columns in found.items()}


def _unreadable(name: str, engine: Engine, error: SQLAlchemyError) -> Exception:
    cause = str(getattr(error, "orig", None) or error).strip().splitlines()
    said = cause[0] if cause else type(error).__name__
    if engine.dialect.name == "sqlite":
        return InputError(f"{name}: the SQLite file is damaged: {said}")
    return UnavailableError(f"{name}: the database cannot be reached: {said}")
