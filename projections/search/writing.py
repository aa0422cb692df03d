"""Writes a filter as one line of text, which ``parse_filter`` reads back as the same filter."""

import re

from projections.search.fields import Field, field_named
from projections.search.filter import And, Compare, Filter, Not, Op, Or, Subject
from projections.search.parser import KEYWORDS
from projections.search.values import Value, ValueType

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.:@/-]*")
_ESCAPES = {"\n": r"\n", "\t": r"\t", "\r": r"\r", '"': r"\"", "\\": r"\\"}


def write_filter(where: Filter) -> str:
    """One line of text that means the same."""
    match where:
        case Compare():
            return _comparison(where)
        case Not(term):
            return f"not {_nested(term, (And, Or))}"
        case And(terms):
            return " and ".join(_nested(term, (And, Or)) for term in terms)
        case Or(terms):
            return " or ".join(_nested(term, (Or,)) for term in terms)


def _nested(term: Filter, bracketed: tuple[type[Filter], ...]) -> str:
    text = write_filter(term)
    return f"({text})" if isinstance(term, bracketed) else text


def _comparison(term: Compare) -> str:
    subject = _subject(term.subject)
    if term.op is Op.EXISTS:
        return f"{subject} exists"
    if term.op is Op.IN:
        return f"{subject} in ({', '.join(map(write_value, term.values))})"
    return f"{subject} {term.op} {write_value(term.values[0])}"


def _subject(subject: Subject) -> str:
    if isinstance(subject, Field):
        return subject.value
    key = subject.key
    if not _PLAIN_KEY.fullmatch(key):
        return f"tag.{_quoted(key)}"
    if field_named(key) or key.lower() in KEYWORDS or key.startswith("tag."):
        return f"tag.{key}"
    return key


def write_value(value: Value) -> str:
    """One value as it stands in the text."""
    match value.type:
        case ValueType.STRING:
            return _quoted(value.text)
        case ValueType.NUMBER:
            return write_number(value.number)
        case ValueType.BOOLEAN:
            return "true" if value.number else "false"
        case ValueType.TIME:
            return value.moment().isoformat().replace("+00:00", "Z")


def write_number(number: float) -> str:
    """The shortest text that reads back as the same number."""
    return str(int(number)) if number.is_integer() and abs(number) < 1e16 else repr(number)


def _quoted(text: str) -> str:
    return '"' + "".join(map(_character, text)) + '"'


def _character(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable() or ord(character) > 0xFFFF:
        return character
    return f"\\u{ord(character):04x}"
