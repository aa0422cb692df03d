"""Recognises what somebody wants imported; each kind of source registers here in one line."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from eventlog.errors import InputError, NotFoundError
from monitor.pegasus.event_file import EventFile, looks_like_event_file
from monitor.pegasus.records import RecordSource
from monitor.pegasus.reports import Reports
from monitor.pegasus.submit_directory import SubmitDirectory, is_submit_directory
from monitor.pegasus.translation.translator import TRANSLATED


@dataclass(frozen=True, slots=True)
class Recogniser:
    """One kind of source: what it is called, whether a location is one, and how it is opened.

    A location is a path or an address; ``open`` gets the location and where to report what is unreadable.
    """

    kind: str
    accepts: Callable[[str], bool]
    open: Callable[[str, Reports], RecordSource]


RECOGNISERS = (
    Recogniser(
        "stampede event file (.bp)",
        lambda location: looks_like_event_file(Path(location)),
        lambda location, reports: EventFile(Path(location), reports, TRANSLATED),
    ),
    Recogniser(
        "submit directory",
        lambda location: is_submit_directory(Path(location)),
        lambda location, reports: SubmitDirectory(Path(location), reports),
    ),
)
"""Every kind of source; the first that accepts a location opens it."""


def recognise(location: str, reports: Reports) -> RecordSource:
    """The source that lies at a location.

    Raises NotFoundError where nothing is, InputError for what no kind of source is like.
    """
    for recogniser in RECOGNISERS:
        if recogniser.accepts(location):
            return recogniser.open(location, reports)
    if "://" not in location and not Path(location).exists():
        raise NotFoundError(f"{location}: no such file or directory")
    kinds = ", ".join(recogniser.kind for recogniser in RECOGNISERS)
    raise InputError(f"{location} is nothing that can be imported: name one of {kinds}")
