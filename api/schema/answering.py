"""Answers of the views as GraphQL types."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, get_args, get_type_hints

from api.schema.vocabulary import Vocabulary

T = TypeVar("T")


def answer(kind: type[T], source: object, **changed: object) -> T:
    """A GraphQL type made of the attributes of the same names, but for those that are given.

    Where the type has a vocabulary a word becomes its member, and an empty one None if that is allowed.
    """
    taken = {
        name: getattr(source, name) if read is None else read(getattr(source, name))
        for name, read in _readings(kind).items()
        if name not in changed
    }
    return kind(**taken, **changed)


_Reading = Callable[[Any], Vocabulary | None]


def _readings(kind: Any) -> Mapping[str, _Reading | None]:
    """How the value of each field is read; None where it is taken as it is."""
    if kind not in _READINGS:
        hints = get_type_hints(kind)
        names = [field.name for field in dataclasses.fields(kind) if field.init]
        _READINGS[kind] = {name: _reading(hints[name]) for name in names}
    return _READINGS[kind]


def _reading(hint: Any) -> _Reading | None:
    kinds = [kind for kind in (hint, *get_args(hint)) if isinstance(kind, type)]
    vocabulary = next((kind for kind in kinds if issubclass(kind, Vocabulary)), None)
    if vocabulary is None or hint is vocabulary:
        return vocabulary
    return lambda word: vocabulary(word) if word else None


_READINGS: dict[object, Mapping[str, _Reading | None]] = {}
