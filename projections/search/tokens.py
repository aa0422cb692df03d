"""Cuts the one-line text of a filter into tokens that know where they stand."""

import re
from dataclasses import dataclass
from enum import StrEnum

from eventlog.errors import InputError
from projections.search.filter import Op

MAX_LENGTH = 20_000


class Kind(StrEnum):
    """What a token is; the value is how messages call it."""

    WORD = "a key"
    STRING = "a text in quotes"
    NUMBER = "a number"
    TIME = "a time"
    OPERATOR = "an operator"
    OPEN = "'('"
    CLOSE = "')'"
    COMMA = "','"
    END = "the end"


@dataclass(frozen=True, slots=True)
class Token:
    """One token: ``text`` is its content (quotes and escapes resolved), ``position`` its first character."""

    kind: Kind
    text: str
    position: int


_PUNCTUATION = {"(": Kind.OPEN, ")": Kind.CLOSE, ",": Kind.COMMA}
_OPERATORS = {"=": Op.EQ, "==": Op.EQ, "!=": Op.NE, "<": Op.LT, "<=": Op.LTE, ">": Op.GT, ">=": Op.GTE}
_OPERATOR = re.compile(r"[=!<>]+")
# a run of characters that neither blanks nor syntax end; what it is shows when it is whole
_WORD = re.compile(r"[^\s()=!<>,\"'\\]+")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_TIME = re.compile(r"\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:?\d\d)?)?")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\"}


def complaint(text: str, position: int, problem: str) -> InputError:
    """The error at one place of a filter's text, with a caret under the place."""
    line = "".join(c if c.isprintable() else " " for c in text)
    start = max(0, position - 50)
    shown = line[start : position + 30]
    caret = " " * (position - start) + "^"
    return InputError(f"filter, column {position + 1}: {problem}\n  {shown}\n  {caret}")


def tokenize(text: str) -> list[Token]:
    """Every token of a filter's text, the end included. Raises InputError at the first thing that is none."""
    if len(text) > MAX_LENGTH:
        raise InputError(f"the filter has {len(text)} characters; at most {MAX_LENGTH} are read")
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        token, position = _next_token(text, position)
        tokens.append(token)
    return [*tokens, Token(Kind.END, "", len(text))]


def _next_token(text: str, position: int) -> tuple[Token, int]:
    character = text[position]
    if character in _PUNCTUATION:
        return Token(_PUNCTUATION[character], character, position), position + 1
    if character in "\"'":
        return _quoted(text, position)
    if operator := _OPERATOR.match(text, position):
        if operator.group() not in _OPERATORS:
            raise complaint(text, position, f"{operator.group()} is no operator; known are = != < <= > >=")
        return Token(Kind.OPERATOR, _OPERATORS[operator.group()], position), operator.end()
    if word := _WORD.match(text, position):
        return _word(text, word)
    raise complaint(text, position, "a backslash stands only inside quotes")


def _word(text: str, found: re.Match[str]) -> tuple[Token, int]:
    word, position = found.group(), found.start()
    if _TIME.fullmatch(word):
        return Token(Kind.TIME, word, position), found.end()
    if _NUMBER.fullmatch(word):
        return Token(Kind.NUMBER, word, position), found.end()
    # a quote right behind `tag.` belongs to the key: tag."any text"
    if word == "tag." and text[found.end() : found.end() + 1] in ('"', "'"):
        quoted, end = _quoted(text, found.end())
        return Token(Kind.WORD, f"tag.{quoted.text}", position), end
    return Token(Kind.WORD, word, position), found.end()


def _quoted(text: str, start: int) -> tuple[Token, int]:
    parts: list[str] = []
    quote, position = text[start], start + 1
    while position < len(text):
        character = text[position]
        if character == quote:
            return Token(Kind.STRING, "".join(parts), start), position + 1
        if character == "\\":
            part, position = _escape(text, position)
            parts.append(part)
        else:
            parts.append(character)
            position += 1
    raise complaint(text, start, f"this quote is never closed; expected {quote} before the end")


def _escape(text: str, position: int) -> tuple[str, int]:
    letter = text[position + 1 : position + 2]
    if letter in _ESCAPES:
        return _ESCAPES[letter], position + 2
    if letter == "u" and re.fullmatch(r"[0-9a-fA-F]{4}", text[position + 2 : position + 6]):
        return chr(int(text[position + 2 : position + 6], 16)), position + 6
    raise complaint(text, position, r"no such escape; known are \" \' \\ \n \t \r and \uXXXX")
