"""Reads JSON lines of Pegasus in constant memory: stampede events, or the stream planned for Pegasus 6.

Each line is an object. One with an ``event`` is a stampede event as a monitor's JSON encoding writes it; one
with a ``record_type`` belongs to the stream of a monitor that follows the database.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from eventlog.errors import InputError
from monitor.pegasus.json_traces.events import JsonEvents
from monitor.pegasus.json_traces.monitor_stream import MonitorStream
from monitor.pegasus.records import Record
from monitor.pegasus.reports import Reports
from monitor.pegasus.translation.values import UnfitValueError

LONGEST_LINE = 32 * 1024 * 1024
"""Bytes; a checkpoint of a workflow of 100,000 jobs has some twenty million."""

_OPENINGS = (b'"event"', b'"record_type"')
_LOOKED_AT = 64 * 1024


@dataclass(frozen=True, slots=True)
class JsonLines:
    """One file of JSON lines."""

    path: Path
    reports: Reports

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
                yield from self._of_lines(file)
        except OSError as error:
            raise InputError(f"{self.path} cannot be read: {error.strerror}") from error

    def _of_lines(self, file: BinaryIO) -> Iterator[Record]:
        events, stream = JsonEvents(), MonitorStream(str(self.path), self.reports)
        for number, line in enumerate(_lines(file), 1):
            place = f"{self.path}:{number}"
            try:
                fields = _object(line)
                if fields is None:
                    continue
                reader = stream if "record_type" in fields else events
                yield from reader.records(fields, place)
            except UnfitValueError as error:
                self.reports.unreadable(f"{place}: {error}")
            except KeyError as error:
                self.reports.unreadable(f"{place}: the record has no {error.args[0]}")
        stream.end()


def looks_like_json_lines(path: Path) -> bool:
    """Whether a file's first line is an object of one of the two kinds."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            beginning = file.read(_LOOKED_AT).lstrip()
    except OSError:
        return False
    first = beginning.split(b"\n", 1)[0]
    return first.startswith(b"{") and any(opening in first for opening in _OPENINGS)


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines; of one that is longer than any may be only the beginning, which is no object."""
    while line := file.readline(LONGEST_LINE):
        ended = line.endswith(b"\n")
        yield line
        while not ended and len(line) == LONGEST_LINE and (rest := file.readline(LONGEST_LINE)):
            ended = rest.endswith(b"\n")


def _object(line: bytes) -> Mapping[str, object] | None:
    if not line.strip():
        return None
    try:
        fields = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if len(line) == LONGEST_LINE:
            raise UnfitValueError(f"a line of more than {LONGEST_LINE:,} bytes") from None
        if not line.endswith(b"\n"):
            raise UnfitValueError(
                "the file ends in half a line; import it again when it is complete"
            ) from None
        raise UnfitValueError(f"no JSON: {error}") from None
    if not isinstance(fields, dict):
        raise UnfitValueError("no JSON object, where an event or a record of a monitor's stream should be")
    return fields
