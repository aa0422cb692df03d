"""Gathering transformations: entries of one transformation become one, containers have unique names."""

from dataclasses import replace

from planner.catalogs import Container, Profiles, Transformation, TransformationCatalog, TransformationEntry


class TransformationEntries:
    """A transformation catalog in the making."""

    def __init__(self) -> None:
        self._entries: dict[Transformation, TransformationEntry] = {}
        self._containers: dict[str, Container] = {}

    def add(self, entry: TransformationEntry) -> None:
        """Add an entry, or its executables to the one that its transformation has already."""
        before = self._entries.get(entry.transformation)
        self._entries[entry.transformation] = _merged(before, entry) if before else entry

    def add_container(self, container: Container) -> bool:
        """Add a container; False when its name is taken by another."""
        return self._containers.setdefault(container.name, container) == container

    def catalog(self, source: str) -> TransformationCatalog:
        """Return the catalog of all that was added."""
        return TransformationCatalog(self._entries, self._containers, source)


def _merged(before: TransformationEntry, entry: TransformationEntry) -> TransformationEntry:
    return replace(
        entry,
        executables=(*before.executables, *entry.executables),
        requires=tuple(dict.fromkeys((*before.requires, *entry.requires))),
        sha256=entry.sha256 or before.sha256,
        profiles=merge_profiles(before.profiles, entry.profiles),
        metadata={**before.metadata, **entry.metadata},
        hooks=(*before.hooks, *entry.hooks),
    )


def merge_profiles(first: Profiles, second: Profiles) -> Profiles:
    """Return the profiles of both, those of ``second`` winning."""
    return {
        namespace: {**first.get(namespace, {}), **second.get(namespace, {})}
        for namespace in dict.fromkeys((*first, *second))
    }
