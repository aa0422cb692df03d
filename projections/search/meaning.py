"""Decides whether a comparison makes sense, and brings its values to the type of its field."""

import difflib
from dataclasses import replace

from eventlog.errors import InputError
from projections.search.fields import Field
from projections.search.filter import MAX_VALUES, ORDERED, And, Compare, Filter, Not, Op, Or, check_size
from projections.search.values import Value, ValueType, parse_moment

CHOICES: dict[Field, tuple[str, ...]] = {
    Field.CHECKSUM: ("verified", "computed", "unverified", "corrupt"),
    Field.ROLE: ("input", "intermediate", "output"),
}
_EXAMPLES = {ValueType.STRING: '"text"', ValueType.NUMBER: "1000", ValueType.TIME: "2026-11-22T10:00:00Z"}
_ORDERED_TYPES = (ValueType.NUMBER, ValueType.TIME, ValueType.STRING)


def understood(term: Compare) -> Compare:
    """The comparison with its values in the type of its field; raises InputError where it makes no sense."""
    _check_count(term)
    if isinstance(term.subject, Field):
        field = term.subject
        term = replace(term, values=tuple(_field_value(field, value) for value in term.values))
        if field in CHOICES and term.op not in (Op.EQ, Op.NE, Op.IN, Op.EXISTS):
            raise InputError(f"{field} is one of {', '.join(CHOICES[field])}: use =, !=, in or exists")
    for value in term.values:
        _check_operator(term.op, value)
    return term


def understood_filter(where: Filter) -> Filter:
    """The whole filter with every comparison understood. Raises InputError."""
    check_size(where)
    return _understood_below(where)


def _understood_below(where: Filter) -> Filter:
    match where:
        case Compare():
            return understood(where)
        case Not(term):
            return Not(_understood_below(term))
        case And(terms):
            return And(tuple(map(_understood_below, terms)))
        case Or(terms):
            return Or(tuple(map(_understood_below, terms)))


def _check_count(term: Compare) -> None:
    count = len(term.values)
    if term.op is Op.EXISTS and count:
        raise InputError("exists takes no value")
    if term.op is Op.IN and not 0 < count <= MAX_VALUES:
        raise InputError(f"in takes 1 to {MAX_VALUES} values, not {count}")
    if term.op not in (Op.EXISTS, Op.IN) and count != 1:
        raise InputError(f"{term.op} takes one value, not {count}")


def _check_operator(op: Op, value: Value) -> None:
    if op is Op.STARTS_WITH and value.type is not ValueType.STRING:
        raise InputError(f'startsWith takes a text in quotes, not a {value.type}: key startsWith "par_"')
    if op in ORDERED and value.type not in _ORDERED_TYPES:
        raise InputError(f"{op} does not apply to true and false; use = or !=")


def _field_value(field: Field, value: Value) -> Value:
    if field.type is ValueType.TIME and value.type is ValueType.STRING:
        return Value.of_time(parse_moment(value.text))
    if value.type is not field.type:
        raise InputError(
            f"{field} is a {field.type} and cannot be held against a {value.type};"
            f" write {field} = {_EXAMPLES[field.type]}, or tag.{field} for a tag of that name"
        )
    choices = CHOICES.get(field)
    if choices and value.text not in choices:
        nearest = difflib.get_close_matches(value.text.lower(), choices, n=1)
        hint = f"; nearest: {nearest[0]}" if nearest else ""
        raise InputError(f"{field} is one of {', '.join(choices)}, not {value.text!r}{hint}")
    return value
