"""Opens the log that a setting names."""

from pathlib import Path

from eventlog.errors import InputError
from eventlog.log import EventLog
from eventlog.sqlite import SqliteLog

_SCHEMES = {"sqlite": lambda place: SqliteLog.open(Path(place).expanduser())}


def open_log(location: str) -> EventLog:
    """The event log at ``sqlite:PATH`` (or plain PATH), created where there is none.

    Raises InputError for another scheme, and what ``SqliteLog.open`` raises.
    """
    scheme, separator, place = location.partition(":")
    if not separator:
        scheme, place = "sqlite", location
    if scheme not in _SCHEMES or not place:
        raise InputError(
            f"{location!r} names no event log (HOOFPRINT_LOG): a log is written "
            + " or ".join(f"{known}:PATH" for known in _SCHEMES)
        )
    return _SCHEMES[scheme](place)
