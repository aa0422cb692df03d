"""Gathers the rows that one batch of facts makes, one a key: what a batch says twice is written once."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from projections.bulk import Part, Row, upsert

Key = tuple[int | str, ...]


class Rows:
    """Gathers rows of a part of a table by what guards them."""

    __slots__ = ("_orders", "constants", "part", "told")

    def __init__(self, part: Part) -> None:
        self.part = part
        self.told: dict[Key, Row] = {}
        self.constants: dict[Key, Row] = {}
        self._orders: dict[Key, tuple[int, ...]] = {}

    def put(self, key: Key, order: tuple[int, ...], values: Row, constant: Row = ()) -> None:
        """Keep this row unless one of a greater or the same order is here (of equals the first counts)."""
        known = self._orders.get(key)
        if known is None or order > known:
            self._orders[key] = order
            self.told[key] = order + values
            if constant:
                self.constants[key] = constant

    def write(self, connection: Connection) -> None:
        """Upsert the rows in key order."""
        write_together(connection, self)


class Peaks:
    """Gathers the greatest values of a part of a table."""

    __slots__ = ("constants", "part", "told")

    def __init__(self, part: Part) -> None:
        self.part = part
        self.told: dict[Key, Row] = {}
        self.constants: dict[Key, Row] = {}

    def put(self, key: Key, values: tuple[int, ...]) -> None:
        """Raise each value to this one, where this is greater."""
        known: Any = self.told.get(key)
        self.told[key] = values if known is None else tuple(map(max, known, values))

    def write(self, connection: Connection) -> None:
        """Upsert the values in key order."""
        write_together(connection, self)


def write_together(connection: Connection, *gathered: Rows | Peaks) -> None:
    """Upsert, in key order and in one statement, the rows of several parts of one table.

    The parts must have the same constant columns and come in the table's order. A part that tells nothing of
    a key leaves what the table has of it.
    """
    used = [rows for rows in gathered if rows.told]
    if not used:
        return
    keys = sorted(used[0].told if len(used) == 1 else set[Key]().union(*(rows.told for rows in used)))
    lines: Sequence[Row] = keys
    if used[0].part.constant:
        constants = {key: constant for rows in used for key, constant in rows.constants.items()}
        lines = [key + constants[key] for key in keys]
    for rows in used:
        told, untold = rows.told, _untold(rows.part)
        lines = [line + told.get(key, untold) for key, line in zip(keys, lines, strict=True)]
    upsert(connection, tuple(rows.part for rows in used), lines)


def _untold(part: Part) -> Row:
    """What stands in a row for a part of which nothing was told: older than anything, as in a new row."""
    return tuple(-1 if name in part.guards else None for name in part.cells)
