"""Waiting for what is appended to a log, without reading it."""

import time
from typing import Protocol, runtime_checkable

from eventlog.log import EventLog, Position

_LOOK_EVERY = 0.02


@runtime_checkable
class Watchable(Protocol):
    """A log that tells of news by itself, so that nobody has to look again and again."""

    def wait_for_news(self, after: Position, seconds: float) -> bool:
        """Return True as soon as there are events from position ``after`` on, False after so many seconds.

        Nothing is waited for in a partition in which ``after`` lies beyond the end. Now and then news may be
        missed: who must not miss them looks at the head, too.
        """
        ...


def wait_for_news(log: EventLog, after: Position, seconds: float) -> bool:
    """What ``Watchable`` says, for any log: those that cannot tell are looked at every 20 ms."""
    if isinstance(log, Watchable):
        return log.wait_for_news(after, seconds)
    deadline = time.monotonic() + seconds
    while after.reaches(log.head()):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_LOOK_EVERY)
    return True
