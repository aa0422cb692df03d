"""``--as-of``: a moment of the log as a person writes it, by position or by time."""

from datetime import UTC, date, datetime, timedelta

from eventlog.errors import InputError
from eventlog.log import Position
from projections.past import Moment

_FORMS = "a position (partition:offset,…) or a time (2026-11-22T18:00:00+01:00)"


def parse_moment(text: str, *, head: Position, now: datetime) -> tuple[Moment, str]:
    """The moment that a text means on a log that ends at ``head``, and the same in full for people.

    A position has everything before it, and nothing of a partition that it leaves out; a time has what was
    recorded until then. A time without a zone is one of this machine. Raises InputError for a text that is
    neither, a position behind the head, a time that is still to come or that the clocks showed twice.
    """
    time = _time(text)
    if time is None:
        position = _position(text, head)
        return Moment(position), f"position {text}"
    told = time.isoformat(sep=" ")
    if time.tzinfo is None:
        time = _local(time)
        told = f"{time.isoformat(sep=' ')} (in this machine's time zone)"
    if time > now:
        raise InputError(f"--as-of {text}: {told} is still to come; it is {_seconds(now)} now")
    return Moment(head, (time - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1)), told


def _time(text: str) -> datetime | None:
    """A date with a time of day; None where the text is no time at all."""
    if _is(date, text):
        raise InputError(f"--as-of {text}: add a time of that day, such as {text}T18:00")
    return datetime.fromisoformat(text) if _is(datetime, text) else None


def _is(kind: type[date], text: str) -> bool:
    try:
        kind.fromisoformat(text)
    except ValueError:
        return False
    return True


def _position(text: str, head: Position) -> Position:
    try:
        position = Position.parse(text)
    except InputError as error:
        raise InputError(f"--as-of {text!r}: give {_FORMS}") from error
    if not position.offsets:
        raise InputError(f"--as-of is empty: give {_FORMS}")
    if not head.reaches(position):
        raise InputError(f"--as-of {text}: the log ends before that, at {str(head) or 'its start'}")
    return Position({partition: position.offset(partition) for partition in head.offsets})


def _local(time: datetime) -> datetime:
    """A time of this machine; raises InputError for one that its clock shows twice, or never."""
    try:
        early, late = time.replace(fold=0).astimezone(), time.replace(fold=1).astimezone()
    except (OverflowError, ValueError) as error:
        raise InputError(f"--as-of {time.isoformat()}: no log is of that time") from error
    if early.utcoffset() != late.utcoffset():
        raise InputError(
            f"--as-of {time.isoformat()}: the clocks change then; add the zone: "
            f"{early.isoformat()} or {late.isoformat()}"
        )
    return early


def _seconds(time: datetime) -> str:
    return time.astimezone().isoformat(sep=" ", timespec="seconds")
