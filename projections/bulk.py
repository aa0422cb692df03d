"""Bulk reading and writing by dialect, all of it here.

SQLite takes rows (executemany). PostgreSQL takes columns (unnest), and rows that are nearly always new by
COPY, in half the time. Both upsert only what is newer, and in key order, so that two projectors lock rows in
the same order. PostgreSQL's texts hold no U+0000, so neither database gets one: U+FFFD stands in its place.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    Boolean,
    Connection,
    Double,
    FromClause,
    Insert,
    Table,
    Text,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.sql.elements import KeyedColumnElement
from sqlalchemy.sql.expression import ColumnElement
from sqlalchemy.types import TypeEngine

Cell = int | str | float | bool | None
Row = tuple[Cell, ...]
_Columns = ReadOnlyColumnCollection[str, KeyedColumnElement[Any]]

_ARRAY_TYPES: dict[type, TypeEngine[Any]] = {
    int: BigInteger(),
    str: Text(),
    float: Double(),
    bool: Boolean(),
}
_WORTH_A_COPY = 100
"""Rows; below, a savepoint costs more than COPY saves."""


@dataclass(frozen=True, slots=True)
class Part:
    """The columns of a table that one kind of fact writes.

    ``order`` names the columns that guard them: a row is overwritten only by a greater order. Without an
    order each value column keeps its greatest value. ``constant`` columns follow from the key and are
    written with the first insertion. ``fresh`` says that nearly every row is new to its table.
    """

    table: Table
    order: tuple[str, ...]
    values: tuple[str, ...]
    constant: tuple[str, ...] = ()
    fresh: bool = False

    def __post_init__(self) -> None:
        _require_in_order(self.table, self.shared + self.cells)

    @property
    def key(self) -> tuple[str, ...]:
        """The primary key's columns, in their order."""
        return tuple(column.name for column in self.table.primary_key)

    @property
    def shared(self) -> tuple[str, ...]:
        """The columns that the parts of a table have together: key and constants."""
        return self.key + self.constant

    @property
    def cells(self) -> tuple[str, ...]:
        """The columns that are this part's alone."""
        return self.order + self.values

    @property
    def guards(self) -> tuple[str, ...]:
        """The columns that tell what is newer; -1 where the part was never written."""
        return self.order or self.values

    def __hash__(self) -> int:
        return hash((self.table.name, self.order, self.values))


def _require_in_order(table: Table, columns: Sequence[str]) -> None:
    listed = [column.name for column in table.columns]
    places = [listed.index(name) for name in columns]
    if places != sorted(places):
        raise ValueError(f"table {table.name} must list {', '.join(columns)} in this order")


@cache
def columns_of(parts: tuple[Part, ...]) -> tuple[str, ...]:
    """The columns that rows of these parts of one table have, in order."""
    first = parts[0]
    if any((part.table, part.constant) != (first.table, first.constant) for part in parts):
        raise ValueError(f"parts of table {first.table.name} are written with parts that are not alike")
    columns = first.shared + tuple(name for part in parts for name in part.cells)
    _require_in_order(first.table, columns)
    return columns


def key_rows(
    connection: Connection, columns: Mapping[str, type], rows: Iterable[Row], name: str
) -> FromClause:
    """Rows of keys as a table to join with, however many there are: one parameter, not thousands."""
    dialect = connection.dialect.name
    texts = _key_texts(dialect, columns, rows)
    return _key_table(
        dialect, columns, [bindparam(None, text, type_=Text(), unique=True) for text in texts], name
    )


@dataclass(frozen=True, slots=True)
class KeyParameter:
    """As ``key_rows``, for a statement that is made once and gets its rows with each execution."""

    name: str
    columns: Mapping[str, type]

    def table(self, dialect: str) -> FromClause:
        """The table to join with."""
        count = len(self.columns) if dialect == "postgresql" else 1
        parameters = [bindparam(f"{self.name}_{place}", type_=Text()) for place in range(count)]
        return _key_table(dialect, self.columns, parameters, self.name)

    def values(self, dialect: str, rows: Iterable[Row]) -> dict[str, str]:
        """The parameters of an execution."""
        texts = _key_texts(dialect, self.columns, rows)
        return {f"{self.name}_{place}": text for place, text in enumerate(texts)}


def _key_texts(dialect: str, columns: Mapping[str, type], rows: Iterable[Row]) -> list[str]:
    """The rows as texts, which the parameters are: PostgreSQL takes one a column, SQLite one of JSON."""
    listed = [_storable_row(row) for row in rows] if str in columns.values() else list(rows)
    if dialect != "postgresql":
        return [msgspec.json.encode(listed).decode()]
    by_column = list(zip(*listed, strict=True)) if listed else [()] * len(columns)
    return [array_literal(cells, kind) for kind, cells in zip(columns.values(), by_column, strict=True)]


def _key_table(
    dialect: str, columns: Mapping[str, type], parameters: Sequence[BindParameter[str]], name: str
) -> FromClause:
    if dialect == "postgresql":
        arrays = [
            cast(parameter, ARRAY(_ARRAY_TYPES[kind]))
            for parameter, kind in zip(parameters, columns.values(), strict=True)
        ]
        return func.unnest(*arrays).table_valued(*columns, name=name).render_derived()
    each = func.json_each(*parameters).table_valued("value")
    cells = [
        func.json_extract(each.c.value, literal_column(f"'$[{place}]'")).label(column)
        for place, column in enumerate(columns)
    ]
    return select(*cells).cte(name)


