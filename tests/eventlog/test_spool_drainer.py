"""The thread that drains a spool while its process is idle."""

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from eventlog.errors import UnavailableError
from eventlog.event import Event
from eventlog.log import Appended, EventLog, Spooled
from eventlog.memory import MemoryLog
from eventlog.spool import SpoolingLog
from eventlog.spool_drainer import SpoolDrainer
from eventlog.spool_file import SpoolFile


class AwayLog(MemoryLog):
    away = True

    def append(self, events: Sequence[Event]) -> Appended:
        if self.away:
            raise UnavailableError("away")
        return super().append(events)


def test_what_was_spooled_goes_to_the_log_while_nobody_appends(
    tmp_path: Path, submitted: Callable[..., list[Event]], events_in: Callable[[EventLog], list[Event]]
) -> None:
    behind = AwayLog()
    spooling = SpoolingLog(lambda: behind, "away", SpoolFile.open(tmp_path / "spool.db"))
    with closing(spooling), closing(SpoolDrainer(spooling, every=0.01)):
        assert spooling.append(submitted(range(1100))) == Spooled(1100)
        behind.away = False
        until = time.monotonic() + 20
        while spooling.state().events:
            assert time.monotonic() < until, "waited in vain"
            time.sleep(0.01)
    assert events_in(behind) == submitted(range(1100))
