"""The filter as values: what text, GraphQL and Python all become before a question is asked.

A subject is a system field or a tag's key; a comparison holds a subject against typed values.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from eventlog.errors import InputError
from projections.search.fields import Field
from projections.search.values import Value, check_text

MAX_TERMS = 100
MAX_DEPTH = 24
MAX_VALUES = 1000
MAX_KEY = 255


class Op(StrEnum):
    """What a comparison asks; the value is its word in the text form."""

    EQ = "="
    NE = "!="
    LT = "<"
    LTE = "<="
    GT = ">"
    GTE = ">="
    IN = "in"
    STARTS_WITH = "startsWith"
    EXISTS = "exists"


ORDERED = frozenset({Op.LT, Op.LTE, Op.GT, Op.GTE})


@dataclass(frozen=True, slots=True)
class TagKey:
    """A tag, by its key. Raises InputError for a key that no tag can have."""

    key: str

    def __post_init__(self) -> None:
        if not 0 < len(self.key) <= MAX_KEY:
            raise InputError(f"a tag's key has 1 to {MAX_KEY} characters, not {len(self.key)}")
        check_text(self.key)


Subject = Field | TagKey


@dataclass(frozen=True, slots=True)
class Compare:
    """One term. ``values`` is empty for EXISTS, holds any number for IN, and exactly one otherwise."""

    subject: Subject
    op: Op
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    """The files that do not match ``term``."""

    term: "Filter"


@dataclass(frozen=True, slots=True)
class And:
    """The files that match every one of two or more terms."""

    terms: tuple["Filter", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """The files that match at least one of two or more terms."""

    terms: tuple["Filter", ...]


Filter = Compare | Not | And | Or


def all_of(terms: Sequence[Filter]) -> Filter:
    """The conjunction of one or more terms."""
    return terms[0] if len(terms) == 1 else And(tuple(terms))


def any_of(terms: Sequence[Filter]) -> Filter:
    """The disjunction of one or more terms."""
    return terms[0] if len(terms) == 1 else Or(tuple(terms))


def comparisons(where: Filter) -> Iterator[Compare]:
    """Every comparison of a filter, left to right."""
    match where:
        case Compare():
            yield where
        case Not(term):
            yield from comparisons(term)
        case And(terms) | Or(terms):
            for term in terms:
                yield from comparisons(term)


def check_size(where: Filter) -> None:
    """Raise InputError for a filter with too many terms or too deep a nesting to be answered."""
    count, pending = 0, [(where, 1)]
    while pending:
        term, depth = pending.pop()
        if depth > MAX_DEPTH:
            raise InputError(f"the filter is nested deeper than {MAX_DEPTH} levels")
        match term:
            case Compare():
                count += 1
            case Not(inner):
                pending.append((inner, depth + 1))
            case And(terms) | Or(terms):
                pending.extend((inner, depth + 1) for inner in terms)
    if count > MAX_TERMS:
        raise InputError(f"the filter has {count} terms; at most {MAX_TERMS} can be answered")
