"""Local times as DAGMan writes them, without a zone, turned into microseconds since the epoch."""

from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from eventlog.errors import InputError

_MICROSECOND = timedelta(microseconds=1)
_HOUR = 3_600_000_000


class LocalClock:
    """Reads one log's local times: ``zone`` is where it was written; None is this system's own.

    In the hour that a change from summer to winter time repeats, the reading nearest to the one before wins:
    a log goes forward. ``since`` is such a time before the first, in microseconds, where one is known.
    """

    def __init__(self, zone: tzinfo | None, since: int | None = None) -> None:
        self._zone = zone
        self._hours: dict[tuple[int, int, int, int], tuple[int, int]] = {}
        self._last = since

    def microseconds(self, year: int, month: int, day: int, hour: int, minute: int, second: int) -> int:
        """Raises ``ValueError`` for what is no time."""
        if not (0 <= minute < 60 and 0 <= second <= 60):
            raise ValueError(f"no time: {hour:02}:{minute:02}:{second:02}")
        key = (year, month, day, hour)
        begins = self._hours.get(key)
        if begins is None:
            begins = self._hours[key] = self._begins(*key)
        first, second_time = begins
        into = (minute * 60 + second) * 1_000_000
        if first != second_time and self._last is not None:
            first = min(begins, key=lambda begin: abs(begin + into - (self._last or 0)))
        self._last = first + into
        return self._last

    def _begins(self, year: int, month: int, day: int, hour: int) -> tuple[int, int]:
        naive = datetime(year, month, day, hour)  # noqa: DTZ001 - local on purpose
        return self._epoch(naive), self._epoch(naive.replace(fold=1))

    def _epoch(self, naive: datetime) -> int:
        aware = naive.replace(tzinfo=self._zone) if self._zone is not None else naive
        return round(aware.timestamp()) * 1_000_000


def zone_of(planned_at: datetime | None, asked_for: str | None) -> tzinfo | None:
    """The zone of a submit host: what was asked for by name, else the offset at which the run was planned.

    Where this system keeps that offset at that moment, its own zone is taken (None), which knows of summer
    time. Raises ``InputError`` for a name that is no zone.
    """
    if asked_for is not None:
        try:
            return ZoneInfo(asked_for)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise InputError(
                f"{asked_for!r} is no time zone: give a name such as Europe/Berlin or America/Los_Angeles"
            ) from None
    if planned_at is None or planned_at.astimezone().utcoffset() == planned_at.utcoffset():
        return None
    return planned_at.tzinfo
