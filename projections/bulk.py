"""Bulk writing by dialect: SQLite takes rows (executemany), PostgreSQL columns (unnest).

Both upsert only what is newer, and in key order, so that two projectors lock rows in the same order.
PostgreSQL's texts hold no U+0000, so neither database gets one: U+FFFD stands in its place.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Connection,
    Double,
    FromClause,
    Insert,
    Table,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.sql.elements import KeyedColumnElement
from sqlalchemy.sql.expression import ColumnElement
from sqlalchemy.types import TypeEngine

Cell = int | str | float | bool | None
Key = tuple[int | str, ...]
_Columns = ReadOnlyColumnCollection[str, KeyedColumnElement[Any]]
_Row = tuple[Cell, ...]

_ARRAY_TYPES: dict[type, TypeEngine[Any]] = {
    int: BigInteger(),
    str: Text(),
    float: Double(),
    bool: Boolean(),
}


@dataclass(frozen=True, slots=True)
class Part:
    """The columns of a table that one kind of fact writes.

    ``order`` names the columns that guard them: a row is overwritten only by a greater order. Without an
    order each value column keeps its greatest value. ``constant`` columns follow from the key and are
    written with the first insertion.
    """

    table: Table
    order: tuple[str, ...]
    values: tuple[str, ...]
    constant: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        listed = [column.name for column in self.table.columns]
        places = [listed.index(name) for name in self.columns]
        if places != sorted(places):
            raise ValueError(f"table {self.table.name} must list {', '.join(self.columns)} in this order")

    @property
    def key(self) -> tuple[str, ...]:
        """The primary key's columns, in their order."""
        return tuple(column.name for column in self.table.primary_key)

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns, in the order in which rows are written."""
        return self.key + self.constant + self.order + self.values

    def __hash__(self) -> int:
        return hash((self.table.name, self.order, self.values))


class Rows:
    """Gathers one batch's rows of a part, one a key: what a batch says twice is written once."""

    __slots__ = ("_part", "_rows")

    def __init__(self, part: Part) -> None:
        self._part = part
        self._rows: dict[Key, tuple[tuple[int, ...], _Row]] = {}

    def put(self, key: Key, order: tuple[int, ...], values: _Row, constant: _Row = ()) -> None:
        """Keep this row unless one of a greater or the same order is here (of equals the first counts)."""
        known = self._rows.get(key)
        if known is None or order > known[0]:
            self._rows[key] = order, key + constant + order + values

    def write(self, connection: Connection) -> None:
        """Upsert the rows in key order."""
        if self._rows:
            _upsert(connection, self._part, [self._rows[key][1] for key in sorted(self._rows)])


class Peaks:
    """Gathers one batch's greatest values, a key each."""

    __slots__ = ("_part", "_rows")

    def __init__(self, part: Part) -> None:
        self._part = part
        self._rows: dict[Key, tuple[int, ...]] = {}

    def put(self, key: Key, values: tuple[int, ...]) -> None:
        """Raise each value to this one, where this is greater."""
        known = self._rows.get(key)
        self._rows[key] = values if known is None else tuple(map(max, known, values))

    def write(self, connection: Connection) -> None:
        """Upsert the values in key order."""
        if self._rows:
            _upsert(connection, self._part, [key + self._rows[key] for key in sorted(self._rows)])


def key_rows(
    connection: Connection, columns: Mapping[str, type], rows: Iterable[_Row], name: str
) -> FromClause:
    """Rows of keys as a table to join with, however many there are: one parameter, not thousands."""
    listed = [_storable_row(row) for row in rows] if str in columns.values() else list(rows)
    if connection.dialect.name == "postgresql":
        return _unnest(columns, listed, name)
    return _json_rows(columns, listed, name)


def _unnest(columns: Mapping[str, type], rows: list[_Row], name: str) -> FromClause:
    by_column = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    arrays = [
        cast(
            bindparam(None, array_literal(cells, kind), type_=Text(), unique=True), ARRAY(_ARRAY_TYPES[kind])
        )
        for kind, cells in zip(columns.values(), by_column, strict=True)
    ]
    return func.unnest(*arrays).table_valued(*columns, name=name).render_derived()


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


