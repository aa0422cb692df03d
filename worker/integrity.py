"""Digests: what a file's content is, and whether it is what was expected."""

import os
import stat
import time
from typing import Callable, NamedTuple, Optional

from worker.errors import UnreadableFile, WorkerError

CHUNK = 1024 * 1024

Check = Callable[[], None]


class Digest(NamedTuple):
    """What a file's content is: sha256 in hexadecimal, and its size in bytes."""

    sha256: str
    size: int


class Expectation(NamedTuple):
    """What is known of a file beforehand; None where nothing is."""

    sha256: Optional[str]
    size: Optional[int]

    def met_by(self, found: Digest) -> bool:
        """Say whether a digest contradicts nothing that is known."""
        return self.sha256 in (None, found.sha256) and self.size in (None, found.size)


class Mismatch(WorkerError):
    """A file's content is not what was expected of it."""

    def __init__(self, expected: Expectation, found: Digest, place: str) -> None:
        wanted = "sha256 %s" % expected.sha256 if expected.sha256 else "any content"
        if expected.size is not None:
            wanted += " (%d bytes)" % expected.size
        super().__init__("expected %s, found %s (%d bytes) at %s" % (wanted, found.sha256, found.size, place))
        self.expected = expected
        self.found = found
        self.place = place


def open_regular(path: str) -> int:
    """Open a regular file for reading and give its descriptor; raises UnreadableFile."""
    try:
        # Without O_NONBLOCK a FIFO that a task left in the place of a file would block for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            raise UnreadableFile("%s does not exist" % path, missing=True) from None
        raise UnreadableFile("%s cannot be read: %s" % (path, error.strerror)) from None
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        kind = "a directory" if stat.S_ISDIR(mode) else "no regular file"
        raise UnreadableFile("%s is %s" % (path, kind))
    return descriptor


class Hasher:
    """Computes a digest of chunks that pass by, and the time it takes."""

    def __init__(self) -> None:
        import hashlib  # not every job reads a file, and every job pays for its imports

        self._hash = hashlib.sha256()
        self._size = 0
        self._seconds = 0.0

    def update(self, chunk: bytes) -> None:
        """Take the next chunk in."""
        start = time.monotonic()
        self._hash.update(chunk)
        self._seconds += time.monotonic() - start
        self._size += len(chunk)

    def digest(self) -> Digest:
        """Give the digest of all chunks."""
        return Digest(self._hash.hexdigest(), self._size)

    def elapsed(self) -> int:
        """Give the microseconds spent on hashing."""
        return int(self._seconds * 1000000)


def digest_of(path: str, check: Check) -> Digest:
    """Read a file and give its digest; `check` is asked between chunks and raises to end early."""
    hasher = Hasher()
    descriptor = open_regular(path)
    try:
        while True:
            check()
            chunk = os.read(descriptor, CHUNK)
            if not chunk:
                return hasher.digest()
            hasher.update(chunk)
    except OSError as error:
        raise UnreadableFile("%s cannot be read: %s" % (path, error.strerror)) from None
    finally:
        os.close(descriptor)
