"""How a run is asked to end: once for an orderly end, twice for an immediate one."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop:
    """Counts the requests to end; its file descriptor becomes readable with the first."""

    def __init__(self) -> None:
        self.requests = 0
        self.reason = ""
        self._reading, self._writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def request(self, reason: str) -> None:
        """Ask to end; safe to call from a signal handler."""
        self.requests += 1
        self.reason = self.reason or reason
        try:
            os.write(self._writing, b"!")
        except BlockingIOError:
            return  # the pipe is full of requests: the reader will wake

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._reading

    def clear(self) -> None:
        """Empty the descriptor after waking; the count stays."""
        try:
            os.read(self._reading, 4096)
        except BlockingIOError:
            return

    def close(self) -> None:
        """Let go of the descriptors."""
        os.close(self._reading)
        os.close(self._writing)


@contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """A Stop that SIGINT, SIGTERM and SIGHUP request, while the context lasts; for the main thread.

    What the parent chose to ignore (nohup) stays ignored.
    """
    stop = Stop()

    def handle(number: int, _frame: FrameType | None) -> None:
        stop.request(f"interrupted by {signal.Signals(number).name}")

    before = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, handle)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        stop.close()