def _json_rows(columns: Mapping[str, type], rows: list[_Row], name: str) -> FromClause:
    each = func.json_each(msgspec.json.encode(rows).decode()).table_valued("value")
    cells = [
        func.json_extract(each.c.value, literal_column(f"'$[{place}]'")).label(column)
        for place, column in enumerate(columns)
    ]
    return select(*cells).cte(name)


def storable(text: str) -> str:
    """A text as both databases keep it: U+FFFD for each U+0000, which PostgreSQL refuses."""
    return text.replace("\0", "\ufffd")


def _storable_row(row: _Row) -> _Row:
    return tuple([storable(cell) if isinstance(cell, str) else cell for cell in row])


def _upsert(connection: Connection, part: Part, rows: Sequence[_Row]) -> None:
    for storable_rows in _storable_rounds(part, rows):
        _upsert_storable(connection, part, storable_rows)


def _storable_rounds(part: Part, rows: Sequence[_Row]) -> Iterator[Sequence[_Row]]:
    """The rows as they are, nearly always; keys that U+FFFD makes equal go one after the other."""
    if not any(
        "\0" in "".join([cell for row in rows if isinstance(cell := row[place], str)])
        for place in _text_places(part)
    ):
        yield rows
        return
    rounds: list[dict[Any, _Row]] = []
    for row in map(_storable_row, rows):
        key = row[: len(part.key)]
        free = next((known for known in rounds if key not in known), None)
        if free is None:
            rounds.append({key: row})
        else:
            free[key] = row
    for known in rounds:
        yield [known[key] for key in sorted(known)]


@cache
def _text_places(part: Part) -> tuple[int, ...]:
    kinds = [part.table.c[name].type.python_type for name in part.columns]
    return tuple(place for place, kind in enumerate(kinds) if kind is str)


def _upsert_storable(connection: Connection, part: Part, rows: Sequence[_Row]) -> None:
    if connection.dialect.name == "postgresql":
        columns = zip(part.columns, zip(*rows, strict=True), strict=True)
        parameters = {
            name: array_literal(cells, part.table.c[name].type.python_type) for name, cells in columns
        }
        connection.execute(_postgresql_upsert(part), parameters)
    else:
        connection.exec_driver_sql(_sqlite_upsert(part), list(rows))


@cache
def _sqlite_upsert(part: Part) -> str:
    statement = sqlite.insert(part.table).values({name: bindparam(name) for name in part.columns})
    if part.order or part.values:
        assignments, newer = _overwriting(part, statement.excluded, func.max)
        statement = statement.on_conflict_do_update(index_elements=part.key, set_=assignments, where=newer)
    else:
        statement = statement.on_conflict_do_nothing()
    return str(statement.compile(dialect=sqlite.dialect()))


@cache
def _postgresql_upsert(part: Part) -> Insert:
    arrays = [
        cast(bindparam(name, type_=Text()), ARRAY(_ARRAY_TYPES[part.table.c[name].type.python_type]))
        for name in part.columns
    ]
    source = func.unnest(*arrays).table_valued(*part.columns).render_derived()
    statement = postgresql.insert(part.table).from_select(list(part.columns), select(source))
    if not (part.order or part.values):
        return statement.on_conflict_do_nothing()
    assignments, newer = _overwriting(part, statement.excluded, func.greatest)
    return statement.on_conflict_do_update(index_elements=part.key, set_=assignments, where=newer)


def _overwriting(
    part: Part, excluded: _Columns, greatest: Callable[..., ColumnElement[Any]]
) -> tuple[dict[str, ColumnElement[Any]], ColumnElement[bool] | None]:
    """What a row that is there already takes from the new one, and on which condition."""
    table = part.table.c
    if not part.order:
        return {name: greatest(table[name], excluded[name]) for name in part.values}, None
    new = tuple_(*(excluded[name] for name in part.order))
    old = tuple_(*(table[name] for name in part.order))
    return {name: excluded[name] for name in part.order + part.values}, new > old