def array_literal(cells: Sequence[Cell], kind: type) -> str:
    """PostgreSQL's text form of an array; the driver's own takes twenty times as long."""
    if kind is str:
        quoted = [
            "NULL" if cell is None else '"' + str(cell).replace("\\", "\\\\").replace('"', '\\"') + '"'
            for cell in cells
        ]
        return "{" + ",".join(quoted) + "}"
    if kind is bool:
        return "{" + ",".join("NULL" if cell is None else "t" if cell else "f" for cell in cells) + "}"
    return "{" + ",".join(["NULL" if cell is None else repr(cell) for cell in cells]) + "}"


def storable(text: str) -> str:
    """A text as both databases keep it: U+FFFD for each U+0000, which PostgreSQL refuses."""
    return text.replace("\0", "\ufffd")


def _storable_row(row: Row) -> Row:
    return tuple([storable(cell) if isinstance(cell, str) else cell for cell in row])


def upsert(connection: Connection, parts: tuple[Part, ...], rows: Sequence[Row]) -> None:
    """Write rows, which are in key order, of these parts of one table: what is newer overwrites its part."""
    for storable_rows in _storable_rounds(parts, rows):
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(_sqlite_upsert(parts), list(storable_rows))
        elif not _is_copied(connection, parts, storable_rows):
            _upsert_columns(connection, parts, storable_rows)


def _storable_rounds(parts: tuple[Part, ...], rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """The rows as they are, nearly always; keys that U+FFFD makes equal go one after the other."""
    # joined and searched without a step of Python's own a cell: this is done for every row there is
    if not any("\0" in "".join(filter(None, map(cells, rows))) for cells in _text_cells(parts)):
        yield rows
        return
    rounds: list[dict[Any, Row]] = []
    for row in map(_storable_row, rows):
        key = row[: len(parts[0].key)]
        free = next((known for known in rounds if key not in known), None)
        if free is None:
            rounds.append({key: row})
        else:
            free[key] = row
    for known in rounds:
        yield [known[key] for key in sorted(known)]


@cache
def _kinds(parts: tuple[Part, ...]) -> tuple[type, ...]:
    return tuple(parts[0].table.c[name].type.python_type for name in columns_of(parts))


@cache
def _text_cells(parts: tuple[Part, ...]) -> tuple[Callable[[Row], Any], ...]:
    """What takes each cell that is a text out of a row."""
    return tuple(itemgetter(place) for place, kind in enumerate(_kinds(parts)) if kind is str)


def _is_copied(connection: Connection, parts: tuple[Part, ...], rows: Sequence[Row]) -> bool:
    """Insert rows by COPY where that is promising; False, and nothing done, where they are to be upserted."""
    if len(rows) < _WORTH_A_COPY or not all(part.fresh for part in parts):
        return False
    session: Any = connection.connection.driver_connection
    try:
        with connection.begin_nested(), session.cursor() as cursor, cursor.copy(_copy(parts)) as copy:
            for row in rows:
                copy.write_row(row)
    except connection.dialect.loaded_dbapi.Error:
        # mostly a key that is there already; whatever else it is, upserting meets it again and tells
        return False
    return True


@cache
def _copy(parts: tuple[Part, ...]) -> str:
    columns = ", ".join(f'"{name}"' for name in columns_of(parts))
    return f'COPY "{parts[0].table.name}" ({columns}) FROM STDIN'


def _upsert_columns(connection: Connection, parts: tuple[Part, ...], rows: Sequence[Row]) -> None:
    columns = zip(columns_of(parts), zip(*rows, strict=True), _kinds(parts), strict=True)
    parameters = {name: array_literal(cells, kind) for name, cells, kind in columns}
    connection.execute(_postgresql_upsert(parts), parameters)


@cache
def _sqlite_upsert(parts: tuple[Part, ...]) -> str:
    statement = sqlite.insert(parts[0].table).values({name: bindparam(name) for name in columns_of(parts)})
    assignments, newer = _overwriting(parts, statement.excluded, func.max)
    if assignments:
        statement = statement.on_conflict_do_update(
            index_elements=parts[0].key, set_=assignments, where=or_(*newer)
        )
    else:
        statement = statement.on_conflict_do_nothing()
    return str(statement.compile(dialect=sqlite.dialect()))


@cache
def _postgresql_upsert(parts: tuple[Part, ...]) -> Insert:
    columns, table = columns_of(parts), parts[0].table
    arrays = [
        cast(bindparam(name, type_=Text()), ARRAY(_ARRAY_TYPES[kind]))
        for name, kind in zip(columns, _kinds(parts), strict=True)
    ]
    source = func.unnest(*arrays).table_valued(*columns).render_derived()
    statement = postgresql.insert(table).from_select(list(columns), select(source))
    assignments, newer = _overwriting(parts, statement.excluded, func.greatest)
    if not assignments:
        return statement.on_conflict_do_nothing()
    return statement.on_conflict_do_update(index_elements=parts[0].key, set_=assignments, where=or_(*newer))


def _overwriting(
    parts: tuple[Part, ...], excluded: _Columns, greatest: Callable[..., ColumnElement[Any]]
) -> tuple[dict[str, ColumnElement[Any]], list[ColumnElement[bool]]]:
    """What a row that is there already takes from the new one, and the conditions of which one is enough."""
    table, assignments, conditions = parts[0].table.c, {}, []
    for part in parts:
        if not part.order:
            assignments.update({name: greatest(table[name], excluded[name]) for name in part.values})
            conditions += [excluded[name] > table[name] for name in part.values]
            continue
        newer = _tuple(excluded, part.order) > _tuple(table, part.order)
        conditions.append(newer)
        for name in part.cells:
            kept = case((newer, excluded[name]), else_=table[name])
            assignments[name] = excluded[name] if len(parts) == 1 else kept
    return assignments, conditions


def _tuple(columns: _Columns, names: Sequence[str]) -> ColumnElement[Any]:
    return columns[names[0]] if len(names) == 1 else tuple_(*(columns[name] for name in names))
