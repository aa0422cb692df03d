"""From an author's argument items to the words of a command line; no shell ever sees them."""

import re
from collections.abc import Sequence

_PIECE = re.compile(
    r"""
    (?P<blank>[\ \t\r\n]+)
  | '(?P<single>[^']*)'
  | "(?P<double>(?:[^"\\]|\\.)*)"
  | \\(?P<escaped>.)
  | (?P<plain>[^\ \t\r\n'"\\]+)
  | (?P<lone>['"\\])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE_IN_DOUBLE = re.compile(r'\\(["\\])')
_QUOTING = re.compile(r"['\"\\]")


def split_arguments(items: Sequence[str], *, literal: bool = False) -> tuple[str, ...]:
    """The words of a command line: items joined by blanks and split by POSIX shell quoting rules.

    Nothing is expanded: ``;``, ``$`` and ``~`` are plain characters. A quote or a final backslash that
    nothing closes stands for itself, because real workflows hold prose with apostrophes. ``literal`` takes
    each item as one word instead.
    """
    if literal:
        return tuple(items)
    line = " ".join(items)
    if not _QUOTING.search(line):
        return tuple(line.split())
    return _split_quoted(line)


def _split_quoted(line: str) -> tuple[str, ...]:
    words: list[str] = []
    word: list[str] | None = None
    for piece in _PIECE.finditer(line):
        if piece.lastgroup == "blank":
            if word is not None:
                words.append("".join(word))
            word = None
            continue
        word = [] if word is None else word
        word.append(_text(piece))
    if word is not None:
        words.append("".join(word))
    return tuple(words)


def _text(piece: re.Match[str]) -> str:
    kind = piece.lastgroup or "plain"
    text: str = piece[kind]
    return _ESCAPE_IN_DOUBLE.sub(r"\1", text) if kind == "double" else text
