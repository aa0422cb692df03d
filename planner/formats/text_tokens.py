"""Words, quoted texts and braces of the text formats."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from eventlog.errors import InputError

_token = re.compile(
    r"""
    (?P<blank>[ \t\r\f\v\ufeff]+)
  | (?P<newline>\n)
  | (?P<comment>\#[^\n]*)
  | (?P<quoted>"(?:[^"\\\n]|\\[^\n])*")
  | (?P<brace>(?<!\$)[{}])
  | (?P<word>(?:\$\{[^}\n]*\}|[^\s{}"\#])+)
    """,
    re.VERBOSE,
)
_escape = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a quoted text without its quotes, or a brace; ``line`` counts from 1."""

    kind: str
    text: str
    line: int

    def __str__(self) -> str:
        return f'"{self.text}"' if self.kind != "end" else "the end of the file"


def tokenize(text: str, file: str) -> Iterator[Token]:
    """Yield the tokens of a transformation catalog; comments run from ``#`` to the end of the line.

    Raises InputError naming the line of a quote that is not closed.
    """
    line, position = 1, 0
    while position < len(text):
        match = _token.match(text, position)
        if match is None:
            what = (
                "a quote is not closed"
                if text[position] == '"'
                else f"{text[position]!r} has no meaning here"
            )
            raise InputError(f"{file}:{line}: {what}")
        position = match.end()
        kind = match.lastgroup or ""
        if kind == "newline":
            line += 1
        elif kind == "quoted":
            yield Token(kind, unescape(match[0][1:-1]), line)
        elif kind in ("brace", "word"):
            yield Token(kind, match[0], line)
    yield Token("end", "", line)


def unescape(text: str) -> str:
    """Return what stands in quotes: a backslash takes the next character as it is."""
    return _escape.sub(r"\1", text)
