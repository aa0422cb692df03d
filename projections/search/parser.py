"""Reads the one-line text of a filter by recursive descent.

::

    filter     = conjunction { "or" conjunction }
    conjunction = term { "and" term }
    term       = "not" term | "(" filter ")" | comparison
    comparison = "exists" key
               | key ( operator value | "in" "(" value { "," value } ")" | "startsWith" text | "exists" )
    value      = text in quotes | number | true | false | time

A bare key that is a system field's name means the field; ``tag.size`` or ``tag."any text"`` always a tag.
"""

import difflib
from collections.abc import Callable

from eventlog.errors import InputError
from projections.search.fields import field_named
from projections.search.filter import (
    MAX_DEPTH,
    MAX_VALUES,
    Compare,
    Filter,
    Not,
    Op,
    Subject,
    TagKey,
    all_of,
    any_of,
    check_size,
)
from projections.search.meaning import understood
from projections.search.tokens import Kind, Token, complaint, tokenize
from projections.search.values import Value, parse_moment

KEYWORDS = frozenset({"and", "or", "not", "in", "startswith", "exists", "true", "false"})
_OPERATORS = "= != < <= > >= in startsWith exists"
_VALUES = 'a value: "text", 200, true or 2026-11-22T10:00:00Z'


def parse_filter(text: str) -> Filter:
    """The filter that a line of text states.

    Raises InputError that shows the place, what was expected there and, for a slip, the nearest word.
    """
    parser = _Parser(text)
    where = parser.filter()
    parser.expect_end()
    check_size(where)
    return where


class _Parser:
    """One text's tokens and how far they are read."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokenize(text)
        self._next = 0
        self._depth = 0

    def filter(self) -> Filter:
        return self._chain("or", lambda: self._chain("and", self._term, all_of), any_of)

    def expect_end(self) -> None:
        if self._token.kind is not Kind.END:
            raise self._unexpected("and, or, or the end")

    def _chain(
        self, word: str, part: Callable[[], Filter], joined: Callable[[list[Filter]], Filter]
    ) -> Filter:
        terms = [part()]
        while self._taken(word):
            terms.append(part())
        return joined(terms)

    def _term(self) -> Filter:
        self._depth += 1
        if self._depth > 2 * MAX_DEPTH:
            raise complaint(self._text, self._token.position, f"nested deeper than {MAX_DEPTH} levels")
        try:
            if self._taken("not"):
                return Not(self._term())
            if self._token.kind is Kind.OPEN:
                return self._bracketed()
            return self._comparison()
        finally:
            self._depth -= 1

    def _bracketed(self) -> Filter:
        self._advance()
        inner = self.filter()
        self._expect(Kind.CLOSE, "and, or, or ')'")
        return inner

    def _comparison(self) -> Filter:
        at = self._token
        if self._taken(Op.EXISTS.value):
            return Compare(self._subject(), Op.EXISTS)
        subject = self._subject()
        op = self._operator()
        term = Compare(subject, op, self._values(op))
        try:
            return understood(term)
        except InputError as error:
            raise complaint(self._text, at.position, str(error)) from None

    def _subject(self) -> Subject:
        token = self._token
        if token.kind is not Kind.WORD or token.text.lower() in KEYWORDS:
            raise self._unexpected("a key, not, or '('")
        self._advance()
        if token.text.startswith("tag."):
            try:
                return TagKey(token.text.removeprefix("tag."))
            except InputError as error:
                raise complaint(self._text, token.position, str(error)) from None
        return field_named(token.text) or TagKey(token.text)

    def _operator(self) -> Op:
        token = self._token
        if token.kind is Kind.OPERATOR:
            self._advance()
            return Op(token.text)
        for op in (Op.IN, Op.STARTS_WITH, Op.EXISTS):
            if self._taken(op.value.lower()):
                return op
        raise self._unexpected(_OPERATORS)

    def _values(self, op: Op) -> tuple[Value, ...]:
        if op is Op.EXISTS:
            return ()
        if op is not Op.IN:
            return (self._value(),)
        self._expect(Kind.OPEN, "'(' and the values, as in: key in (1, 2)")
        values = [self._value()]
        while self._token.kind is Kind.COMMA:
            self._advance()
            values.append(self._value())
            if len(values) > MAX_VALUES:
                raise complaint(self._text, self._token.position, f"more than {MAX_VALUES} values")
        self._expect(Kind.CLOSE, "',' or ')'")
        return tuple(values)

    def _value(self) -> Value:
        token = self._token
        try:
            value = _literal(token)
        except InputError as error:
            raise complaint(self._text, token.position, str(error)) from None
        if value is None:
            hint = f' (a text stands in quotes: "{token.text}")' if token.kind is Kind.WORD else ""
            raise self._unexpected(_VALUES + hint)
        self._advance()
        return value

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _advance(self) -> None:
        self._next += 1

    def _taken(self, word: str) -> bool:
        if self._token.kind is Kind.WORD and self._token.text.lower() == word:
            self._advance()
            return True
        return False

    def _expect(self, kind: Kind, expected: str) -> None:
        if self._token.kind is not kind:
            raise self._unexpected(expected)
        self._advance()

    def _unexpected(self, expected: str) -> InputError:
        token = self._token
        found = token.kind.value if token.kind is Kind.END else repr(token.text)
        nearest = difflib.get_close_matches(token.text.lower(), KEYWORDS, n=1, cutoff=0.6)
        hint = f"; nearest: {nearest[0]}" if token.kind is Kind.WORD and nearest else ""
        return complaint(self._text, token.position, f"found {found}, expected {expected}{hint}")


def _literal(token: Token) -> Value | None:
    match token.kind:
        case Kind.STRING:
            return Value.of_text(token.text)
        case Kind.NUMBER:
            return Value.of_number(float(token.text))
        case Kind.TIME:
            return Value.of_time(parse_moment(token.text))
        case Kind.WORD if token.text.lower() in ("true", "false"):
            return Value.of_boolean(token.text.lower() == "true")
        case _:
            return None
