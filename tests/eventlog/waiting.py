"""Waiting for what a server does after it has answered."""

import time
from collections.abc import Callable


def eventually(holds: Callable[[], bool]) -> None:
    """Return as soon as it holds; fail after 10 s."""
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)
