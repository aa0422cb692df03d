"""Gathering transformations: entries of one transformation become one, containers have unique names."""

from collections.abc import Sequence

from planner.catalogs import Container, Transformation, TransformationCatalog, TransformationEntry
from planner.formats.profiles import merge_profiles


class TransformationEntries:
    """A transformation catalog in the making; entries of one transformation add up, later values win."""

    def __init__(self) -> None:
        self._entries: dict[Transformation, list[TransformationEntry]] = {}
        self._containers: dict[str, Container] = {}

    def add(self, entry: TransformationEntry) -> None:
        """Add what one item says."""
        self._entries.setdefault(entry.transformation, []).append(entry)

    def add_container(self, container: Container) -> bool:
        """Add a container; False when its name is taken by another."""
        return self._containers.setdefault(container.name, container) == container

    def catalog(self, source: str) -> TransformationCatalog:
        """Return the catalog of all that was added."""
        entries = {transformation: _merged(entries) for transformation, entries in self._entries.items()}
        return TransformationCatalog(entries, self._containers, source)


def _merged(entries: Sequence[TransformationEntry]) -> TransformationEntry:
    if len(entries) == 1:
        return entries[0]
    return TransformationEntry(
        entries[0].transformation,
        tuple(executable for entry in entries for executable in entry.executables),
        requires=tuple(dict.fromkeys(name for entry in entries for name in entry.requires)),
        sha256=next((entry.sha256 for entry in reversed(entries) if entry.sha256), None),
        profiles=merge_profiles(entry.profiles for entry in entries),
        metadata={key: value for entry in entries for key, value in entry.metadata.items()},
        hooks=tuple(hook for entry in entries for hook in entry.hooks),
        requires_files=tuple(dict.fromkeys(lfn for entry in entries for lfn in entry.requires_files)),
    )
