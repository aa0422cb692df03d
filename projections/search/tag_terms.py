"""A comparison with a tag, as SQL: the files it leads to, and whether a given file meets it.

A file meets it by a tag of its own, or of the task, the job, the run or the workflow that made it.
"""

from itertools import groupby

from sqlalchemy import ColumnElement, FromClause, Select, and_, exists, false, not_, or_, select

from projections.data.files import FILES
from projections.data.tags import TAGS
from projections.data.uses import TASKS
from projections.keys import text_key
from projections.search.filter import Compare, Op, TagKey
from projections.search.matching import number_matches, starts_with, text_matches
from projections.search.scope import Scope, Target
from projections.search.values import Value, ValueType

FileKeys = Select[int, int]

_INDEXED_START = 200
_NAMELESS = text_key("")
# what holds of a text's start when the comparison holds of the text
_START_OP = {Op.LT: Op.LTE, Op.LTE: Op.LTE, Op.GT: Op.GTE, Op.GTE: Op.GTE}


def tag_candidates(term: Compare, scope: Scope) -> list[FileKeys]:
    """For each kind of target that carries the key: the keys of the files that meet the term there."""
    return [_candidates(term, target, scope) for target in _targets(term, scope)]


def tag_condition(term: Compare, scope: Scope) -> ColumnElement[bool]:
    """Whether the row of ``files`` at hand meets the term, by any of these tags."""
    return or_(false(), *(_condition(term, target) for target in _targets(term, scope)))


def _targets(term: Compare, scope: Scope) -> tuple[Target, ...]:
    return scope.targets.get(_key(term), ())


def _key(term: Compare) -> str:
    if not isinstance(term.subject, TagKey):
        raise TypeError(f"{term.subject} is no tag")
    return term.subject.key


def _candidates(term: Compare, target: Target, scope: Scope) -> FileKeys:
    tags = TAGS.alias("t")
    carried = and_(
        scope.visible(tags.c.namespace),
        tags.c.key == _key(term),
        tags.c.target == target.value,
        tag_matches(tags, term),
    )
    if target is Target.FILE:
        own = select(tags.c.run_key.label("run_key"), tags.c.name_key.label("lfn_key"))
        return own.where(carried, scope.ahead(tags.c.run_key, tags.c.name_key))
    files = FILES.alias("made")
    keys = select(files.c.run_key.label("run_key"), files.c.lfn_key.label("lfn_key"))
    if target is Target.TASK:
        made = and_(files.c.run_key == tags.c.run_key, files.c.task == tags.c.name)
        keys = keys.select_from(tags.join(files, made))
    elif target is Target.JOB:
        tasks = TASKS.alias("k")
        done = and_(tasks.c.run_key == tags.c.run_key, tasks.c.job == tags.c.name)
        made = and_(files.c.run_key == tasks.c.run_key, files.c.task == tasks.c.task)
        keys = keys.select_from(tags.join(tasks, done).join(files, made))
    else:
        keys = keys.select_from(tags.join(files, files.c.run_key == tags.c.run_key))
    return keys.where(carried, scope.ahead(files.c.run_key, files.c.lfn_key))


def _condition(term: Compare, target: Target) -> ColumnElement[bool]:
    tags = TAGS.alias("t")
    carried = and_(
        tags.c.run_key == FILES.c.run_key,
        tags.c.target == target.value,
        tags.c.key == _key(term),
        tag_matches(tags, term),
    )
    match target:
        case Target.FILE:
            return exists().where(carried, tags.c.name_key == FILES.c.lfn_key)
        case Target.TASK:
            return exists().where(carried, tags.c.name == FILES.c.task)
        case Target.JOB:
            tasks = TASKS.alias("k")
            done = and_(tasks.c.run_key == FILES.c.run_key, tasks.c.task == FILES.c.task)
            return exists().where(carried, done, tags.c.name == tasks.c.job)
        case _:
            return exists().where(carried, tags.c.name_key == _NAMELESS)


def tag_matches(tags: FromClause, term: Compare) -> ColumnElement[bool]:
    """Whether the value of the tag at hand meets the term; a retracted tag never does."""
    if term.op is Op.EXISTS:
        return tags.c.type.is_not(None)
    if term.op is Op.NE:
        equal = _value_matches(tags, Op.EQ, term.values)
        return and_(tags.c.type.is_not(None), not_(equal))
    by_type = groupby(sorted(term.values, key=lambda value: value.type), key=lambda value: value.type)
    return or_(*(_value_matches(tags, term.op, tuple(values)) for _, values in by_type))


def _value_matches(tags: FromClause, op: Op, values: tuple[Value, ...]) -> ColumnElement[bool]:
    """Values of one type."""
    kind = values[0].type
    if kind is not ValueType.STRING:
        return and_(
            tags.c.type == kind.value, number_matches(tags.c.number, op, [value.number for value in values])
        )
    return _text_matches(tags, op, [value.text for value in values])


def _text_matches(tags: FromClause, op: Op, texts: list[str]) -> ColumnElement[bool]:
    """Texts as they were written, whatever type was read from them; only strings have an order."""
    starts = [text[:_INDEXED_START] for text in texts]
    match op:
        case Op.EQ | Op.IN:
            return and_(_one_of(tags.c.text_start, starts), _one_of(tags.c.text, texts))
        case Op.STARTS_WITH:
            return and_(starts_with(tags.c.text_start, starts[0]), starts_with(tags.c.text, texts[0]))
        case _:
            return and_(
                tags.c.type == ValueType.STRING.value,
                text_matches(tags.c.text_start, _START_OP[op], starts),
                text_matches(tags.c.text, op, texts),
            )


def _one_of(column: ColumnElement[str], texts: list[str]) -> ColumnElement[bool]:
    # an equality lets an index answer in the order of its further columns
    return column == texts[0] if len(texts) == 1 else column.in_(texts)
