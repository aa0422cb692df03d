"""Answers of the views as GraphQL types."""

import dataclasses
from typing import Any, TypeVar

T = TypeVar("T")


def answer(kind: type[T], source: object, **changed: object) -> T:
    """A GraphQL type made of the attributes of the same names, but for those that are given."""
    taken = {name: getattr(source, name) for name in _names(kind) if name not in changed}
    return kind(**taken, **changed)


def _names(kind: Any) -> tuple[str, ...]:
    if kind not in _NAMES:
        _NAMES[kind] = tuple(field.name for field in dataclasses.fields(kind) if field.init)
    return _NAMES[kind]


_NAMES: dict[object, tuple[str, ...]] = {}
