"""Recognises what somebody wants imported; each kind of source registers here in one line."""

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from eventlog.errors import InputError, NotFoundError
from monitor.pegasus.database_location import looks_like_database
from monitor.pegasus.event_file import EventFile, looks_like_event_file
from monitor.pegasus.json_traces import JsonLines, looks_like_json_lines
from monitor.pegasus.records import RecordSource
from monitor.pegasus.reports import Reports
from monitor.pegasus.translation.translator import TRANSLATED


@dataclass(frozen=True, slots=True)
class Wishes:
    """What somebody says beside a location.

    ``workflow`` is the UUID of the one workflow to read, of a source that holds several; ``timezone`` names
    the zone of the submit host, for logs with local times.
    """

    workflow: str | None = None
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class Recogniser:
    """One kind of source: what it is called, whether a location is one, and how it is opened.

    A location is a path or an address; ``open`` gets the location, where to report what is unreadable, and
    what was wished for: only what ``holds_several`` can choose a workflow.
    """

    kind: str
    accepts: Callable[[str], bool]
    open: Callable[[str, Reports, Wishes], RecordSource]
    holds_several: bool = False


NO_WISHES = Wishes()


# Readers are loaded where there is something for them: that takes longer than many an import.


def _is_submit_directory(location: str) -> bool:
    from monitor.pegasus.submit_directory import is_packed, is_submit_directory

    return is_submit_directory(Path(location)) or is_packed(Path(location))


def _submit_directory(location: str, reports: Reports, wishes: Wishes) -> RecordSource:
    from monitor.pegasus.submit_directory import submit_directory

    return submit_directory(Path(location), reports, wishes.timezone)


def _database(location: str, reports: Reports, wishes: Wishes) -> RecordSource:
    from monitor.pegasus.database import StampedeDatabase

    return StampedeDatabase(location, reports, wishes.workflow)


RECOGNISERS = (
    Recogniser(
        "stampede event file (.bp)",
        lambda location: looks_like_event_file(Path(location)),
        lambda location, reports, _: EventFile(Path(location), reports, TRANSLATED),
    ),
    Recogniser(
        "event file in JSON lines",
        lambda location: looks_like_json_lines(Path(location)),
        lambda location, reports, _: JsonLines(Path(location), reports),
    ),
    Recogniser(
        "submit directory (or a .tar.gz of one)",
        _is_submit_directory,
        _submit_directory,
    ),
    Recogniser(
        "stampede database (a file, or its address)",
        looks_like_database,
        _database,
        holds_several=True,
    ),
)
"""Every kind of source; the first that accepts a location opens it."""


def recognise(location: str, reports: Reports, wishes: Wishes = NO_WISHES) -> RecordSource:
    """The source that lies at a location, read as was wished for.

    Raises NotFoundError where nothing is, InputError for what may not be read and what no kind of source is
    like.
    """
    if "://" not in location:
        _check_may_be_read(location)
    for recogniser in RECOGNISERS:
        if recogniser.accepts(location):
            if wishes.workflow is not None and not recogniser.holds_several:
                raise InputError(
                    f"{location} is a {recogniser.kind}: a workflow is chosen of a database only"
                )
            return recogniser.open(location, reports, wishes)
    if "://" not in location and not Path(location).exists():
        raise NotFoundError(f"{location}: no such file or directory")
    kinds = ", ".join(recogniser.kind for recogniser in RECOGNISERS)
    raise InputError(f"{location} is nothing that can be imported: name one of {kinds}")


def _check_may_be_read(location: str) -> None:
    """Raises ``InputError``; what is not there at all is for others to tell."""
    try:
        is_folder = stat.S_ISDIR(os.stat(location).st_mode)
    except PermissionError as error:
        raise InputError(f"{location}: {error.strerror}: you may not enter a folder on the way") from None
    except (OSError, ValueError):
        return
    if not os.access(location, os.R_OK | os.X_OK if is_folder else os.R_OK):
        raise InputError(f"{location}: Permission denied: you may not read it")
