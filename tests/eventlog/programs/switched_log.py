"""An SQLite log that is out of reach while a file named ``down`` lies beside it, and a spool before it."""

from collections.abc import Sequence
from pathlib import Path

from eventlog.errors import UnavailableError
from eventlog.event import Event
from eventlog.log import Appended
from eventlog.spool import SpoolingLog
from eventlog.spool_file import SpoolFile
from eventlog.sqlite import SqliteLog


class SwitchedLog(SqliteLog):
    """Looks for the file at each append."""

    def append(self, events: Sequence[Event]) -> Appended:
        if self._path.with_name("down").exists():
            raise UnavailableError("switched off")
        return super().append(events)


def open_spooling(folder: Path) -> SpoolingLog:
    """The log of a folder behind the folder's spool; it is tried again at once, however often it failed."""
    return SpoolingLog(
        lambda: SwitchedLog.open(folder / "log.db"),
        "switched",
        SpoolFile.open(folder / "spool.db"),
        clock=_Impatient(),
    )


class _Impatient:
    """A clock by which a minute passes between any two looks."""

    def __init__(self) -> None:
        self._now = 0.0

    def __call__(self) -> float:
        self._now += 60.0
        return self._now
