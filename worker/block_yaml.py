"""YAML scalars in block style, in ASCII, that line-by-line readers of invocation records cannot misread.

Such readers look for words like `raw: 0` or `[cluster-summary` wherever they stand, so a foreign text must
not hold them as they are.
"""

import re
from typing import Iterable, List

from worker.places import readable

_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./+()@, -]*|[0-9]{1,3}(\.[0-9]{1,3}){3}")
_WORDS = frozenset(
    ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
)  # YAML 1.1 takes them for values
_ODD = re.compile(r"[^ !#-\[\]-~]")
_BLOCK = re.compile(r"[!-~][ -~]*(\n[ -~]*)*")
_MARKERS = ("raw: ", "integrity_error: ", "[cluster-", "[seqexec-", "<status", "<invocation", "- invocation:")
_LONGEST_KEY = 1000  # characters after which YAML no longer takes `key:` on one line for a key


def _escape(match: "re.Match[str]") -> str:
    number = ord(match.group())
    if match.group() in '"\\':
        return "\\" + match.group()
    if number == 10:
        return "\\n"
    if number < 0x100:
        return "\\x%02x" % number
    return "\\u%04x" % number if number < 0x10000 else "\\U%08x" % number


def quoted(text: str) -> str:
    """Give any text as a double-quoted scalar on one line."""
    escaped = _ODD.sub(_escape, readable(text))
    for marker in _MARKERS:
        escaped = escaped.replace(marker, "\\x%02x%s" % (ord(marker[0]), marker[1:]))
    return '"%s"' % escaped


def plain(text: str) -> str:
    """Give a text unquoted where it cannot be taken for anything else, as paths and names mostly are."""
    if _PLAIN.fullmatch(text) and not text.endswith(" ") and text.lower() not in _WORDS:
        return text
    return quoted(text)


def key_lines(key: str, indent: int) -> List[str]:
    """Give the line or lines that begin a mapping below a key, itself a foreign text."""
    scalar, blanks = quoted(key), " " * indent
    if len(scalar) > _LONGEST_KEY:
        return ["%s? %s" % (blanks, scalar), "%s:" % blanks]
    return ["%s%s:" % (blanks, scalar)]


def data_lines(data: bytes, indent: int) -> List[str]:
    """Give what a program printed as the value of `data`: a block to read, quoted where it must be."""
    text, blanks = data.decode("utf-8", "replace"), " " * indent
    if not text:
        return []
    body = text[:-1] if text.endswith("\n") else text
    if body.endswith("\n") or not _BLOCK.fullmatch(body) or any(marker in text for marker in _MARKERS):
        return ["%sdata: %s" % (blanks, quoted(text))]
    head = "%sdata: %s" % (blanks, "|" if text.endswith("\n") else "|-")
    return [head] + ["%s  %s" % (blanks, line) if line else "" for line in body.split("\n")]


def listed(items: Iterable[str], indent: int) -> List[str]:
    """Give texts as the items of a list."""
    return ["%s- %s" % (" " * indent, quoted(item)) for item in items]
