"""Parses lines of event files: as a rule many at a time, as what they nearly are.

A line reads ``ts=… event=… name=value …``. A value that holds a blank, a quote or an equals sign stands in
double quotes, in which a quote is written ``\\"``. Source: NetLogger's best practices format, as Pegasus
writes it.
"""

import re
from collections import deque
from collections.abc import Sequence
from itertools import chain, islice

import msgspec

from monitor.pegasus.translation.values import UnfitValueError

_PAIR = re.compile(r'(?<!\S)([^\s="]++)=("[^"\\]*+(?:\\.[^"\\]*+)*+"(?=\s|$)|[^\s"]*+(?=\s|$))')
_ROOT = b" root.xwf.id="
# What every event of a monitor repeats about its run, as a rule at its end. No event but the plan, which is
# looked at closely, says any of it of its own.
_REPEATED = {"dax", "dag", "wf.ts", "submit.dir", "pegasus.version", "submit.hostname", "wf.user"}
_MOST_REPETITIONS = 8
_FIRST = ["ts", "event"]
_BEFORE, _BEHIND = {b"="}, {b" ", b"\n"}
_read_objects = msgspec.json.Decoder(list[dict[str, str]]).decode


class EventLines:
    """Parses the lines of one file; what they repeat about their run is read once and then passed over."""

    def __init__(self) -> None:
        # of the runs that were spoken of last
        self._repetitions: deque[bytes] = deque(maxlen=_MOST_REPETITIONS)

    def parse(self, lines: Sequence[bytes]) -> Sequence[dict[str, str] | None]:
        """The fields of each line, ``ts`` and ``event`` first; None for a line that wants a closer look.

        Left out may be what the line repeats of what other lines say about the run.
        """
        irregular = {number for number, line in enumerate(lines) if b"\\" in line or not line}
        if irregular:
            told = self.parse([line for number, line in enumerate(lines) if number not in irregular])
            fields = iter(told)
            return [None if number in irregular else next(fields) for number in range(len(lines))]
        if not lines:
            return []
        self._learn(lines[0])
        self._learn(lines[-1])
        for repetition in self._repetitions:
            size = len(repetition)
            lines = [line[:-size] if line.endswith(repetition) else line for line in lines]
        return _parse_together(lines) or [None] * len(lines)

    def _learn(self, line: bytes) -> None:
        """Pass over from now on what this line repeats about its run, where nothing else is behind it."""
        root = line.rfind(_ROOT)
        cut = line.find(b" ", root + len(_ROOT))
        if root < 0 or cut < 0 or b'"' in line[cut:] or line[cut:] in self._repetitions:
            return
        fields = _parse_together([b"ts= event=" + line[cut:]])
        if fields is not None and fields[0].keys() <= _REPEATED.union(_FIRST):
            self._repetitions.append(line[cut:])


def _parse_together(lines: Sequence[bytes]) -> list[dict[str, str]] | None:
    """The fields of lines as they are as a rule: one blank between fields, no quote in a value.

    Such lines are a JSON array but for their punctuation, and are read as one, in a fourth of the time. None
    where a line is not so.
    """
    pieces = b"\n".join((*lines, b"")).split(b'"')
    # a value in quotes has its name right before it, and a blank or the line's end behind it
    if (
        len(pieces) % 2 == 0
        or not {piece[-1:] for piece in pieces[:-1:2]} <= _BEFORE
        or not {piece[:1] for piece in pieces[2::2]} <= _BEHIND
        or b"\n" in b"".join(pieces[1::2])
    ):
        return None
    pieces[::2] = [
        piece.replace(b"=", b'":"').replace(b" ", b'","').replace(b"\n", b'"},{"') for piece in pieces[::2]
    ]
    # what was put in place of the last line's end ends the array
    array = b"".join((b'[{"', *pieces))[: -len(b',{"')] + b"]"
    if b'","ts":"' in array or array.count(b'"event":"') != len(lines):
        return None
    try:
        told = _read_objects(array)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    is_event = all([*islice(fields, 2)] == _FIRST and "" not in fields for fields in told)
    return told if is_event else None


def parse_fields(text: str) -> dict[str, str]:
    """The fields of a text by their names, values unquoted.

    Raises UnfitValueError where something else is between them.
    """
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


def _refuse_rest(text: str) -> None:
    if text.strip():
        raise ValueError(text)
