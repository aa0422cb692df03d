"""What the fields of facts are made of: the few kinds of values that an event may hold."""

import dataclasses
import types
import typing
from functools import cache

_PRIMITIVES = {str: "string", int: "long", float: "double", bool: "boolean"}


@dataclasses.dataclass(frozen=True, slots=True)
class Primitive:
    """A string, a 64-bit integer, a double or a boolean; ``name`` is Avro's."""

    name: str


@dataclasses.dataclass(frozen=True, slots=True)
class Nullable:
    """A value that may be None."""

    of: "FieldType"


@dataclasses.dataclass(frozen=True, slots=True)
class Items:
    """A tuple of values of one kind."""

    of: "FieldType"


@dataclasses.dataclass(frozen=True, slots=True)
class Nested:
    """A dataclass within a fact; ``written`` are its fields as another version wrote them, where one did."""

    record: type
    written: "Fields | None" = None


FieldType = Primitive | Nullable | Items | Nested
Fields = tuple[tuple[str, FieldType], ...]
"""Names and kinds of a record's fields, in the order in which they are written."""


@cache
def field_types(record: type) -> dict[str, FieldType]:
    """The kind of each field of a fact type, or of a dataclass nested in one, in field order.

    Raises TypeError for an annotation that has no place in an event.
    """
    annotations = typing.get_type_hints(record)
    return {field.name: _field_type(annotations[field.name]) for field in dataclasses.fields(record)}


def _field_type(annotation: object) -> FieldType:
    if isinstance(annotation, type) and annotation in _PRIMITIVES:
        return Primitive(_PRIMITIVES[annotation])
    if isinstance(annotation, type) and dataclasses.is_dataclass(annotation):
        return Nested(annotation)
    match typing.get_origin(annotation), typing.get_args(annotation):
        case (origin, (item, rest)) if origin is tuple and rest is Ellipsis:
            return Items(_field_type(item))
        case (types.UnionType, (value, types.NoneType)):
            return Nullable(_field_type(value))
    raise TypeError(
        f"{annotation} has no place in an event: use str, int, float, bool, X | None, tuple[X, ...]"
    )
