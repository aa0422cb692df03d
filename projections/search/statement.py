"""A search as one statement: the best indexed term leads to candidates, on which the others are checked."""

from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    and_,
    exists,
    false,
    func,
    not_,
    or_,
    select,
    true,
    union,
)

from eventlog.errors import InputError
from projections.data.files import FILES
from projections.data.plans import PLANS
from projections.search.field_terms import field_candidates, field_condition
from projections.search.fields import Field
from projections.search.filter import And, Compare, Filter, Not, Op, Or
from projections.search.scope import Scope
from projections.search.tag_terms import FileKeys, tag_candidates, tag_condition
from projections.search.values import ValueType

_NEEDS_TERM = (
    "this filter would have to look at every file: it has no term that an index can answer."
    ' Add (with and) one such as: some_tag = "value", some_tag >= 200, lfn startsWith "run1/", run = "…",'
    ' workflow = "split", transformation = "wc", site = "local", checksum = "corrupt"'
)

# how few files a term is likely to leave; the least leads
_RANK_BY_OP = {Op.EQ: 3, Op.IN: 4, Op.STARTS_WITH: 5, Op.EXISTS: 8, Op.NE: 9}
_RANK_OF_RANGE = 6
_RANK_BY_FIELD = {
    Field.SHA256: 0,
    Field.LFN: 0,
    Field.RUN: 1,
    Field.WORKFLOW: 6,
    Field.TRANSFORMATION: 6,
    Field.USER: 7,
    Field.SITE: 8,
    Field.CHECKSUM: 8,
}


@dataclass(frozen=True, slots=True)
class _Lead:
    """Candidates within the scope; they all meet ``term``, a part of the filter that need not be checked."""

    rank: int
    term: Filter | None
    keys: tuple[FileKeys, ...]


def matching_keys(where: Filter, scope: Scope) -> Select[int, int]:
    """A statement for the keys of matching files, in the order of their keys, from behind ``scope.after`` on.

    Raises InputError for a filter that no index can answer.
    """
    plain = _without_negated_groups(where)
    lead = _lead(plain, scope)
    if lead is None:
        raise InputError(_NEEDS_TERM)
    found = _joined(lead.keys)
    here = and_(FILES.c.run_key == found.c.run_key, FILES.c.lfn_key == found.c.lfn_key)
    return (
        select(found.c.run_key, found.c.lfn_key)
        .select_from(found.join(FILES, here))
        # nothing here that an index of files could lead by: the candidates do, without statistics too
        .where(_planned(), _rest(plain, lead, scope))
        .order_by(found.c.run_key, found.c.lfn_key)
    )


def _joined(keys: tuple[FileKeys, ...]) -> Subquery:
    if not keys:
        nothing = select(FILES.c.run_key.label("run_key"), FILES.c.lfn_key.label("lfn_key")).where(false())
        return nothing.subquery("found_keys")
    return (keys[0] if len(keys) == 1 else union(*keys)).subquery("found_keys")


def _planned() -> ColumnElement[bool]:
    """Not of a run whose plan has begun to arrive and is not complete."""
    plans = PLANS.alias("arriving")
    return not_(
        exists().where(
            plans.c.run_key == FILES.c.run_key, plans.c.identity_version >= 0, not_(plans.c.visible)
        )
    )


def _rest(where: Filter, lead: _Lead, scope: Scope) -> ColumnElement[bool]:
    """What the candidates have yet to meet."""
    if where is lead.term:
        return true()
    if isinstance(where, And):
        return and_(true(), *(_rest(term, lead, scope) for term in where.terms))
    return _condition(where, scope)


def _condition(where: Filter, scope: Scope) -> ColumnElement[bool]:
    match where:
        case Compare():
            return _compared(where, scope)
        case Not(term):
            # an unknown size is not above 5, so it is among those not above 5
            return not_(func.coalesce(_condition(term, scope), false()))
        case And(terms):
            return and_(*(_condition(term, scope) for term in terms))
        case Or(terms):
            return or_(*(_condition(term, scope) for term in terms))


def _compared(term: Compare, scope: Scope) -> ColumnElement[bool]:
    return field_condition(term) if isinstance(term.subject, Field) else tag_condition(term, scope)


def _lead(where: Filter, scope: Scope) -> _Lead | None:
    match where:
        case Compare():
            return _lead_of_term(where, scope)
        case Not():
            return None
        case And(terms):
            leads = [lead for term in terms if (lead := _lead(term, scope))]
            return min(leads, key=lambda lead: lead.rank) if leads else None
        case Or(terms):
            return _lead_of_either([_lead(term, scope) for term in terms], where, terms)


def _lead_of_either(leads: list[_Lead | None], where: Or, terms: tuple[Filter, ...]) -> _Lead | None:
    found = [lead for lead in leads if lead]
    if len(found) < len(leads):
        return None
    keys = tuple(key for lead in found for key in lead.keys)
    exact = all(lead.term is term for lead, term in zip(found, terms, strict=True))
    return _Lead(max(lead.rank for lead in found), where if exact else None, keys)


def _lead_of_term(term: Compare, scope: Scope) -> _Lead | None:
    if isinstance(term.subject, Field):
        keys = field_candidates(term, scope)
        rank = _RANK_BY_FIELD.get(term.subject, 9) + (3 if term.op is Op.STARTS_WITH else 0)
    else:
        keys = tag_candidates(term, scope)
        rank = _rank_of_tag(term) if keys else -1
    return None if keys is None else _Lead(rank, term, tuple(keys))


def _rank_of_tag(term: Compare) -> int:
    if any(value.type is ValueType.BOOLEAN for value in term.values):
        return 7
    return _RANK_BY_OP.get(term.op, _RANK_OF_RANGE)


def _without_negated_groups(where: Filter, negated: bool = False) -> Filter:
    """The same filter with negations only before comparisons, so that no indexed term hides in them."""
    match where:
        case Compare():
            return Not(where) if negated else where
        case Not(term):
            return _without_negated_groups(term, not negated)
        case And(terms) | Or(terms):
            parts = tuple(_without_negated_groups(term, negated) for term in terms)
            return And(parts) if isinstance(where, And) is not negated else Or(parts)
