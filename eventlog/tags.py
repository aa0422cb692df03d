"""Typed tags: what a value is, told by its type where it has one and by its text where it has not."""

import math
import re
from datetime import UTC, datetime

from eventlog.facts import Tag

STRING = "string"
NUMBER = "number"
BOOLEAN = "boolean"
TIME = "time"

_NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)\s?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII
)
_BOOLEANS = {"true": 1.0, "false": 0.0}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def infer_tag(key: str, text: str) -> Tag:
    """A tag whose type is inferred from its text, as formats need that know strings alone.

    A number is a decimal one without leading zeros (``007`` is a name), a boolean is true or false in any
    case, a time is an ISO 8601 date, or a date and time, of UTC where no zone is told (RFC 3339 is a part of
    that). Everything else is a string. The text is kept as written.
    """
    word = text.strip()
    kind, number = NUMBER, _number(word)
    if number is None:
        kind, number = BOOLEAN, _BOOLEANS.get(word.lower())
    if number is None:
        kind, number = TIME, _time(word)
    return Tag(key=key, type=STRING if number is None else kind, text=text, number=number)


def typed_tag(key: str, value: str | float | bool) -> Tag:
    """A tag of a value that has its type already, as JSON gives it: a string stays one.

    Not-a-number and infinity, which nothing compares with, become strings.
    """
    if isinstance(value, bool):
        return Tag(key=key, type=BOOLEAN, text=str(value).lower(), number=float(value))
    if isinstance(value, str):
        return Tag(key=key, type=STRING, text=value)
    number = _finite(value)
    return Tag(key=key, type=STRING if number is None else NUMBER, text=str(value), number=number)


def _number(word: str) -> float | None:
    return _finite(word) if _NUMBER.fullmatch(word) else None


def _finite(value: str | float) -> float | None:
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _time(word: str) -> float | None:
    """Microseconds since the epoch of an ISO 8601 date or date and time."""
    match = _TIME.fullmatch(word)
    if match is None:
        return None
    day, clock, zone = match.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock or '00:00'}{zone or 'Z'}")
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    span = moment - _EPOCH
    return float((span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds)
