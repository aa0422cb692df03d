"""The filter as GraphQL input, and the same filter as values."""

from collections.abc import Iterator
from enum import Enum

import strawberry

from api.schema.scalars import Time
from eventlog.errors import InputError
from projections.search.fields import Field
from projections.search.filter import MAX_DEPTH, Compare, Filter, Not, Op, Subject, TagKey, all_of, any_of
from projections.search.parser import parse_filter
from projections.search.values import Value


@strawberry.enum(description="What is known of every file without anybody tagging it.")
class FileField(Enum):
    """The system fields; each has its name in the text form as value."""

    LFN = Field.LFN.value
    SIZE = strawberry.enum_value(Field.SIZE.value, description="In bytes.")
    SHA256 = Field.SHA256.value
    CHECKSUM = strawberry.enum_value(
        Field.CHECKSUM.value, description="verified, computed, unverified or corrupt."
    )
    ROLE = strawberry.enum_value(Field.ROLE.value, description="input, intermediate or output.")
    CREATED = strawberry.enum_value(Field.CREATED.value, description="When its contents were last recorded.")
    SITE = strawberry.enum_value(Field.SITE.value, description="Where a replica lies.")
    PROTOCOL = strawberry.enum_value(
        Field.PROTOCOL.value, description="How a replica is reached, such as file."
    )
    JOB = Field.JOB.value
    TASK = Field.TASK.value
    TRANSFORMATION = strawberry.enum_value(
        Field.TRANSFORMATION.value,
        description="What made it: namespace::name:version, absent parts left out.",
    )
    RUN = strawberry.enum_value(Field.RUN.value, description="The id of the run that it belongs to.")
    WORKFLOW = strawberry.enum_value(Field.WORKFLOW.value, description="The name of the run's workflow.")
    USER = strawberry.enum_value(Field.USER.value, description="Who planned the run.")
    NAMESPACE = Field.NAMESPACE.value


@strawberry.input(one_of=True, description="A typed value: exactly one of these.")
class ValueInput:
    """One typed value."""

    string: str | None = strawberry.UNSET
    number: float | None = strawberry.UNSET
    boolean: bool | None = strawberry.UNSET
    time: Time | None = strawberry.UNSET


@strawberry.input
class Comparison:
    """What something is held against."""

    eq: ValueInput | None = strawberry.UNSET
    ne: ValueInput | None = strawberry.UNSET
    lt: ValueInput | None = strawberry.UNSET
    lte: ValueInput | None = strawberry.UNSET
    gt: ValueInput | None = strawberry.UNSET
    gte: ValueInput | None = strawberry.UNSET
    in_: list[ValueInput] | None = strawberry.field(name="in", default=strawberry.UNSET)
    starts_with: str | None = strawberry.UNSET
    exists: bool | None = strawberry.UNSET


@strawberry.input(description="A tag held against values. Several comparisons must all hold.")
class TagComparison(Comparison):
    """A tag, by its key; a string meets the value as written, a number tags that are numbers."""

    key: str


@strawberry.input(description="A system field held against values. Several comparisons must all hold.")
class FieldComparison(Comparison):
    """A system field, by its name."""

    name: FileField


@strawberry.input(
    description='Which files. Several members must all hold. `text` is the one-line form: type = "counts" and'
    " lines >= 50."
)
class FileFilter:
    """A boolean combination of comparisons."""

    and_: list["FileFilter"] | None = strawberry.field(name="and", default=strawberry.UNSET)
    or_: list["FileFilter"] | None = strawberry.field(name="or", default=strawberry.UNSET)
    not_: "FileFilter | None" = strawberry.field(name="not", default=strawberry.UNSET)
    tag: TagComparison | None = strawberry.UNSET
    field: FieldComparison | None = strawberry.UNSET
    text: str | None = strawberry.UNSET


def filter_of(where: FileFilter, depth: int = 1) -> Filter:
    """The filter that the input means. Raises InputError for one that says nothing, or too much."""
    if depth > MAX_DEPTH:
        raise InputError(f"the filter is nested deeper than {MAX_DEPTH} levels")
    terms = list(_terms(where, depth + 1))
    if not terms:
        raise InputError("a filter needs one of: and, or, not, tag, field, text")
    return all_of(terms)


def _terms(where: FileFilter, depth: int) -> Iterator[Filter]:
    if isinstance(where.and_, list):
        yield all_of(_parts(where.and_, "and", depth))
    if isinstance(where.or_, list):
        yield any_of(_parts(where.or_, "or", depth))
    if where.not_:
        yield Not(filter_of(where.not_, depth))
    if where.tag:
        yield _compared(TagKey(where.tag.key), where.tag, f"tag {where.tag.key!r}")
    if where.field:
        yield _compared(Field(where.field.name.value), where.field, f"field {where.field.name.name}")
    if isinstance(where.text, str):
        yield parse_filter(where.text)


def _parts(parts: list[FileFilter], word: str, depth: int) -> list[Filter]:
    if not parts:
        raise InputError(f"'{word}' needs at least one filter in its list")
    return [filter_of(part, depth) for part in parts]


def _compared(subject: Subject, comparison: Comparison, what: str) -> Filter:
    terms = list(_comparisons(subject, comparison))
    if not terms:
        raise InputError(f"{what} needs one of: eq, ne, lt, lte, gt, gte, in, startsWith, exists")
    return all_of(terms)


def _comparisons(subject: Subject, comparison: Comparison) -> Iterator[Filter]:
    single = {
        Op.EQ: comparison.eq,
        Op.NE: comparison.ne,
        Op.LT: comparison.lt,
        Op.LTE: comparison.lte,
        Op.GT: comparison.gt,
        Op.GTE: comparison.gte,
    }
    for op, value in single.items():
        if value:
            yield Compare(subject, op, (value_of(value),))
    if isinstance(comparison.in_, list):
        yield Compare(subject, Op.IN, tuple(map(value_of, comparison.in_)))
    if isinstance(comparison.starts_with, str):
        yield Compare(subject, Op.STARTS_WITH, (Value.of_text(comparison.starts_with),))
    if isinstance(comparison.exists, bool):
        there = Compare(subject, Op.EXISTS)
        yield there if comparison.exists else Not(there)


def value_of(value: ValueInput) -> Value:
    """The typed value that the input means. Raises InputError for one that nothing can hold."""
    if isinstance(value.string, str):
        return Value.of_text(value.string)
    if isinstance(value.boolean, bool):
        return Value.of_boolean(value.boolean)
    if isinstance(value.time, int):
        return Value.of_microseconds(value.time)
    return Value.of_number(value.number or 0.0)
