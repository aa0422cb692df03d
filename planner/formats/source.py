"""Bringing a file into memory: what cannot be a document is refused before anything parses it."""

import os
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from eventlog.errors import InputError

LARGEST_DOCUMENT = 4 * 1024**3
# Repetitive workflows shrink about forty times; only what was made to explode shrinks hundreds of times.
LARGEST_RATIO = 400
LONGEST_LINE = 2 * 1024**2
_UNSUSPICIOUS = 16 * 1024**2
_GZIP_MAGIC = b"\x1f\x8b"
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
_HEAD = 1 << 16
_PIECE = 1 << 20
# A header, a flow mapping, an item, or a key: no line of the text formats begins like that.
_yaml_start = re.compile(r"""---|%YAML|\{|-\s|["']?[$\w][\w.-]*["']?\s*:(?=\s|\Z)""")


@dataclass(frozen=True, slots=True)
class Source:
    """A file's content, unpacked; ``name`` is how messages call it."""

    name: str
    data: bytes

    @property
    def first_line(self) -> str:
        """The first line that is neither blank nor a ``#`` comment; "" where there is none near the start."""
        encoding = "utf-16" if self.data.startswith(_WIDE_MARKS) else "utf-8-sig"
        lines = (line.strip() for line in self.data[:_HEAD].decode(encoding, "replace").splitlines())
        return next((line for line in lines if line and not line.startswith("#")), "")

    @property
    def is_xml(self) -> bool:
        """Whether the content begins like XML."""
        return self.first_line.startswith("<")

    @property
    def is_yaml(self) -> bool:
        """Whether the content begins like a YAML mapping or list, or like JSON."""
        return _yaml_start.match(self.first_line) is not None

    def text(self) -> str:
        """Return the content as text; raises InputError naming the line that is not UTF-8."""
        try:
            return self.data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = self.data.count(b"\n", 0, error.start) + 1
            raise InputError(
                f"{self.name}:{line}: not UTF-8 ({error.reason}); save the file as UTF-8"
            ) from error


def read_source(path: str | os.PathLike[str], *, may_be_empty: bool = False) -> Source:
    """Read a file, unpacking gzip by its content.

    Raises InputError when it is missing, not a file, empty, binary, or unreasonably large.
    """
    name = os.fspath(path)
    data = _unpack(name, _read(name))
    if not may_be_empty and not data.strip():
        raise InputError(f"{name}: the file is empty")
    if b"\0" in data and not data.startswith(_WIDE_MARKS):
        raise InputError(f"{name}: the file is binary, not text")
    return Source(name, data)


def read_lines(path: str | os.PathLike[str]) -> Iterator[bytes]:
    """The lines of a plain file, each as far as ``LONGEST_LINE`` bytes. Raises ``OSError``."""
    with open(path, "rb") as stream:
        while line := stream.readline(LONGEST_LINE):
            yield line


def _read(name: str) -> bytes:
    try:
        if Path(name).is_dir():
            raise InputError(f"{name}: this is a directory; a file is wanted")
        with open(name, "rb") as stream:
            data = _as_much_as_is_read(stream)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(f"{name!s}: cannot be read: {reason}") from error
    if len(data) > LARGEST_DOCUMENT:
        raise InputError(f"{name}: larger than {LARGEST_DOCUMENT} bytes, the most that is read")
    return data


def _as_much_as_is_read(stream: BinaryIO) -> bytes:
    """The document, or one byte more than is read of any; room is taken for what is there alone."""
    parts, left = [], LARGEST_DOCUMENT + 1
    # of a pipe nobody knows the size, and a file may grow
    size = os.fstat(stream.fileno()).st_size + 1
    while left and (part := stream.read(min(size, left))):
        parts.append(part)
        left -= len(part)
        size = _PIECE
    return b"".join(parts)


def _unpack(name: str, data: bytes) -> bytes:
    if not data.startswith(_GZIP_MAGIC):
        return data
    most = min(max(LARGEST_RATIO * len(data), _UNSUSPICIOUS), LARGEST_DOCUMENT)
    parts: list[bytes] = []
    rest, size = data, 0
    while rest:
        part, rest = _unpack_member(name, rest, most - size)
        size += len(part)
        parts.append(part)
    return b"".join(parts)


def _unpack_member(name: str, data: bytes, most: int) -> tuple[bytes, bytes]:
    decompressor = zlib.decompressobj(wbits=31)
    try:
        part = decompressor.decompress(data, most + 1)
    except zlib.error as error:
        raise InputError(f"{name}: damaged gzip file: {error}") from error
    if len(part) > most:
        raise InputError(f"{name}: unpacks to more than {LARGEST_RATIO} times its size; this is no workflow")
    if not decompressor.eof:
        raise InputError(f"{name}: damaged gzip file: it ends too early")
    return part, decompressor.unused_data
