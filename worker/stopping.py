"""What ends a job early: a signal to the worker, or a task that outlives its timeout."""

import os
import signal
import time
from typing import FrozenSet, Optional

from worker.errors import Stopped

_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
HANDLED: FrozenSet[int] = frozenset((*_ENDING, signal.SIGALRM))

_SLICE = 0.05  # seconds a pause sleeps before it looks at the signal again


class Stop:
    """Remembers the first signal that told the worker to end, and passes it on to the running task.

    The task gets SIGTERM, and SIGKILL when it still runs `grace` seconds later. Whoever works in between asks
    `check`, which raises Stopped.
    """

    def __init__(self, grace: float) -> None:
        self.signal: Optional[int] = None
        self.timed_out = False
        self._grace = grace
        self._group: Optional[int] = None
        self._ending = False

    def install(self) -> None:
        """Take over the signals; what the parent chose to ignore (nohup) stays ignored."""
        for number in _ENDING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._told_to_end)
        signal.signal(signal.SIGALRM, self._alarm)

    def check(self) -> None:
        """Raise Stopped when the worker was told to end."""
        if self.signal is not None:
            raise Stopped(self.signal)

    def pause(self, seconds: float) -> None:
        """Sleep, but no longer than until the worker is told to end."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.check()
            time.sleep(min(_SLICE, seconds))
        self.check()

    def watch(self, group: int, timeout: Optional[float]) -> None:
        """Answer for a task that has just started, given its process group."""
        self._group = group
        self._ending = self.timed_out = False
        if self.signal is not None:
            self._end_task()
        elif timeout is not None:
            signal.setitimer(signal.ITIMER_REAL, timeout)

    def release(self) -> None:
        """Forget the task, which has ended; when it was made to end, what it left behind is killed."""
        group, self._group = self._group, None
        signal.setitimer(signal.ITIMER_REAL, 0)
        if group is not None and self._ending:
            _kill(group, signal.SIGKILL)

    def _told_to_end(self, number: int, frame: object) -> None:
        if self.signal is None:
            self.signal = number
            self._end_task()

    def _alarm(self, number: int, frame: object) -> None:
        if self._ending and self._group is not None:
            _kill(self._group, signal.SIGKILL)
        elif self._group is not None:
            self.timed_out = True
            self._end_task()

    def _end_task(self) -> None:
        if self._group is not None and not self._ending:
            self._ending = True
            _kill(self._group, signal.SIGTERM)
            signal.setitimer(signal.ITIMER_REAL, self._grace)


def _kill(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except OSError:
        pass  # it is gone already
