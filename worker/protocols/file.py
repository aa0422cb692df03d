"""Files of this machine: copied, or linked to where they lie."""

import os
from typing import Iterator

from worker.clock import Stopwatch
from worker.errors import TransferFailed, UnreadableFile
from worker.integrity import CHUNK, Mismatch, digest_of, open_regular
from worker.landing import Landed, Request, beside, discard, land, settle
from worker.places import path_of


def copy(request: Request) -> Landed:
    """Copy a file, or check it in place when source and destination are one."""
    source = path_of(request.source)
    try:
        if _is_in_place(source, request.destination):
            return _checked(source, request, linked=False)
        return _copied(source, request)
    except UnreadableFile as error:
        raise _unreadable(error) from None
    except OSError as error:
        raise TransferFailed("%s: %s" % (request.destination, error.strerror)) from None


def link(request: Request) -> Landed:
    """Make the destination a symbolic link to the source, once the source is found to be as expected."""
    source = path_of(request.source)
    if _is_in_place(source, request.destination):
        return copy(request)
    try:
        landed = _checked(source, request, linked=True)
        _link(source, request.destination)
    except UnreadableFile as error:
        raise _unreadable(error) from None
    except OSError as error:
        raise TransferFailed("%s: %s" % (request.destination, error.strerror)) from None
    return landed


def _unreadable(error: UnreadableFile) -> TransferFailed:
    # A missing file may still appear (network file systems tell late); a forbidden one does not mend.
    return TransferFailed(str(error), hopeless=not error.missing, missing=error.missing)


def _is_in_place(source: str, destination: str) -> bool:
    # A link an earlier attempt left there is no copy yet, though both names lead to one file.
    return not os.path.islink(destination) and os.path.realpath(source) == os.path.realpath(destination)


def _checked(source: str, request: Request, linked: bool) -> Landed:
    watch = Stopwatch()
    found = digest_of(source, request.check)
    if not request.expected.met_by(found):
        raise Mismatch(request.expected, found, source)
    return Landed(found, watch.elapsed(), linked)


def _copied(source: str, request: Request) -> Landed:
    with os.fdopen(open_regular(source), "rb", 0) as file:
        chunks: Iterator[bytes] = iter(lambda: file.read(CHUNK), b"")
        return land(chunks, source, request, os.fstat(file.fileno()).st_mode)


def _link(source: str, destination: str) -> None:
    temporary = beside(destination)
    os.symlink(source, temporary)
    try:
        settle(temporary, destination)
    except BaseException:
        discard(temporary)
        raise
