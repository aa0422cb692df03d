"""Reads stampede event files: a monitor's ``.bp`` and the planner's ``.static.bp``, in constant memory."""

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import BinaryIO

from eventlog.errors import InputError
from monitor.pegasus.event_lines import EventLines, parse_fields
from monitor.pegasus.records import Record, make_record
from monitor.pegasus.reports import Reports
from monitor.pegasus.translation.values import UnfitValueError, moment

LONGEST_LINE = 8 * 1024 * 1024
"""Bytes. Two outputs of 64 KB, each byte quoted, with all other fields stay far below."""

_HEAD = re.compile(r"ts=(\S+) event=((?:stampede\.)?[\w.]+)(?=\s|$)\s*", re.ASCII)
_PREFIX = "stampede."
_PLAN = "stampede.wf.plan"
_SHOWN = 40
# Bytes: what is made of them stays near the processor.
_PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class EventFile:
    """One event file; ``wanted`` are the kinds of event that are parsed, all where it is empty."""

    path: Path
    reports: Reports
    wanted: Set[str] = frozenset()

    @property
    def name(self) -> str:
        """The file's path."""
        return str(self.path)

    def records(self) -> Iterator[Record]:
        """Every event in the order of the file; what cannot be read is reported and left out.

        Raises InputError where the file cannot be opened or read.
        """
        try:
            with self.path.open("rb") as file:
                yield from _Reader(self).records(file)
        except OSError as error:
            raise InputError(f"{self.path} cannot be read: {error.strerror}") from error


def looks_like_event_file(path: Path) -> bool:
    """Whether a file is named as event files are, or begins as they do."""
    if not path.is_file():
        return False
    if path.name.endswith(".bp"):
        return True
    try:
        with path.open("rb") as file:
            return _HEAD.match(file.readline(LONGEST_LINE).decode(errors="replace")) is not None
    except OSError:
        return False


class _Reader:
    """Reads one file; knows which run belongs to which root, and who was spoken of last."""

    def __init__(self, source: EventFile) -> None:
        self._source = source
        self._parser = EventLines()
        self._roots: dict[str, str] = {}
        self._run = ""

    def records(self, file: BinaryIO) -> Iterator[Record]:
        wanted, path = self._source.wanted, str(self._source.path)
        for first, lines in self._blocks(file):
            for number, line, fields in zip(count(first), lines, self._parser.parse(lines)):
                # a plan tells as its own what other events repeat
                if fields is None or fields["event"] == _PLAN:
                    fields = self._looked_at_closely(number, line)
                    if fields is None:
                        continue
                event = fields.pop("event").removeprefix(_PREFIX)
                if not wanted or event in wanted:
                    try:
                        yield self._record(event, fields, f"{path}:{number}")
                    except UnfitValueError as error:
                        self._refuse(number, f"{error}: {_excerpt(line)}")

    def _blocks(self, file: BinaryIO) -> Iterator[tuple[int, list[bytes]]]:
        """Lines that were read together, and the number of the first of them."""
        number, rest, piece = 1, b"", file.read(_PIECE)
        while piece:
            *lines, tail = piece.split(b"\n")
            if lines:
                lines[0], rest = rest + lines[0], tail
                if len(lines[0]) > LONGEST_LINE:
                    self._refuse_long(number, len(lines[0]))
                    # an empty line says nothing
                    lines[0] = b""
                yield number, lines
                number += len(lines)
            else:
                rest += tail
            piece = b""
            if len(rest) > LONGEST_LINE:
                size, piece = _rest_of_line(file, len(rest))
                rest = b""
                self._refuse_long(number, size)
                number += 1
            piece = piece or file.read(_PIECE)
        if rest:
            self._refuse(number, "the file ends in half a line; import it again when it is complete")

    def _looked_at_closely(self, number: int, line: bytes) -> dict[str, str] | None:
        """The fields of one line; None, and told, where it has none that are wanted."""
        text = _decoded(line)
        head = _HEAD.match(text)
        if head is None:
            if line.strip():
                self._refuse(number, f"no stampede event (ts=… event=…), but {_excerpt(line)}")
            return None
        if self._source.wanted and head[2].removeprefix(_PREFIX) not in self._source.wanted:
            return None
        if not line.isascii():
            self._note_encoding(number, line)
        try:
            fields = parse_fields(text[head.end() :])
            if "ts" in fields or "event" in fields:
                raise UnfitValueError("two events in one line")
        except UnfitValueError as error:
            self._refuse(number, f"{error}: {_excerpt(line)}")
            return None
        return {"ts": head[1], "event": head[2], **fields}

    def _record(self, event: str, fields: dict[str, str], place: str) -> Record:
        time = moment(fields.pop("ts"))
        fields.pop("level", None)
        run = fields.pop("xwf.id", self._run)
        if not run:
            raise UnfitValueError(f"a {event} that names no workflow (xwf.id)")
        root = fields.pop("root.xwf.id", "")
        if root:
            self._roots[run] = root
        else:
            root = self._roots.setdefault(run, run)
        self._run = run
        return make_record(event, time, run, root, fields, place)

    def _note_encoding(self, number: int, line: bytes) -> None:
        try:
            line.decode()
        except UnicodeDecodeError:
            place = f"{self._source.path}:{number}"
            self._source.reports.note(f"{place}: bytes that are no UTF-8 are kept as \\xNN")

    def _refuse_long(self, number: int, size: int) -> None:
        self._refuse(number, f"a line of {size:,} bytes; an event has up to {LONGEST_LINE:,}")

    def _refuse(self, number: int, what: str) -> None:
        self._source.reports.unreadable(f"{self._source.path}:{number}: {what}")


def _decoded(line: bytes) -> str:
    text = line.decode(errors="backslashreplace")
    return text.replace("\0", "\\x00") if "\0" in text else text


def _rest_of_line(file: BinaryIO, size: int) -> tuple[int, bytes]:
    """How long the line is of which ``size`` bytes were read, and what was read of those behind it."""
    while piece := file.read(_PIECE):
        line, end, rest = piece.partition(b"\n")
        size += len(line)
        if end:
            return size, rest
    return size, b""


def _excerpt(line: bytes) -> str:
    shown = line[:_SHOWN].decode(errors="backslashreplace").rstrip()
    text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in shown)
    return f"{text[:_SHOWN]}…" if len(line) > _SHOWN or len(text) > _SHOWN else text
