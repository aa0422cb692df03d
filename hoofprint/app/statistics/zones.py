"""Which time zone the time tables speak of."""

import os
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from eventlog.errors import InputError

_LOCAL_TIME = Path("/etc/localtime")
_FOLDER = "zoneinfo"


def zone_named(name: str) -> ZoneInfo:
    """The zone of an IANA name such as ``America/Los_Angeles``; raises InputError for any other."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InputError(f"no time zone {name!r}: give a name such as America/Los_Angeles or UTC") from None


def local_zone() -> ZoneInfo:
    """The zone of this machine: what ``TZ`` names, else what ``/etc/localtime`` is; UTC without either."""
    named = os.environ.get("TZ", "").removeprefix(":")
    if named:
        return zone_named(named)
    place = _LOCAL_TIME.resolve()
    if _FOLDER in place.parts:
        return zone_named("/".join(place.parts[place.parts.index(_FOLDER) + 1 :]))
    if place.exists():
        with place.open("rb") as rules:
            return ZoneInfo.from_file(rules, key="local time")
    return ZoneInfo("UTC")
