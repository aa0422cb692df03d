"""Kickstart's YAML 3.0 in the block style in which kickstart writes it, read line by line.

A whole YAML reader takes a hundred times as long; what is not of this style is left to one.
"""

import json
from collections.abc import Iterator
from json import JSONDecodeError

from monitor.pegasus.submit_directory.kickstart import BEGINNINGS, MOST_OUTPUT, KickstartRecord, Unusual

_READ_SECTIONS = frozenset(("mainjob", "machine", "files"))
_READ_PARTS = frozenset(("usage", "status", "executable"))
_STREAMS = frozenset(("stdin", "stdout", "stderr", "metadata"))
_FILE_VALUES = frozenset(
    ("file_name", "size", "ctime", "user", "output", "sha256", "checksum_timing", "error")
)
_BLOCK_MARKS = frozenset(("|", "|-", "|+"))
_NEVER_PLAIN = frozenset("{[&*!|>%@`\"'")
_FIRST_CHARACTERS = frozenset("-[<")
_MOST_KNOWN = 2048
_LONGEST_KNOWN = 120
_Known = dict[str, tuple[str, str]]
_known: dict[tuple[str, str], _Known] = {
    (section, part): {} for section in ("", "mainjob", "machine") for part in ("", *_READ_PARTS)
}
"""What lines said that were read lately, by section and part: the records of a run have most lines alike."""
_NOTHING_KNOWN: _Known = {}


class BlockReader:
    """Takes the lines of one record after its first (``- invocation: True``); ``record`` is what they say.

    ``lines`` counts those that were taken.
    """

    def __init__(self) -> None:
        self.record = KickstartRecord()
        self.lines = 0
        self._section = ""
        self._part = ""
        self._known = _known["", ""]
        self._file: dict[str, str] | None = None
        self._stream: list[str] | None = None
        self._stream_left = 0

    def take(self, lines: Iterator[str]) -> str | None:
        """Reads up to where something else begins and gives that line; None at the end of the lines.

        Raises ``Unusual`` at a line that needs a whole YAML reader.
        """
        values = self.record.values
        for line in lines:
            self.lines += 1
            if self._stream is not None and self._continues(line):
                continue
            if (said := self._known.get(line)) is not None:
                values[said[0]] = said[1]
                continue
            if line[:2] != "  ":
                if line and line[0] in _FIRST_CHARACTERS and line.startswith(BEGINNINGS):
                    return self._ended(line)
            elif line[2:3] != " ":
                self._top(line)
            elif self._section == "files":
                if self._file is not None or line[4:5] != " " or line[6:10] == "data":
                    self._of_a_file(line)
            elif self._section:
                self._inside(line)
        return self._ended(None)

    def _ended(self, line: str | None) -> str | None:
        self._end_stream()
        if self._section == "files" and self._file is not None:
            self.record.cut_in = self._part
        return line

    def _top(self, line: str) -> None:
        name, value = pair(line[2:])
        if value:
            self._turn_to("", "")
            self._keep(line, name, value)
        else:
            self._turn_to(name if name in _READ_SECTIONS else "", "")

    def _inside(self, line: str) -> None:
        if line[4:5] != " ":
            name, value = pair(line[4:])
            if value:
                self._turn_to(self._section, "")
                self._keep(line, f"{self._section}.{name}", value)
            else:
                self._turn_to(self._section, name)
        elif line[6:7] == " ":
            return
        elif self._part == "argument_vector":
            if line[6:8] != "- ":
                raise Unusual
            self.record.arguments.append(scalar(line[8:].strip()))
        elif self._part in _READ_PARTS:
            name, value = pair(line[6:])
            if self._part != "executable" or name == "file_name":
                self._keep(line, f"{self._section}.{self._part}.{name}", value)

    def _turn_to(self, section: str, part: str) -> None:
        self._section, self._part = section, part
        self._known = _known.get((section, part), _NOTHING_KNOWN)

    def _keep(self, line: str, path: str, value: str) -> None:
        said = self.record.values[path] = scalar(value)
        if len(line) <= _LONGEST_KNOWN:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[line] = path, said

    def _of_a_file(self, line: str) -> None:
        if line[4:5] != " ":
            name = line[4:].rstrip()
            if not name.endswith(":"):
                raise Unusual
            self._part = scalar(name[:-1])
            self._file = None if self._part in _STREAMS else self.record.files.setdefault(self._part, {})
        elif self._file is None:
            if line.startswith("      data:"):
                self._begin_stream(line[11:].strip())
        elif line[6:7] != " ":
            name, found, value = line[6:].partition(": ")
            if found and name in _FILE_VALUES:
                self._file[name] = scalar(value.strip())

    def _begin_stream(self, mark: str) -> None:
        if mark in _BLOCK_MARKS:
            self._stream, self._stream_left = [], MOST_OUTPUT
        elif mark:
            self._keep_stream(scalar(mark))

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
            self._keep_stream("\n".join(self._stream).rstrip("\n") + "\n")
            self._stream = None

    def _keep_stream(self, text: str) -> None:
        if self._part == "stdout":
            self.record.stdout = text
        elif self._part == "stderr":
            self.record.stderr = text


def pair(text: str) -> tuple[str, str]:
    """Name and value of a line of a block mapping. Raises ``Unusual``."""
    name, found, value = text.partition(":")
    value = value.strip()
    if not found or name[:1] in "\"'-" or (value and text[len(name) + 1] != " "):
        raise Unusual
    return name, value


def scalar(value: str) -> str:
    """What a scalar means that stands on one line. Raises ``Unusual``."""
    if value and value[0] in _NEVER_PLAIN:
        return _quoted(value)
    return value if " #" not in value else value.split(" #", 1)[0].rstrip()


def _quoted(value: str) -> str:
    mark = value[0]
    if mark not in "\"'" or len(value) < 2 or value[-1] != mark:
        raise Unusual
    if mark == "'":
        return value[1:-1].replace("''", "'")
    if "\\" not in value:
        return value[1:-1]
    try:
        return str(json.loads(value, strict=False))
    except JSONDecodeError:
        raise Unusual from None
