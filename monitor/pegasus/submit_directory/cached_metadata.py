"""``<workflow>.cache.meta``: what the post scripts of all jobs noted of their files, without naming a job."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from monitor.pegasus.records import Record
from monitor.pegasus.reports import Reports
from monitor.pegasus.submit_directory.bounded_read import check_is_file
from monitor.pegasus.submit_directory.braindump import Braindump
from monitor.pegasus.submit_directory.registrations import Registrations

_LFN = re.compile(r'("(?:[^"\\]|\\.)+"|[^\s"]\S*)\s+@@PFN@@(?=\s|$)')
_ATTRIBUTE = re.compile(r'\s+([^\s="]+)="((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\(.)")
_LONGEST_LINE = 1 << 16
_MOST_READ = 1 << 26
_RIGHT = 'each line must be LFN @@PFN@@ name="value" …'


def cached_metadata(dump: Braindump, registrations: Registrations, reports: Reports) -> Iterator[Record]:
    """``rc.meta`` of files of which no job told, where files of a job that succeeded are unknown.

    They are said of the run, not of a job. A file that stands there several times is what its last line says.
    """
    if registrations.untold_at is None:
        return
    path = dump.directory / f"{Path(dump.dag).stem}.cache.meta"
    for lfn, (line, attributes) in _untold(path, registrations, reports).items():
        for key, value in attributes.items():
            fields = {"lfn.id": lfn, "key": key, "value": value, "job_inst.id": ""}
            place = f"{path}, line {line}"
            yield Record("rc.meta", registrations.untold_at, dump.run, dump.root, fields, place)


def _untold(
    path: Path, registrations: Registrations, reports: Reports
) -> dict[str, tuple[int, Mapping[str, str]]]:
    """Line and attributes of each file, by LFN."""
    found: dict[str, tuple[int, Mapping[str, str]]] = {}
    first, broken = 0, 0
    for number, line in _lines(path, reports):
        said = parse_line(line)
        if said is None:
            first, broken = first or number, broken + 1
        elif not registrations.is_told(said[0]):
            found[said[0]] = number, said[1]
    if broken:
        more = f" with {broken - 1} more" if broken > 1 else ""
        reports.unreadable(f"{path}, line {first}: left out{more}: {_RIGHT}")
    return found


def _lines(path: Path, reports: Reports) -> Iterator[tuple[int, str]]:
    left, number, begins = _MOST_READ, 0, True
    try:
        check_is_file(path)
        with path.open("rb") as file:
            while left > 0 and (line := file.readline(_LONGEST_LINE)):
                left -= len(line)
                number += begins
                if begins and (text := line.decode("utf-8", "replace").strip()):
                    yield number, text
                begins = line.endswith(b"\n")
    except FileNotFoundError:
        return
    except OSError as error:
        reports.unreadable(f"{path}: {error.strerror or error}: {_RIGHT}")
    if left <= 0:
        reports.unreadable(f"{path}, line {number}: left out from here: {_MOST_READ >> 20} MiB are read")


def parse_line(line: str) -> tuple[str, Mapping[str, str]] | None:
    """LFN and attributes of one line; None for what is no such line."""
    named = _LFN.match(line)
    if named is None:
        return None
    attributes, at = dict[str, str](), named.end()
    while match := _ATTRIBUTE.match(line, at):
        attributes[match[1]] = _unescaped(match[2])
        at = match.end()
    if line[at:].strip():
        return None
    lfn = named[1]
    return _unescaped(lfn[1:-1]) if lfn[0] == '"' else lfn, attributes


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text
