"""Comparisons as SQL conditions on one column. Values are always bound; no pattern language is involved."""

import operator
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, literal

from projections.columns import REAL
from projections.search.filter import Op

_LAST = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)

# typing cannot express that these give a condition when applied to a column
COMPARED: dict[Op, Callable[[Any, Any], ColumnElement[bool]]] = {
    Op.EQ: operator.eq,
    Op.NE: operator.ne,
    Op.LT: operator.lt,
    Op.LTE: operator.le,
    Op.GT: operator.gt,
    Op.GTE: operator.ge,
}


def text_matches(column: ColumnElement[str], op: Op, values: Sequence[str]) -> ColumnElement[bool]:
    """A text column compared, in byte order."""
    match op:
        case Op.EXISTS:
            return column.is_not(None)
        case Op.IN:
            return column.in_(values)
        case Op.STARTS_WITH:
            return starts_with(column, values[0])
        case _:
            return COMPARED[op](column, values[0])


def number_matches(column: ColumnElement[Any], op: Op, values: Sequence[float]) -> ColumnElement[bool]:
    """An integer or floating point column compared with floating point values."""
    match op:
        case Op.EXISTS:
            return column.is_not(None)
        case Op.IN:
            return column.in_([literal(value, REAL) for value in values])
        case _:
            return COMPARED[op](column, literal(values[0], REAL))


def starts_with(column: ColumnElement[str], prefix: str) -> ColumnElement[bool]:
    """Texts that begin with ``prefix``, as a range that every index on the column can answer."""
    end = _first_beyond(prefix)
    return column >= prefix if end is None else and_(column >= prefix, column < end)


def _first_beyond(prefix: str) -> str | None:
    """The least text greater than all that begin with ``prefix``; UTF-8 orders bytes as code points."""
    kept = prefix.rstrip(chr(_LAST))
    if not kept:
        return None
    following = ord(kept[-1]) + 1
    return kept[:-1] + chr(_SURROGATES.stop if following in _SURROGATES else following)
