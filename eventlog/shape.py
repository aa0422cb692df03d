"""From a fact to the plain values that Avro writes, and back."""

import dataclasses
import types
import typing
from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any

Convert = Callable[[Any], Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Shape:
    """How one record type (a fact, or a dataclass nested in one) is taken apart and put together.

    Only the fields that hold nested records or tuples need a conversion of their own; the others pass.
    """

    record: type
    names: tuple[str, ...]
    values_of: Callable[[object], tuple[object, ...]]
    flattened: tuple[tuple[str, Convert], ...]
    built: tuple[tuple[str, Convert], ...]

    def flatten(self, record: object) -> dict[str, object]:
        """The record as a mapping of plain values."""
        datum = dict(zip(self.names, self.values_of(record), strict=True))
        for name, convert in self.flattened:
            datum[name] = convert(datum[name])
        return datum

    def build(self, datum: dict[str, object]) -> object:
        """The record of a mapping of plain values, which is used up."""
        for name, convert in self.built:
            datum[name] = convert(datum[name])
        return self.record(**datum)


@cache
def shape_of(record: type) -> Shape:
    """The shape of a fact type, or of a dataclass nested in one."""
    annotations = typing.get_type_hints(record)
    names = tuple(field.name for field in dataclasses.fields(record))
    conversions = {name: _conversion(annotations[name]) for name in names}
    return Shape(
        record=record,
        names=names,
        values_of=attrgetter(*names),
        flattened=tuple(
            (name, pair[0]) for name, pair in conversions.items() if pair and pair[0] is not None
        ),
        built=tuple((name, pair[1]) for name, pair in conversions.items() if pair),
    )


def _conversion(annotation: object) -> tuple[Convert | None, Convert] | None:
    """How a value of this annotation is flattened and built; None where it stays as it is."""
    if isinstance(annotation, type) and dataclasses.is_dataclass(annotation):
        shape = shape_of(annotation)
        return shape.flatten, shape.build
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) is tuple:
        item = _conversion(arguments[0])
        return (_each(item[0]), _each(item[1])) if item else (None, tuple)
    if typing.get_origin(annotation) is types.UnionType and (item := _conversion(arguments[0])):
        return item[0] and _unless_none(item[0]), _unless_none(item[1])
    return None


def _each(convert: Convert | None) -> Convert:
    return tuple if convert is None else lambda items: tuple(map(convert, items))


def _unless_none(convert: Convert) -> Convert:
    return lambda value: None if value is None else convert(value)
