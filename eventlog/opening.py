"""Opens the log that a setting names."""

import re
from collections.abc import Callable
from pathlib import Path

from eventlog.errors import InputError
from eventlog.log import EventLog
from eventlog.sqlite import SqliteLog

_SCHEME = re.compile(r"([a-z][a-z0-9+.]*):")


def open_log(location: str) -> EventLog:
    """The event log at ``sqlite:PATH`` (or plain PATH), created where there is none.

    Raises InputError for another scheme, and what ``SqliteLog.open`` raises.
    """
    scheme = _SCHEME.match(location)
    opener = _OPENERS.get(scheme[1] if scheme else "sqlite")
    place = location[scheme.end() :] if scheme else location
    if opener is None or not place:
        known = " or ".join(f"{scheme}:PATH" for scheme in _OPENERS)
        raise InputError(f"{location!r} names no event log: HOOFPRINT_LOG is written {known}")
    return opener(place)


def _open_sqlite(place: str) -> EventLog:
    return SqliteLog.open(Path(place).expanduser())


_OPENERS: dict[str, Callable[[str], EventLog]] = {"sqlite": _open_sqlite}
