"""Typed values: what a filter holds tags and fields against."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from eventlog.errors import InputError

MAX_TEXT = 4096

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ValueType(StrEnum):
    """The types a value can have, the same as those of a tag."""

    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Value:
    """One typed value: ``text`` for strings; ``number`` otherwise (0 or 1; microseconds since the epoch)."""

    type: ValueType
    text: str = ""
    number: float = 0.0

    @classmethod
    def of_text(cls, text: str) -> "Value":
        """A string. Raises InputError for one that no tag can hold."""
        if len(text) > MAX_TEXT:
            raise InputError(f"a text has {len(text)} characters; at most {MAX_TEXT} can be searched for")
        check_text(text)
        return cls(ValueType.STRING, text=text)

    @classmethod
    def of_number(cls, number: float) -> "Value":
        """A number. Raises InputError unless it is finite."""
        try:
            value = float(number)
        except OverflowError:
            value = math.inf
        if not math.isfinite(value):
            raise InputError("a number must be finite and lie within +-1.8e308")
        return cls(ValueType.NUMBER, number=value)

    @classmethod
    def of_boolean(cls, truth: bool) -> "Value":
        """True or false."""
        return cls(ValueType.BOOLEAN, number=float(truth))

    @classmethod
    def of_time(cls, moment: datetime) -> "Value":
        """A time; one without a zone is UTC."""
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return cls.of_microseconds((aware - _EPOCH) // timedelta(microseconds=1))

    @classmethod
    def of_microseconds(cls, microseconds: int) -> "Value":
        """A time, as microseconds since the epoch."""
        return cls(ValueType.TIME, number=float(microseconds))

    def moment(self) -> datetime:
        """A time value as a datetime in UTC."""
        return _EPOCH + timedelta(microseconds=int(self.number))


def parse_moment(text: str) -> datetime:
    """Read an ISO 8601 date or date and time; without a zone it is UTC. Raises InputError."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise InputError(f"{text!r} is no time; write it as 2026-11-22 or 2026-11-22T10:30:00Z") from None


def check_text(text: str) -> None:
    """Raise InputError for a text that no database can hold."""
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise InputError("a text holds a NUL or a lone surrogate, which nothing stored can hold")
