"""Scalars beyond GraphQL's own: 64-bit integers and times."""

from datetime import UTC, datetime, timedelta
from typing import NewType

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.types.scalar import ScalarDefinition

from eventlog.errors import InputError
from projections.search.values import Value, parse_moment

Long = NewType("Long", int)
"""Bytes, counts, durations in microseconds."""

Time = NewType("Time", int)
"""A moment: microseconds since the epoch here, ISO 8601 in UTC on the wire."""

_LONGEST = 1 << 63
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _read_long(value: object) -> Long:
    if isinstance(value, bool) or not isinstance(value, int) or not -_LONGEST <= value < _LONGEST:
        raise InputError(f"{value!r} is no 64-bit integer")
    return Long(value)


def _read_time(value: object) -> Time:
    if not isinstance(value, str):
        raise InputError(f"{value!r} is no time; write it as a text such as 2026-11-22T10:00:00Z")
    return Time(int(Value.of_time(parse_moment(value)).number))


def _write_time(microseconds: int) -> str | None:
    try:
        moment = _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        # a clock far beyond reason, in a log that must stay readable
        return None
    return moment.isoformat().replace("+00:00", "Z")


_SCALARS: dict[object, ScalarDefinition] = {
    Long: strawberry.scalar(
        name="Long",
        description="A 64-bit integer: bytes, counts, durations in microseconds.",
        serialize=int,
        parse_value=_read_long,
    ),
    Time: strawberry.scalar(
        name="Time",
        description="A moment in ISO 8601, UTC, to the microsecond: 2026-11-22T10:00:00.123456Z.",
        serialize=_write_time,
        parse_value=_read_time,
    ),
}

CONFIG = StrawberryConfig(scalar_map=_SCALARS)
