"""Gathers the rows that one batch of facts makes, one a key: what a batch says twice is written once."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from projections.bulk import Part, Row, upsert

Key = tuple[int | str, ...]


class Rows:
    """Gathers rows of a part of a table by what guards them."""

    __slots__ = ("_guards", "part", "told")

    def __init__(self, part: Part) -> None:
        self.part = part
        self.told: dict[Key, Row] = {}
        shared = len(part.shared)
        self._guards = slice(shared, shared + len(part.order))

    def put(self, key: Key, order: tuple[int, ...], values: Row, constant: Row = ()) -> None:
        """Keep this row unless one of a greater or the same order is here (of equals the first counts)."""
        row = (*key, *constant, *order, *values)
        known: Any = self.told.setdefault(key, row)
        if known is not row and order > known[self._guards]:
            self.told[key] = row

    def write(self, connection: Connection) -> None:
        """Upsert the rows in key order."""
        write_together(connection, self)


class Peaks:
    """Gathers the greatest values of a part of a table."""

    __slots__ = ("part", "told")

    def __init__(self, part: Part) -> None:
        self.part = part
        self.told: dict[Key, Row] = {}

    def put(self, key: Key, values: tuple[int, ...]) -> None:
        """Raise each value to this one, where this is greater."""
        row = (*key, *values)
        known: Any = self.told.setdefault(key, row)
        if known is not row:
            self.told[key] = tuple(map(max, known, row))

    def write(self, connection: Connection) -> None:
        """Upsert the values in key order."""
        write_together(connection, self)


def write_together(connection: Connection, *gathered: Rows | Peaks) -> None:
    """Upsert, in key order and in one statement, the rows of several parts of one table.

    The parts must have the same constant columns and come in the table's order. A part that tells nothing of
    a key leaves what the table has of it.
    """
    used = [rows for rows in gathered if rows.told]
    if len(used) == 1:
        # in key order, since no two rows have the same key
        upsert(connection, (used[0].part,), sorted(used[0].told.values()))
    elif used:
        upsert(connection, tuple(rows.part for rows in used), _joined(used))


def _joined(gathered: Sequence[Rows | Peaks]) -> list[Row]:
    """The rows of several parts side by side, in key order."""
    shared = len(gathered[0].part.shared)
    lines = {key: row[:shared] for rows in gathered for key, row in rows.told.items()}
    for rows in gathered:
        told, untold = rows.told, (None,) * shared + _untold(rows.part)
        lines = {key: line + told.get(key, untold)[shared:] for key, line in lines.items()}
    return sorted(lines.values())


def _untold(part: Part) -> Row:
    """What stands in a row for a part of which nothing was told: older than anything, as in a new row."""
    return tuple(-1 if name in part.guards else None for name in part.cells)
