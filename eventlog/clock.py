"""The wall's clock, as events and logs tell the time."""

import time


def now() -> int:
    """The time, in microseconds since the epoch, UTC."""
    return time.time_ns() // 1000
