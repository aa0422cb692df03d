"""Opens a stampede database for reading only and hands out its rows in pages.

Rows come in short queries of a page each, because a reader that keeps one query open would make a running
pegasus-monitord wait for its commits.

Tables and columns are those the database really has (the schema grew through fourteen versions): a column
that an older version lacks reads as null.
"""

import contextlib
import sqlite3
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
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchTableError, SQLAlchemyError
from sqlalchemy.pool import NullPool
from sqlalchemy.sql.util import find_tables
from sqlalchemy.types import NullType, TypeEngine, UserDefinedType

from eventlog.errors import InputError, UnavailableError
from monitor.pegasus.database.sqlite_file import sqlite_engine
from monitor.pegasus.reports import Reports

PAGE = 2000
"""Rows a query: few enough to be held, many enough that a query's price vanishes."""

_LOCKED = frozenset((sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED))
_LOCKED_WORDS = "{name}: who writes it keeps it locked; import it again later"
_DRIVER = "postgresql+psycopg"
_OTHER_NAMES = frozenset(("postgres", "postgresql", "postgresql+psycopg2"))
"""How sites write PostgreSQL's addresses, Pegasus' own properties among them."""


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


_COLUMNS_OF_USE: Mapping[str, frozenset[str]] = {
    "workflow_meta": frozenset(("wf_id", "key", "value")),
    "task_meta": frozenset(("task_id", "key", "value")),
    "task_edge": frozenset(("wf_id", "parent_abs_task_id", "child_abs_task_id")),
    "job_edge": frozenset(("wf_id", "parent_exec_job_id", "child_exec_job_id")),
    "host": frozenset(("host_id",)),
    "tag": frozenset(("job_instance_id", "name")),
    "integrity": frozenset(("job_instance_id", "type")),
    "integrity_metrics": frozenset(("job_instance_id", "type")),
    "workflow_files": frozenset(("wf_id", "task_id", "lfn_id")),
    "rc_meta": frozenset(("lfn_id", "key", "value")),
    "rc_pfn": frozenset(("lfn_id", "pfn", "site")),
}
"""Without these columns a table that not every version has says nothing."""


@dataclass(frozen=True, slots=True)
class StampedeTables:
    """An open database: its connection, the columns each table has, and how rows are paged.

    ``damage`` is what SQLite says of a file of which it cannot read all.
    """

    name: str
    connection: Connection
    columns: Mapping[str, frozenset[str]]
    reports: Reports
    damage: str = ""

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
            if _is_locked(error):
                raise UnavailableError(_LOCKED_WORDS.format(name=self.name)) from error
            tables = [each.name for source in statement.get_final_froms() for each in find_tables(source)]
            self.reports.unreadable(
                f"{self.name}: {', '.join(map(str, tables))}: {error.orig}: the rest of the table is left out"
            )
            return self._rows_before_damage(statement)

    def _rows_before_damage(self, statement: Select[*tuple[Any, ...]]) -> Sequence[Row[Any]]:
        rows: list[Row[Any]] = []
        with contextlib.suppress(DBAPIError):
            rows.extend(self.connection.execute(statement))
        return rows


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
            columns, damage = _columns_as_far_as_whole(connection)
        except (SQLAlchemyError, UnicodeDecodeError) as error:
            raise _unreadable(name, engine, error) from error
        yield StampedeTables(name, connection, _of_use(columns, name, reports), reports, damage)


def _engine_for(address: str | Path, stack: contextlib.ExitStack) -> tuple[Engine, str]:
    text = str(address)
    if isinstance(address, Path) or "://" not in text:
        return sqlite_engine(Path(text), stack), text
    try:
        url = make_url(text)
        if url.get_backend_name() == "sqlite":
            if not url.database:
                raise InputError(f"{text}: this address names no file: write sqlite:////path/of/the/file")
            return sqlite_engine(Path(url.database or ""), stack), url.database or text
        if url.drivername in _OTHER_NAMES:
            url = url.set(drivername=_DRIVER)
        options = {"postgresql_readonly": True} if url.get_backend_name() == "postgresql" else {}
        engine = create_engine(url, poolclass=NullPool, execution_options=options)
    except ImportError as error:
        raise InputError(f"{_without_password(text)}: {_lacking_driver(error)}") from error
    except (ArgumentError, ValueError) as error:
        raise InputError(f"{_without_password(text)}: no address of a database: {error}") from error
    return engine, url.render_as_string(hide_password=True)


def _lacking_driver(error: ImportError) -> str:
    lacks = f"the driver {error.name or 'of this kind of database'} is not installed"
    return f"{lacks}: install it, or name another one in the address (KIND+DRIVER://…)"


def _without_password(address: str) -> str:
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


def _columns_as_far_as_whole(connection: Connection) -> tuple[dict[str, frozenset[str]], str]:
    """The tables and their columns, of a damaged SQLite file those that can be told, and what is wrong."""
    try:
        return _columns(connection, inspect(connection).get_table_names()), ""
    except DBAPIError as error:
        if getattr(error.orig, "sqlite_errorcode", None) != sqlite3.SQLITE_CORRUPT:
            raise
        # Else nothing is read where the end is cut off, or one table is not understood.
        connection.exec_driver_sql("PRAGMA writable_schema = ON")
        return _columns(connection, _names_before_damage(connection)), str(error.orig)


def _names_before_damage(connection: Connection) -> Sequence[str]:
    names: list[str] = []
    with contextlib.suppress(DBAPIError):
        names.extend(
            connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars()
        )
    return names


def _columns(connection: Connection, names: Sequence[str]) -> dict[str, frozenset[str]]:
    inspector = inspect(connection)
    found: dict[str, frozenset[str]] = {}
    for name in names:
        # of a table that is not understood, the name alone is known
        with contextlib.suppress(NoSuchTableError):
            found[name] = frozenset(each["name"] for each in inspector.get_columns(name))
    return found


def _of_use(
    columns: Mapping[str, frozenset[str]], name: str, reports: Reports
) -> Mapping[str, frozenset[str]]:
    """The tables and their columns, without the tables that say nothing."""
    found = dict(columns)
    for table_name, needed in _COLUMNS_OF_USE.items():
        if lacking := needed - found.get(table_name, needed):
            lacks = ", ".join(sorted(lacking))
            reports.unreadable(f"{name}: its table {table_name} lacks {lacks} and is left out")
            del found[table_name]
    if not {"lfn_id", "lfn"} <= found.get("rc_lfn", frozenset()):
        # up to version 5 it was another thing, with the same name
        found.pop("rc_lfn", None)
    return found


def _is_locked(error: Exception) -> bool:
    return getattr(getattr(error, "orig", None), "sqlite_errorcode", None) in _LOCKED


def _unreadable(name: str, engine: Engine, error: Exception) -> Exception:
    cause = str(getattr(error, "orig", None) or error).strip().splitlines()
    said = cause[0] if cause else type(error).__name__
    if _is_locked(error):
        return UnavailableError(_LOCKED_WORDS.format(name=name))
    if engine.dialect.name == "sqlite":
        return InputError(f"{name}: the SQLite file is damaged: {said}")
    return UnavailableError(f"{name}: the database cannot be reached: {said}")
