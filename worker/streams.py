"""The standard streams of a task: files the order names, or captures that end with the worker."""

import os
from typing import NamedTuple, Optional

from worker.errors import UnreadableFile
from worker.places import inside

_CAPTURED = 256 * 1024  # bytes of a captured stream that go into the record, as the reference does
_TAIL = 8 * 1024  # bytes of stderr that tell why a task failed


class Stream(NamedTuple):
    """An open standard stream; a `temporary` one has no name the job gave it."""

    name: str
    path: str
    descriptor: int
    temporary: bool


class StreamReport(NamedTuple):
    """What a stream was when the task had ended; `data` is the beginning of a captured one."""

    name: str
    path: str
    descriptor: int
    temporary: bool
    status: os.stat_result
    data: bytes
    truncated: bool


def open_input(directory: str, path: Optional[str]) -> Stream:
    """Open what a task reads; raises UnreadableFile when the file is not there."""
    native_path = os.devnull if path is None else inside(directory, path)
    try:
        return Stream("stdin", native_path, os.open(native_path, os.O_RDONLY), False)
    except OSError as error:
        raise UnreadableFile("stdin %s cannot be read: %s" % (native_path, error.strerror)) from None


def open_output(directory: str, path: Optional[str], name: str) -> Stream:
    """Open what a task writes: the file the order names, or a nameless one that is captured."""
    flags = os.O_RDWR | os.O_CREAT
    if path is None:
        native_path = inside(directory, ".hoofprint-%s-%d-%s" % (name, os.getpid(), os.urandom(4).hex()))
        flags, mode = flags | os.O_EXCL, 0o600
    else:
        native_path = inside(directory, path)
        flags, mode = flags | os.O_TRUNC, 0o666
    try:
        if path is not None:
            os.makedirs(os.path.dirname(native_path), exist_ok=True)
        descriptor = os.open(native_path, flags, mode)
    except OSError as error:
        raise UnreadableFile("%s %s cannot be written: %s" % (name, native_path, error.strerror)) from None
    if path is None:
        os.unlink(native_path)
    return Stream(name, native_path, descriptor, path is None)


def report(stream: Stream) -> StreamReport:
    """Read what a stream holds, and close it."""
    try:
        status = os.fstat(stream.descriptor)
        data = os.pread(stream.descriptor, _CAPTURED, 0) if stream.temporary else b""
        return StreamReport(*stream, status=status, data=data, truncated=status.st_size > len(data))
    finally:
        os.close(stream.descriptor)


def tail(stream: Stream) -> str:
    """Give the last lines of a stream, 8 KiB at most."""
    try:
        size = os.fstat(stream.descriptor).st_size
        data = os.pread(stream.descriptor, _TAIL, max(0, size - _TAIL))
    except OSError:
        return ""  # a terminal or a pipe: nothing to look back at
    if size > _TAIL:
        data = data.partition(b"\n")[2] or data
    return data.decode("utf-8", "replace")
