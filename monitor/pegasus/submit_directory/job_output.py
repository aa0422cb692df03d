"""What a job left in its output file: kickstart records, lines of a task cluster, sections of Pegasus' tools.

Several records may stand in one file, with other text before, between and behind them. However long a file,
only what is used of it is kept.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from eventlog.errors import InputError
from monitor.pegasus.submit_directory.bounded_read import READ_AT_ONCE, read_small
from monitor.pegasus.submit_directory.kickstart import (
    BEGINNINGS,
    MARKER,
    MOST_OUTPUT,
    RECORD,
    XML,
    XML_END,
    KickstartRecord,
    Unusual,
)
from monitor.pegasus.submit_directory.kickstart_block import BlockReader
from monitor.pegasus.submit_directory.kickstart_xml import XmlReader
from monitor.pegasus.submit_directory.kickstart_yaml import record_from_yaml
from monitor.pegasus.submit_directory.sections import Section, read_sections

Report = Callable[[str], None]

_TASK_LINE = re.compile(r"\[(?:cluster|seqexec)-task\s+(.*)\]")
_SUMMARY_LINE = re.compile(r"\[(?:cluster|seqexec)-summary\s+(.*)\]")
_PROPERTY = re.compile(r'(\w+)\s*=\s*(?:"([^"]*)"|([^",\s]+))')
_FIRST_CHARACTERS = frozenset("-[<")
_LONGEST_LINE = 1 << 20


@dataclass(slots=True)
class JobOutput:
    """Everything recognised of one output file; ``plain`` is what else it says, cut to ``MOST_OUTPUT``."""

    records: list[KickstartRecord] = field(default_factory=list)
    tasks: dict[int, dict[str, str]] = field(default_factory=dict)
    summary: dict[str, str] | None = None
    sections: list[Section] = field(default_factory=list)
    plain: str = ""

    @property
    def is_silent(self) -> bool:
        """Whether nothing in it speaks of an invocation."""
        return not (self.records or self.tasks or self.summary or self.sections)

    def section(self, name: str) -> list[dict[str, str]]:
        """The entries of every section of that name."""
        return [entry for section in self.sections if section.name == name for entry in section.entries]


def read_job_output(path: Path, report: Report) -> JobOutput:
    """Reads ``path``; what in it is broken is reported with its line and left out. Raises ``OSError``."""
    data = read_small(path)
    if data is not None:
        lines = data.decode("utf-8", "replace").split("\n")
        try:
            return _Reader(path, iter(lines), report).read()
        except Unusual:
            return _CarefulReader(path, iter(lines), report).read()
    with path.open("rb") as file:
        try:
            return _Reader(path, _pieces(file), report).read()
        except Unusual:
            file.seek(0)
            return _CarefulReader(path, _pieces(file), report).read()


def _pieces(file: BinaryIO) -> Iterator[str]:
    """The lines of a long file, those beyond reason in pieces."""
    pieces = iter(lambda: file.readline(_LONGEST_LINE), b"")
    return (piece.decode("utf-8", "replace").rstrip("\n") for piece in pieces)


class _Reader:
    def __init__(self, path: Path, lines: Iterator[str], report: Report) -> None:
        self._path = path
        self._lines = lines
        self._report = report
        self._number = 0
        self._waiting: str | None = None
        self._output = JobOutput()
        self._plain: list[str] = []
        self._plain_left = MOST_OUTPUT

    def read(self) -> JobOutput:
        while (line := self._next()) is not None:
            if RECORD in line:
                self._yaml_record()
            elif line.startswith(MARKER):
                self._sections()
            elif XML in line:
                self._xml_record(line)
            elif not self._cluster_line(line):
                self._other(line)
        self._output.plain = "\n".join(self._plain)
        return self._output

    def _next(self) -> str | None:
        if self._waiting is not None:
            line, self._waiting = self._waiting, None
            return line
        self._number += 1
        return next(self._lines, None)

    def _until_the_next(self, kept: list[str]) -> Iterator[str]:
        """The lines up to where something else begins; they are also ``kept``, as far as fits."""
        left = READ_AT_ONCE
        while (line := self._next()) is not None:
            if line[:1] in _FIRST_CHARACTERS and line.startswith(BEGINNINGS):
                self._waiting = line
                return
            if left > 0 and line[:1] in (" ", "", "-", "l"):
                kept.append(line)
                left -= len(line) + 1
            yield line

    def _yaml_record(self) -> None:
        number, reader = self._number, BlockReader()
        self._waiting = reader.take(self._lines)
        self._number += reader.lines
        self._keep(number, reader.record)

    def _keep(self, number: int, record: KickstartRecord) -> None:
        if not record.values:
            return
        if "mainjob.status.raw" not in record.values:
            self._report(
                f"{self._path}, line {number}: the kickstart record is cut off: no exit status in it"
            )
        self._output.records.append(record)

    def _sections(self) -> None:
        number, kept = self._number, list[str]()
        for _ in self._until_the_next(kept):
            pass
        try:
            self._output.sections.extend(read_sections("\n".join(kept)))
        except InputError as error:
            self._report(f"{self._path}, section at line {number}: {error}")

    def _xml_record(self, line: str) -> None:
        number, reader, rest = self._number, XmlReader(), line
        try:
            reader.take(line[line.index(XML) :].partition(XML_END)[0])
            while XML_END not in rest:
                following = self._next()
                if following is None:
                    raise InputError("the kickstart record is cut off")
                rest = following
                reader.take(f"\n{rest.partition(XML_END)[0]}")
            reader.take(XML_END)
            self._output.records.append(reader.end())
        except InputError as error:
            self._report(f"{self._path}, record at line {number}: {error}")

    def _cluster_line(self, line: str) -> bool:
        if "[cluster-" not in line and "[seqexec-" not in line:
            return False
        if match := _TASK_LINE.search(line):
            task = _properties(match[1])
            if task.get("id", "").isdecimal():
                self._output.tasks[int(task["id"])] = task
            return True
        if match := _SUMMARY_LINE.search(line):
            self._output.summary = self._output.summary or _properties(match[1])
            return True
        return False

    def _other(self, line: str) -> None:
        if "<!DOCTYPE" in line or "<!ENTITY" in line:
            self._report(
                f"{self._path}, line {self._number}: a document type is no part of a record: left out"
            )
        elif self._plain_left > 0:
            self._plain.append(line[: self._plain_left])
            self._plain_left -= len(line) + 1


class _CarefulReader(_Reader):
    """Keeps the lines of each record, for those that only a whole YAML reader can read."""

    def _yaml_record(self) -> None:
        number, kept = self._number, list[str]()
        for _ in self._until_the_next(kept):
            pass
        reader = BlockReader()
        try:
            reader.take(iter(kept))
            self._keep(number, reader.record)
        except Unusual:
            self._keep(number, self._unusual(number, kept))

    def _unusual(self, number: int, kept: list[str]) -> KickstartRecord:
        try:
            return record_from_yaml("\n".join((f"{RECORD} True", *kept)))
        except InputError as error:
            self._report(f"{self._path}, record at line {number}: {error}")
            return KickstartRecord()


def _properties(text: str) -> dict[str, str]:
    return {name: quoted or bare for name, quoted, bare in _PROPERTY.findall(text)}
