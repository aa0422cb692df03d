"""The two clocks: the wall's, for when something happened, and a steady one, for how long it took."""

import time


def now() -> int:
    """Give the time in microseconds since the epoch, UTC."""
    return int(time.time() * 1000000)


class Stopwatch:
    """Measures how long something takes, unmoved by a clock that is set meanwhile."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def elapsed(self) -> int:
        """Give the microseconds since it was started."""
        return int((time.monotonic() - self._start) * 1000000)
