"""How a file arrives: beside its destination first, checked and on disk, then by a rename or not at all."""

import os
from typing import Iterable, NamedTuple

from worker.integrity import Check, Digest, Expectation, Hasher, Mismatch


class Request(NamedTuple):
    """What a protocol is asked for: one source, one native destination path, what is known of the content.

    `mode` bits that `umask` holds are never set; `check` is asked between chunks and raises to end early.
    """

    source: str
    destination: str
    expected: Expectation
    executable: bool
    umask: int
    check: Check


class Landed(NamedTuple):
    """What arrived, and the microseconds its digest took; `linked`: as a symbolic link to the source."""

    digest: Digest
    hashing: int
    linked: bool


def beside(path: str) -> str:
    """Give an unused name in the directory of `path`; the directory is made if missing."""
    directory = os.path.dirname(path)
    os.makedirs(directory, exist_ok=True)
    return os.path.join(directory, ".hoofprint-%d-%s.part" % (os.getpid(), os.urandom(6).hex()))


def sync_directory(directory: str) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(directory or ".", os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def settle(temporary: str, destination: str) -> None:
    """Give a finished file its name in one step, durably."""
    os.rename(temporary, destination)
    sync_directory(os.path.dirname(destination))


def discard(path: str) -> None:
    """Remove a file that may be there or not."""
    try:
        os.unlink(path)
    except OSError:
        pass


def land(chunks: Iterable[bytes], place: str, request: Request, mode: int) -> Landed:
    """Write chunks to the destination, which stays as it was unless all arrive and are as expected.

    Raises Mismatch, which names the place the chunks come from, when they are not as expected.
    """
    temporary = beside(request.destination)
    try:
        landed = _write(chunks, place, temporary, request, mode)
        settle(temporary, request.destination)
    except BaseException:
        discard(temporary)
        raise
    return landed


def _write(chunks: Iterable[bytes], place: str, temporary: str, request: Request, mode: int) -> Landed:
    hasher = Hasher()
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        for chunk in chunks:
            request.check()
            hasher.update(chunk)
            file.write(chunk)
        found = hasher.digest()
        if not request.expected.met_by(found):
            raise Mismatch(request.expected, found, place)
        file.flush()
        os.fchmod(descriptor, _final_mode(mode, request))
        os.fsync(descriptor)
    return Landed(found, hasher.elapsed(), linked=False)


def _final_mode(mode: int, request: Request) -> int:
    """Give the permission bits of a file at its destination."""
    wanted = mode & 0o777
    if request.executable:
        wanted |= 0o111
    return wanted & ~request.umask | 0o400


def write_atomically(path: str, data: bytes) -> None:
    """Write a small file so that it is complete or absent, and stays so after a power cut."""
    temporary = beside(path)
    try:
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        settle(temporary, path)
    except BaseException:
        discard(temporary)
        raise
