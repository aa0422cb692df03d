"""Values as stampede events write them, read exactly: no number passes through binary fractions."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache

MICROSECONDS = 1_000_000
MOST = 1 << 62
"""Numbers stay below it: events and tables hold 64 bits."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOTHING = frozenset(("", "None", "null", "unknown"))


class UnfitValueError(ValueError):
    """A value is not what its field holds; the message says what it is and what would be right."""


def told(text: str | None) -> str:
    """The text; empty for the words that stand for nothing."""
    return "" if text is None or text in _NOTHING else text


@lru_cache(maxsize=4096)
def whole(text: str | None) -> int | None:
    """An integer, None where nothing is told."""
    if not told(text):
        return None
    number = _decimal(text)
    if number != int(number):
        raise UnfitValueError(f"{text!r} is no whole number")
    return int(number)


@lru_cache(maxsize=4096)
def microseconds(text: str | None) -> int | None:
    """Decimal seconds as microseconds, None where nothing is told."""
    if not told(text):
        return None
    return _scaled(text)


def fraction(text: str | None) -> float | None:
    """A decimal number, None where nothing is told."""
    return float(_decimal(text)) if told(text) else None


@lru_cache(maxsize=4096)
def moment(text: str) -> int:
    """A time as microseconds since the epoch: ISO 8601 (of UTC where no zone is told), or decimal seconds."""
    if "T" not in text and "-" not in text[1:]:
        return _scaled(text)
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise UnfitValueError(f"{text!r} is no time: write 2026-01-31T12:00:00.000000Z or seconds") from None
    span = (time if time.tzinfo else time.replace(tzinfo=UTC)) - _EPOCH
    return (span.days * 86_400 + span.seconds) * MICROSECONDS + span.microseconds


def flag(text: str | None) -> bool:
    """Whether a flag is set: 1 or true."""
    return text is not None and text.lower() in ("1", "true")


def _scaled(text: str | None) -> int:
    number = int((_decimal(text) * MICROSECONDS).to_integral_value())
    if abs(number) >= MOST:
        raise UnfitValueError(f"{text!r} is out of range")
    return number


def _decimal(text: str | None) -> Decimal:
    try:
        number = Decimal(text or "")
    except InvalidOperation:
        raise UnfitValueError(f"{text!r} is no number") from None
    if not number.is_finite() or abs(number) >= MOST:
        raise UnfitValueError(f"{text!r} is out of range")
    return number
