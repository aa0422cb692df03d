"""A log that another program writes: whole lines as they come, over rotations and truncations."""

import os
import re
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

_PIECE = 1 << 20
_LONGEST_LINE = 1 << 20
_HEAD = 64
_TURNED = re.compile(r"\.(?:\d+|\d{8}T\d{6})$")
_Identity = tuple[int, int]


class GrowingLog:
    """Reads ``path`` and what was rotated away from it, each byte once.

    A line that is not ended yet waits for its end. Where the file was rotated (``.old``, ``.001``,
    ``.20261122T101500``) what was left of it is read before the new one, and so is what came and went between
    two looks. ``trouble`` is why nothing could be read the last time; it is tried again the next time.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.trouble: OSError | None = None
        self._file: FileIO | None = None
        self._head = b""
        self._rest = b""
        self._read: set[_Identity] = set()
        self._paused: tuple[_Identity, int] | None = None

    @property
    def rest(self) -> str:
        """The beginning of a line whose end has not been written."""
        return self._rest.decode("utf-8", "replace")

    def lines(self) -> Iterator[str]:
        """Every line that was ended since the last time, up to where the log ends now."""
        self.trouble = None
        try:
            yield from self._lines()
        except OSError as error:
            self.trouble = error

    def pause(self) -> None:
        """Keep no file open until there is more to read: a workflow may have thousands below it."""
        if self._file is not None:
            self._paused = _of(os.fstat(self._file.fileno())), self._file.tell()
            self._file.close()
            self._file = None

    def _lines(self) -> Iterator[str]:
        if self._paused is not None and not self._resume(*self._paused):
            return
        if self._was_truncated():
            # What was copied away before it was truncated has been read.
            self._read.update(map(_identity, rotated_before(self.path)))
            self.close()
            self._open()
        elif self._file is None:
            yield from self._read_rotated()
        yield from self._new_lines()
        if self._was_rotated():
            # What was written between the look and the rotation.
            yield from self._new_lines()
            self.close()
            yield from self._read_rotated()
            yield from self._new_lines()

    def close(self) -> None:
        """Let go of the file; what is read next is the file that has its name then."""
        if self._file is not None:
            self._file.close()
        self._file, self._paused, self._head, self._rest = None, None, b"", b""

    def _resume(self, identity: _Identity, offset: int) -> bool:
        """Open again what was paused, wherever it was rotated to; whether there is anything to read."""
        try:
            now = self.path.stat()
        except FileNotFoundError:
            return False
        if _of(now) == identity and now.st_size == offset:
            return False
        for path in (self.path, *rotated_before(self.path)):
            if _identity(path) == identity:
                self._file = path.open("rb", buffering=0)
                self._file.seek(offset)
                self._paused = None
                return True
        self.close()
        return True

    def _read_rotated(self) -> Iterator[str]:
        """Open the log, and read what was rotated away before that has not been read."""
        self._open()
        current, self._file = self._file, None
        try:
            rotated = [(path, _identity(path)) for path in rotated_before(self.path)]
            self._read &= {identity for _, identity in rotated} | self._identities(current)
            for path, identity in rotated:
                if identity not in self._read:
                    self._read.add(identity)
                    yield from self._read_through(path)
        finally:
            self.close()
            self._file = current

    def _identities(self, file: FileIO | None) -> set[_Identity]:
        return set() if file is None else {_of(os.fstat(file.fileno()))}

    def _read_through(self, path: Path) -> Iterator[str]:
        with path.open("rb", buffering=0) as file:
            self._file = file
            yield from self._new_lines()
        self.close()

    def _open(self) -> None:
        # What is no file, a pipe say, could be waited for without end.
        if self.path.is_file():
            # No buffer: of a file on a network, bytes that were read may be others later.
            self._file = self.path.open("rb", buffering=0)
            self._read |= self._identities(self._file)

    def _new_lines(self) -> Iterator[str]:
        if self._file is None:
            return
        end = os.fstat(self._file.fileno()).st_size
        while (room := end - self._file.tell()) > 0 and (piece := self._file.read(min(room, _PIECE))):
            if piece.endswith(b"\0") and len(piece) == room:
                # Over a network the size may be there before what was written.
                written = piece.rstrip(b"\0")
                end = self._file.seek(len(written) - len(piece), os.SEEK_CUR)
                piece = written
            if self._file.tell() == len(piece):
                self._head = piece[:_HEAD].partition(b"\0")[0]
            *whole, self._rest = (self._rest + piece.replace(b"\0", b"")).split(b"\n")
            if len(self._rest) > _LONGEST_LINE:
                # Nothing that DAGMan writes is that long, and its end may never come.
                self._rest = self._rest[:_LONGEST_LINE]
            for line in whole:
                yield line.decode("utf-8", "replace")

    def _was_rotated(self) -> bool:
        if self._file is None:
            return False
        try:
            now = self.path.stat()
        except FileNotFoundError:
            return False
        return _of(now) not in self._identities(self._file)

    def _was_truncated(self) -> bool:
        if self._file is None:
            return False
        descriptor = self._file.fileno()
        is_shorter = os.fstat(descriptor).st_size < self._file.tell()
        return is_shorter or os.pread(descriptor, len(self._head), 0) != self._head


def rotated_before(path: Path) -> list[Path]:
    """What was rotated away from a log, the oldest first; ``.old`` is the latest."""
    found = [
        other
        for other in path.parent.glob(f"{_escaped(path.name)}.*")
        if _TURNED.fullmatch(other.name[len(path.name) :]) and other.is_file()
    ]
    old = path.with_name(f"{path.name}.old")
    in_turn = sorted(found, key=lambda each: (len(each.name), each.name))
    return [*in_turn, *([old] if old.is_file() else [])]


def _identity(path: Path) -> _Identity:
    return _of(path.stat())


def _of(status: os.stat_result) -> _Identity:
    return status.st_dev, status.st_ino


def _escaped(name: str) -> str:
    return "".join(f"[{character}]" if character in "*?[" else character for character in name)
