"""A workflow's files, by their logical names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from hoofprint.errors import WorkflowError, WrongTypeError
from hoofprint.metadata import NO_METADATA, MetadataValue, merge_metadata
from hoofprint.names import check_lfn


class File:
    """A file that jobs read or write, known by its logical file name (LFN).

    Two files are equal when their LFNs are. `size` is in bytes; `for_planning` marks a file that the
    planner itself reads, such as the workflow of a sub-workflow.
    """

    __slots__ = ("for_planning", "lfn", "metadata", "size")

    def __init__(self, lfn: str, size: int | None = None, for_planning: bool = False) -> None:
        self.lfn = check_lfn(lfn)
        self.size = None if size is None else _check_size(size, lfn)
        self.for_planning = for_planning
        self.metadata: Mapping[str, str] = NO_METADATA

    def add_metadata(self, *args: Mapping[str, MetadataValue], **kwargs: MetadataValue) -> Self:
        """Add key-value pairs, as mappings for keys such as `par.temperature`, or by name."""
        self.metadata = merge_metadata(self.metadata, *args, **kwargs)
        return self

    def __str__(self) -> str:
        return self.lfn

    def __repr__(self) -> str:
        return f"File({self.lfn!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, File) and self.lfn == other.lfn

    def __hash__(self) -> int:
        return hash(self.lfn)


def _check_size(size: object, lfn: str) -> int:
    if not isinstance(size, int) or isinstance(size, bool):
        raise WrongTypeError(f"size of file {lfn!r}", size, "a number of bytes")
    if size < 0:
        raise WorkflowError(f"size of file {lfn!r} is {size}; a number of bytes is wanted")
    return size


def as_file(file: File | str, place: str) -> File:
    """Return a file, made from its LFN where only that was given."""
    if isinstance(file, File):
        return file
    if isinstance(file, str):
        return File(file)
    raise WrongTypeError(place, file, "a File or an LFN")
