"""The event parser for YAML and JSON text, and what its errors mean to a person."""

import re

import yaml
from yaml.events import Event
from yaml.reader import ReaderError

from planner.formats.source import Source

_surrogate_pair = re.compile(rb"\\(?:\\|u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2}))", re.IGNORECASE)


def open_parser(source: Source) -> yaml.CSafeLoader:
    """Return an event parser over the document; the caller disposes of it."""
    return yaml.CSafeLoader(
        _joined_surrogates(source.data) if source.first_line.startswith("{") else source.data
    )


def line_of(event: Event) -> int:
    """Return the line (from 1) where the event begins."""
    assert event.start_mark is not None
    return event.start_mark.line + 1


def explain_error(source: Source, error: yaml.YAMLError) -> str:
    """Return one line that says where the text stops being YAML, and why."""
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        language = "JSON" if source.first_line.startswith("{") else "YAML"
        return f"{source.name}:{line}: not well-formed {language}: {_reason(source, error, line)}"
    if isinstance(error, ReaderError):
        line = source.data.count(b"\n", 0, error.position) + 1
        return f"{source.name}:{line}: not a text: {error.reason}; save the file as UTF-8"
    return f"{source.name}: not well-formed YAML: {error}"


def _reason(source: Source, error: yaml.MarkedYAMLError, line: int) -> str:
    text = source.data.splitlines()[line - 1 : line]
    if text and b"\t" in text[0][: len(text[0]) - len(text[0].lstrip())]:
        return "the line is indented with a tab; YAML indents with blanks"
    context = f" {error.context}" if error.context else ""
    return f"{error.problem or 'unknown reason'}{context}"


def _joined_surrogates(data: bytes) -> bytes:
    """Return JSON text with ``\\ud83d\\ude00`` pairs as one escape: YAML knows no surrogates."""
    return _surrogate_pair.sub(_joined, data) if b"\\u" in data else data


def _joined(match: re.Match[bytes]) -> bytes:
    if match[1] is None:
        return match[0]
    code = 0x10000 + ((int(match[1], 16) & 0x3FF) << 10) + (int(match[2], 16) & 0x3FF)
    return b"\\U%08X" % code
