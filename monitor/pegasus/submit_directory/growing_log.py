"""A log that another program writes: whole lines as they come, over rotations and truncations."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_PIECE = 1 << 20
_LONGEST_LINE = 1 << 20
_TURNED = re.compile(r"\.(?:\d+|\d{8}T\d{6})$")


class GrowingLog:
    """Reads ``path`` and what was rotated away from it, each byte once.

    A line that is not ended yet waits for its end. Where the file was rotated (``.old``, ``.001``,
    ``.20261122T101500``) what was left of it is read before the new one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO | None = None
        self._rest = b""
        self._rotated: list[Path] | None = None

    @property
    def rest(self) -> str:
        """The beginning of a line whose end has not been written."""
        return self._rest.decode("utf-8", "replace")

    def lines(self) -> Iterator[str]:
        """Every line that was ended since the last time."""
        if self._rotated is None:
            self._rotated = rotated_before(self.path)
            for path in self._rotated:
                yield from self._read_through(path)
        yield from self._read_on()
        if self._was_replaced():
            self.close()
            yield from self._read_on()

    def close(self) -> None:
        """Let go of the file; what is read next is the file that has its name then."""
        if self._file is not None:
            self._file.close()
        self._file, self._rest = None, b""

    def _read_through(self, path: Path) -> Iterator[str]:
        with path.open("rb") as file:
            self._file = file
            yield from self._new_lines()
        self._file, self._rest = None, b""

    def _read_on(self) -> Iterator[str]:
        if self._file is None:
            # What is no file, a pipe say, could be waited for without end.
            if not self.path.is_file():
                return
            self._file = self.path.open("rb")
        yield from self._new_lines()

    def _new_lines(self) -> Iterator[str]:
        while self._file is not None and (piece := self._file.read(_PIECE)):
            *whole, self._rest = (self._rest + piece).split(b"\n")
            if len(self._rest) > _LONGEST_LINE:
                # Nothing that DAGMan writes is that long, and its end may never come.
                self._rest = self._rest[:_LONGEST_LINE]
            for line in whole:
                yield line.decode("utf-8", "replace")

    def _was_replaced(self) -> bool:
        if self._file is None:
            return False
        try:
            now = self.path.stat()
        except FileNotFoundError:
            return False
        ours = os.fstat(self._file.fileno())
        return (now.st_ino, now.st_dev) != (ours.st_ino, ours.st_dev) or now.st_size < self._file.tell()


def rotated_before(path: Path) -> list[Path]:
    """What was rotated away from a log, the oldest first; ``.old`` is the latest."""
    found = [
        other
        for other in path.parent.glob(f"{_escaped(path.name)}.*")
        if _TURNED.fullmatch(other.name[len(path.name) :]) and other.is_file()
    ]
    old = path.with_name(f"{path.name}.old")
    return [*sorted(found), *([old] if old.is_file() else [])]


def _escaped(name: str) -> str:
    return "".join(f"[{character}]" if character in "*?[" else character for character in name)
