"""Writes records of one workflow: who it is, and where in its log each record was read."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from monitor.pegasus.records import Record, make_record
from monitor.pegasus.submit_directory.instances import JobInstance

_SECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Scribe:
    """``log`` is the name of what is read."""

    def __init__(self, run: str, root: str, log: str) -> None:
        self.run = run
        self._root = root
        self._log = log
        self._place = log

    def turn_to(self, line: int) -> None:
        """What is said from now on was read in that line of the log (from 1)."""
        self._place = f"{self._log}, line {line}"

    def say(self, event: str, time: int, fields: Mapping[str, str | None]) -> Record:
        """A record; a field that is None is left out."""
        known = {name: value for name, value in fields.items() if value is not None}
        return make_record(event, time, self.run, self._root, known, self._place)

    def of(self, instance: JobInstance, event: str, time: int, fields: Mapping[str, str | None]) -> Record:
        """A record that speaks of an attempt of a job."""
        known = {"job.id": instance.job, "job_inst.id": str(instance.number)}
        known |= {name: value for name, value in fields.items() if value is not None}
        return make_record(event, time, self.run, self._root, known, self._place)


def seconds(microseconds: int) -> str:
    """Decimal seconds, exact, without zeros at the end."""
    sign, rest = ("-", -microseconds) if microseconds < 0 else ("", microseconds)
    whole, fraction = divmod(rest, _SECOND)
    return f"{sign}{whole}.{fraction:06}".rstrip("0") if fraction else f"{sign}{whole}"


def microseconds(text: str | None) -> int | None:
    """Microseconds from decimal seconds, exact to the microsecond; None for what is no number."""
    if text is None:
        return None
    whole, _, fraction = text.strip().partition(".")
    digits = whole.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and (not fraction or fraction.isdecimal())):
        return None
    value = int(digits) * _SECOND + int((fraction + "000000")[:6])
    return -value if whole.startswith("-") else value


def moment(text: str | None) -> int | None:
    """Microseconds since the epoch of an ISO time with its offset; None for what is none."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (found.replace(tzinfo=found.tzinfo or UTC) - _EPOCH) // _MICROSECOND
