"""Which time zone the time tables speak of."""

import os
from pathlib import Path
from zoneinfo import ZoneInfo

from projections.answers.time_statistics import zone_named

_LOCAL_TIME = Path("/etc/localtime")
_FOLDER = "zoneinfo"


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
