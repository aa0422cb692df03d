"""Properties files as Java writes them.

Source: java.util.Properties.load. Keys end at the first ``=``, ``:`` or blank that no backslash precedes.
"""

import re
from collections.abc import Iterator

from eventlog.errors import InputError
from planner.formats.source import Source

_reference = re.compile(r"\$\{([^${}]+)\}")
_line_end = re.compile(r"\r\n|\r|\n")
_key = re.compile(r"((?:[^\\=:\s]|\\.)*)[ \t\f]*(?:[=:][ \t\f]*)?")
_escape = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}


def parse_properties(source: Source) -> dict[str, str]:
    """Return the properties; a later line wins over an earlier one.

    ``${other.property}`` is replaced once; what names no property of the file stays as it is.
    """
    written = dict(_pairs(source))
    return {
        key: _reference.sub(lambda match: written.get(match[1], match[0]), value)
        for key, value in written.items()
    }


def _pairs(source: Source) -> Iterator[tuple[str, str]]:
    for number, line in _logical_lines(_decoded(source)):
        match = _key.match(line)
        assert match is not None  # every part of the pattern may be empty
        if not match[1]:
            raise InputError(f"{source.name}:{number}: a property has no name; write name=value")
        yield _unescape(match[1]), _unescape(line[match.end() :])


def _decoded(source: Source) -> str:
    # Java's own encoding is Latin-1, which every byte sequence is; people write UTF-8.
    try:
        return source.data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return source.data.decode("latin-1")


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield (number of the first line, whole text) with continuation lines joined and comments left out."""
    pending, first = "", 0
    for number, line in enumerate(_line_end.split(text), start=1):
        part = line.lstrip(" \t\f")
        if not first and (not part or part[0] in "#!"):
            continue
        first = first or number
        if _continues(part):
            pending += part[:-1]
            continue
        yield first, pending + part
        pending, first = "", 0
    if first:
        yield first, pending


def _continues(line: str) -> bool:
    backslashes = len(line) - len(line.rstrip("\\"))
    return backslashes % 2 == 1


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    # Java escapes UTF-16 units: a character beyond the first plane is two of them.
    units = _escape.sub(_unescaped, text).encode("utf-16-le", "surrogatepass")
    return units.decode("utf-16-le", "replace")


def _unescaped(match: re.Match[str]) -> str:
    escaped = match[1]
    if len(escaped) == 5:
        return chr(int(escaped[1:], 16))
    return _CONTROLS.get(escaped, escaped)
