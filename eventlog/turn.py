"""Writers take turns: who waits for the log's write lock comes before who has just let go of it."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eventlog.errors import LogError


class Turnstile:
    """One process or thread at a time waits for a lock; the others queue behind it, in the kernel.

    SQLite's waiters poll, so a bulk writer that begins again at once would pass them by for seconds. The
    queue is a lock on a file of its own: on the database file it would interfere with SQLite's locks. The
    kernel frees it when its holder dies.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab")

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Hold the turnstile, as long as it takes to get the real lock."""
        if self._file.closed:
            raise LogError(f"the event log of {self._file.name} was closed")
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the file; it stays where it is, for the others."""
        self._file.close()
