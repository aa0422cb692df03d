"""Writers take turns: who waits for the log's write lock comes before who has just let go of it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Turnstile:
    """One process or thread at a time waits for a lock; the others queue behind it, in the kernel.

    SQLite's waiters poll, so a bulk writer that begins again at once would pass them by for seconds. The
    queue is a lock on a file of its own: on the database file it would interfere with SQLite's locks. The
    kernel frees it when its holder dies.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Hold the turnstile, as long as it takes to get the real lock."""
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the file; it stays where it is, for the others."""
        os.close(self._file)
