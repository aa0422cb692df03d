"""Metadata: what a workflow, a job, a file or a transformation is about, as keys and strings."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Self

from hoofprint.errors import WorkflowError, WrongTypeError
from hoofprint.names import check_text
from hoofprint.profiles import Profiled

MetadataValue = str | int | float | bool

_LONGEST_KEY = 256
NO_METADATA: Mapping[str, str] = MappingProxyType({})


def merge_metadata(
    present: Mapping[str, str], *more: Mapping[str, MetadataValue], **named: MetadataValue
) -> Mapping[str, str]:
    """Return `present` with the pairs of `more` and `named`, later ones winning; values become strings.

    The file format knows strings only, so 200 is written as "200" and True as "True"; readers infer types.
    """
    merged = dict(present)
    for pairs in (*more, named):
        if not isinstance(pairs, Mapping):
            raise WrongTypeError("metadata", pairs, "a mapping of keys to values")
        for key, value in pairs.items():
            if not isinstance(value, str | int | float):
                raise WrongTypeError(f"metadata {key!r}", value, "a string, a number or a boolean")
            merged[_check_key(key)] = str(value)
    return merged


def _check_key(key: object) -> str:
    text = check_text(key, "metadata key")
    if len(text) > _LONGEST_KEY:
        raise WorkflowError(f"metadata key {text:.40}…: at most {_LONGEST_KEY} characters are wanted")
    return text


class Described(Profiled):
    """Something that carries metadata, and profiles as well."""

    __slots__ = ("metadata",)

    def __init__(self) -> None:
        super().__init__()
        self.metadata: Mapping[str, str] = NO_METADATA

    def add_metadata(self, *args: Mapping[str, MetadataValue], **kwargs: MetadataValue) -> Self:
        """Add key-value pairs, as mappings for keys such as `par.temperature`, or by name."""
        self.metadata = merge_metadata(self.metadata, *args, **kwargs)
        return self
