"""Kickstart's YAML 3.0 in the block style in which kickstart writes it, read line by line.

A whole YAML reader takes a hundred times as long; what is not of this style is left to one.
"""

import json
from collections.abc import Iterator
from json import JSONDecodeError

from monitor.pegasus.submit_directory.kickstart import MOST_OUTPUT, KickstartRecord, Unusual

_READ_SECTIONS = frozenset(("mainjob", "machine", "files"))
_DEEPER = frozenset(("usage", "status", "executable"))
_STREAMS = frozenset(("stdin", "stdout", "stderr", "metadata"))
_BLOCK_MARKS = frozenset(("|", "|-", "|+"))
_SCALAR_NEVER_BEGINS = frozenset("{[&*!|>%@`")


class BlockReader:
    """Takes the lines of one record without the first (``- invocation: True``) and gives the record."""

    def __init__(self) -> None:
        self.record = KickstartRecord()
        self._section = ""
        self._part = ""
        self._stream: list[str] | None = None
        self._stream_name = ""
        self._stream_left = 0

    def take(self, lines: Iterator[str]) -> KickstartRecord:
        """Raises ``Unusual`` at a line that needs a whole YAML reader."""
        for line in lines:
            if self._stream is not None and self._continues(line):
                continue
            text = line.lstrip(" ")
            indent = len(line) - len(text)
            if indent == 2:
                self._top(text)
            elif indent and self._section:
                self._inside(indent, text)
        self._end_stream()
        return self.record

    def _top(self, text: str) -> None:
        name, value = pair(text)
        self._part = ""
        if value:
            self._section = ""
            self.record.values[name] = scalar(value)
        else:
            self._section = name if name in _READ_SECTIONS else ""

    def _inside(self, indent: int, text: str) -> None:
        if self._section == "files":
            self._of_a_file(indent, text)
        elif indent == 4:
            self._second(text)
        elif indent == 6 and self._part == "argument_vector":
            if not text.startswith("- "):
                raise Unusual
            self.record.arguments.append(scalar(text[2:].strip()))
        elif indent == 6 and self._part in _DEEPER:
            name, value = pair(text)
            self.record.values[f"{self._section}.{self._part}.{name}"] = scalar(value)

    def _second(self, text: str) -> None:
        name, value = pair(text)
        if value:
            self._part = ""
            self.record.values[f"{self._section}.{name}"] = scalar(value)
        else:
            self._part = name

    def _of_a_file(self, indent: int, text: str) -> None:
        if indent == 4:
            name = text.rstrip()
            if not name.endswith(":"):
                raise Unusual
            self._part = scalar(name[:-1])
            if self._part not in _STREAMS:
                self.record.files[self._part] = {}
        elif indent == 6:
            self._file_value(*pair(text))

    def _file_value(self, name: str, value: str) -> None:
        if name == "data" and self._part in _STREAMS:
            self._begin_stream(value)
        elif self._part not in _STREAMS:
            self.record.files[self._part][name] = scalar(value)

    def _begin_stream(self, mark: str) -> None:
        if mark in _BLOCK_MARKS:
            self._stream, self._stream_name, self._stream_left = [], self._part, MOST_OUTPUT
        else:
            self._keep_stream(self._part, scalar(mark))

    def _continues(self, line: str) -> bool:
        if line.startswith("        "):
            text = line[8:]
        elif not line.strip():
            text = ""
        else:
            self._end_stream()
            return False
        if self._stream is not None and self._stream_left > 0:
            self._stream.append(text[: self._stream_left])
            self._stream_left -= len(text) + 1
        return True

    def _end_stream(self) -> None:
        if self._stream is not None:
            self._keep_stream(self._stream_name, "\n".join(self._stream).rstrip("\n") + "\n")
            self._stream = None

    def _keep_stream(self, name: str, text: str) -> None:
        if name == "stdout":
            self.record.stdout = text
        elif name == "stderr":
            self.record.stderr = text


def pair(text: str) -> tuple[str, str]:
    """Name and value of a line of a block mapping. Raises ``Unusual``."""
    name, found, value = text.rstrip().partition(":")
    if not found or (value and value[0] != " ") or name[:1] in ('"', "'", "-"):
        raise Unusual
    return name, value.strip()


def scalar(value: str) -> str:
    """What a scalar means that stands on one line. Raises ``Unusual``."""
    first = value[:1]
    if first == '"':
        return _double_quoted(value)
    if first == "'":
        if len(value) < 2 or value[-1] != "'":
            raise Unusual
        return value[1:-1].replace("''", "'")
    if first in _SCALAR_NEVER_BEGINS and first:
        raise Unusual
    return value if " #" not in value else value.split(" #", 1)[0].rstrip()


def _double_quoted(value: str) -> str:
    if len(value) < 2 or value[-1] != '"':
        raise Unusual
    if "\\" not in value:
        return value[1:-1]
    try:
        return str(json.loads(value, strict=False))
    except JSONDecodeError:
        raise Unusual from None
