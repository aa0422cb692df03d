"""Reads stampede event files: a monitor's ``.bp`` and the planner's ``.static.bp``, in constant memory.

A line reads ``ts=… event=… name=value …``. A value that holds a blank, a quote or an equals sign stands in
double quotes, in which a quote is written ``\\"``. Source: NetLogger's best practices format, as Pegasus
writes it.
"""

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import msgspec

from eventlog.construction import constructor
from eventlog.errors import InputError
from monitor.pegasus.records import Record
from monitor.pegasus.reports import Reports
from monitor.pegasus.translation.values import UnfitValueError, moment

LONGEST_LINE = 8 * 1024 * 1024
"""Bytes. Two outputs of 64 KB, each byte quoted, with all other fields stay far below."""

_PAIR = re.compile(r'(?<!\S)([^\s="]++)=("[^"\\]*+(?:\\.[^"\\]*+)*+"(?=\s|$)|[^\s"]*+(?=\s|$))')
_HEAD = re.compile(
    r"ts=(\S+) event=(?:stampede\.)?([\w.]+)(?: level=\S+)?(?: xwf\.id=(\S+))?(?=\s|$)\s*", re.ASCII
)
# What every event of a monitor repeats about its run comes last, beginning with the root.
_REPEATED = " root.xwf.id="
_make_record = constructor(Record)
_read_object = msgspec.json.Decoder(dict[str, str]).decode
_BETWEEN = ("", " ")
_SHOWN = 40
_PIECE = 1 << 20


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
        self._roots: dict[str, str] = {}
        self._run = ""
        self._repeated: dict[str, str] = {}

    def records(self, file: BinaryIO) -> Iterator[Record]:
        wanted, path = self._source.wanted, str(self._source.path)
        for number, line in self._lines(file):
            text = _decoded(line)
            head = _HEAD.match(text)
            if head is None:
                if line.strip():
                    self._refuse(number, f"no stampede event (ts=… event=…), but {_excerpt(line)}")
            elif not wanted or head[2] in wanted:
                if not line.isascii():
                    self._note_encoding(number, line)
                try:
                    yield self._record(text, head, f"{path}:{number}")
                except UnfitValueError as error:
                    self._refuse(number, f"{error}: {_excerpt(line)}")

    def _lines(self, file: BinaryIO) -> Iterator[tuple[int, bytes]]:
        number, rest, piece = 0, b"", file.read(_PIECE)
        while piece:
            *lines, tail = piece.split(b"\n")
            if lines:
                lines[0], rest = rest + lines[0], tail
            else:
                rest += tail
            for line in lines:
                number += 1
                if len(line) <= LONGEST_LINE:
                    yield number, line
                else:
                    self._refuse_long(number, len(line))
            piece = b""
            if len(rest) > LONGEST_LINE:
                number += 1
                size, piece = _rest_of_line(file, len(rest))
                rest = b""
                self._refuse_long(number, size)
            piece = piece or file.read(_PIECE)
        if rest:
            self._refuse(number + 1, "the file ends in half a line; import it again when it is complete")

    def _record(self, line: str, head: re.Match[str], place: str) -> Record:
        cut, root = self._repetition(line)
        time, event, run = head.groups()
        fields = parse_fields(line[head.end() : cut])
        if "ts" in fields or "event" in fields:
            raise UnfitValueError("two events in one line")
        if not run:
            run = fields.pop("xwf.id", self._run)
            if not run:
                raise UnfitValueError(f"a {event} that names no workflow (xwf.id)")
        root = root or fields.pop("root.xwf.id", "")
        if root:
            self._roots[run] = root
        else:
            root = self._roots.setdefault(run, run)
        self._run = run
        return _make_record(event, moment(time), run, root, fields, place)

    def _note_encoding(self, number: int, line: bytes) -> None:
        try:
            line.decode()
        except UnicodeDecodeError:
            place = f"{self._source.path}:{number}"
            self._source.reports.note(f"{place}: bytes that are no UTF-8 are kept as \\xNN")

    def _repetition(self, line: str) -> tuple[int, str]:
        """Where the part begins that every event of its run repeats, if it is known; and the root."""
        cut = line.rfind(_REPEATED)
        if cut < 0:
            return len(line), ""
        tail = line[cut:]
        root = self._repeated.get(tail)
        if root is not None:
            return cut, root
        if " event=stampede.wf.plan " not in line:
            # Only what is whole by itself: a value in quotes may hold such words, too.
            fields = parse_fields(tail)
            self._repeated[tail] = fields["root.xwf.id"]
        return len(line), ""

    def _refuse_long(self, number: int, size: int) -> None:
        self._refuse(number, f"a line of {size:,} bytes; an event has up to {LONGEST_LINE:,}")

    def _refuse(self, number: int, what: str) -> None:
        self._source.reports.unreadable(f"{self._source.path}:{number}: {what}")


def parse_fields(text: str) -> dict[str, str]:
    """The fields of a text by their names, values unquoted.

    Raises UnfitValueError where something else is between them.
    """
    fields = _regular_fields(text)
    if fields is not None:
        return fields
    try:
        pairs = _PAIR.findall(text)
        # each pair has its equals sign, and a blank before it
        if sum(map(len, chain.from_iterable(pairs))) + 2 * len(pairs) - 1 != len(text):
            _refuse_rest(_PAIR.sub("", text))
    except ValueError:
        raise UnfitValueError("its fields are no name=value pairs") from None
    return {
        name: value if not value or value[0] != '"' else value[1:-1].replace('\\"', '"')
        for name, value in pairs
    }


def _regular_fields(text: str) -> dict[str, str] | None:
    """The fields as written as a rule: one blank between them, no quote in a value; None where not so.

    Such a text is a JSON object but for its punctuation, and is read as one, in two thirds of the time.
    """
    if "\\" in text:
        return None
    pieces = text.rstrip().split('"')
    # a value in quotes has its name right before it and a blank behind it
    if len(pieces) % 2 == 0 or not all(
        [before[-1:] == "=" for before in pieces[:-1:2]] + [behind[:1] in _BETWEEN for behind in pieces[2::2]]
    ):
        return None
    pieces[::2] = [piece.replace("=", '":"').replace(" ", '","') for piece in pieces[::2]]
    try:
        fields = _read_object("".join(('{"', *pieces, '"}')))
    except msgspec.DecodeError:
        return None
    return None if "" in fields else fields


def _refuse_rest(text: str) -> None:
    if text.strip():
        raise ValueError(text)


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
