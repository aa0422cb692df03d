"""One engine a plan directory."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eventlog.errors import HoofprintError

_PATIENCE = 1.0  # seconds


class PlanBusyError(HoofprintError):
    """Another engine runs this plan."""


@contextmanager
def plan_lock(plan_directory: Path) -> Iterator[None]:
    """Hold the plan directory alone; raises PlanBusyError with the other engine's process id.

    The lock goes with its holder, however that ends; the file stays, since removing it would let a third
    engine lock a new file while a second waits on the old one.
    """
    path = plan_directory / "engine.lock"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise HoofprintError(f"{path}: cannot be opened: {error.strerror}") from error
    try:
        _take(descriptor, plan_directory)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, plan_directory: Path) -> None:
    # A process that a killed engine was just starting holds the lock until it has become a worker.
    until = time.monotonic() + _PATIENCE
    while not _taken(descriptor):
        if time.monotonic() > until:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
            raise PlanBusyError(
                f"{plan_directory}: is being run by process {holder or 'unknown'}; "
                "wait for it to end, or stop it (kill -INT) and run again"
            )
        time.sleep(_PATIENCE / 20)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
