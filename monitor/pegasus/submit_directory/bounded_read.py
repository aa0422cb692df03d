"""Reads small files at once, and of others the beginning: nobody says how much a job wrote."""

import errno
import os
import stat
from pathlib import Path

READ_AT_ONCE = 1 << 22


def is_small(descriptor: int) -> bool:
    """Whether an open file may be read at once."""
    return os.fstat(descriptor).st_size < READ_AT_ONCE


def check_is_file(path: Path) -> None:
    """Raises ``OSError`` for what is no file: opening a pipe would wait for somebody to write into it."""
    if "\0" in str(path):
        raise OSError(errno.EINVAL, "no name that a file can have", str(path))
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "not a file", str(path))


def read_beginning(path: Path) -> str:
    """The text of a file, or its beginning; bytes that are no UTF-8 are replaced. Raises ``OSError``."""
    check_is_file(path)
    with path.open("rb", buffering=0) as file:
        # A limit makes Python set aside as much memory, however small the file is.
        data = file.readall() if is_small(file.fileno()) else file.read(READ_AT_ONCE)
    return (data or b"").decode("utf-8", "replace")
