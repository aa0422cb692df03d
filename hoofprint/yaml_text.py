"""YAML text that every reader takes for what was meant, written fast.

The subset is block style with plain or double-quoted scalars. A string is left plain only where no
YAML 1.1 or 1.2 reader could see a number, a boolean, null, a date or syntax in it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from json.encoder import encode_basestring
from typing import TypeAlias

from hoofprint.errors import WorkflowError, WrongTypeError

Scalar: TypeAlias = str | int | float | bool
Node: TypeAlias = "Scalar | Mapping[str, Node] | Sequence[Node]"

_is_plain = re.compile(
    r"(?!(?:null|true|false|yes|no|on|off|y|n|nan|inf)\Z)[A-Za-z/_][A-Za-z0-9_./-]*\Z",
    re.IGNORECASE | re.ASCII,
).match
# JSON leaves these as they are; YAML counts some as line breaks and some as not printable.
_needs_escape = re.compile("[\x7f-\xa0\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def quoted(text: str) -> str:
    """Return the text as a double-quoted scalar on one line."""
    return _needs_escape.sub(_escape, encode_basestring(text))


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xD800 <= code <= 0xDFFF:
        raise WorkflowError(
            f"text {match.string!r:.80} holds a lone surrogate ({code:#x}), which UTF-8 cannot write;"
            " decode names as UTF-8"
        )
    return f"\\u{code:04X}"


@lru_cache(maxsize=8192)
def text_scalar(text: str) -> str:
    """Return the text as a scalar that is read back as this very string."""
    return text if _is_plain(text) else quoted(text)


def number_scalar(number: float) -> str:
    """Return a finite number as YAML 1.1 readers want it: an exponent only after a point."""
    if not math.isfinite(number):
        raise WorkflowError(
            f"{number} is not a finite number; write it as a string if the program understands it"
        )
    text = repr(number)
    return text.replace("e", ".0e", 1) if "e" in text and "." not in text else text


def scalar(value: object) -> str:
    """Return a string, number or boolean as a scalar of the same type."""
    if isinstance(value, str):
        return text_scalar(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_scalar(value)
    raise WrongTypeError("YAML value", value, "a string, a number or a boolean")


def mapping_lines(node: Mapping[str, Node], margin: str = "") -> Iterator[str]:
    """Yield the lines of a mapping, each with its line break; `margin` stands before every one."""
    for key, value in node.items():
        head = f"{margin}{text_scalar(key)}:"
        if isinstance(value, Mapping):
            yield from _block(head, value, mapping_lines(value, margin + "  "), "{}")
        elif isinstance(value, Sequence) and not isinstance(value, str):
            yield from _block(head, value, sequence_lines(value, margin), "[]")
        else:
            yield f"{head} {scalar(value)}\n"


def sequence_lines(items: Sequence[Node], margin: str = "") -> Iterator[str]:
    """Yield the lines of a sequence of scalars or mappings, each with its line break."""
    for item in items:
        if isinstance(item, Mapping):
            inner = mapping_lines(item, margin + "  ")
            first = next(inner, "{}\n").lstrip(" ")
            yield f"{margin}- {first}"
            yield from inner
        else:
            yield f"{margin}- {scalar(item)}\n"


def _block(
    head: str, value: Mapping[str, Node] | Sequence[Node], lines: Iterator[str], empty: str
) -> Iterator[str]:
    if not value:
        yield f"{head} {empty}\n"
        return
    yield f"{head}\n"
    yield from lines
