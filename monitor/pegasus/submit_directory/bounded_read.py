"""Reads small files at once, and of others the beginning: nobody says how much a job wrote."""

import errno
import os
import stat
from pathlib import Path

READ_AT_ONCE = 1 << 22


def check_is_file(path: Path) -> None:
    """Raises ``OSError`` for what is no file: opening a pipe would wait for somebody to write into it."""
    name = str(path)
    if "\0" in name:
        raise OSError(errno.EINVAL, "no name that a file can have", name)
    if not stat.S_ISREG(os.stat(name).st_mode):
        raise OSError(errno.EINVAL, "not a file", name)


def read_small(path: Path) -> bytes | None:
    """All of a file that may be read at once; None of a longer one. Raises ``OSError``."""
    check_is_file(path)
    # There are tens of thousands of them: a file object for each takes as long again.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size = os.fstat(descriptor).st_size
        if size >= READ_AT_ONCE:
            return None
        return b"".join(iter(lambda: os.read(descriptor, size + 1), b""))
    finally:
        os.close(descriptor)


def read_beginning(path: Path) -> str:
    """The text of a file, or its beginning; bytes that are no UTF-8 are replaced. Raises ``OSError``."""
    data = read_small(path)
    if data is None:
        with path.open("rb", buffering=0) as file:
            data = file.read(READ_AT_ONCE) or b""
    return data.decode("utf-8", "replace")
