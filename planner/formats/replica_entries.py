"""Gathering replica entries: what several lines or items say of one LFN becomes one entry."""

from dataclasses import replace

from planner.catalogs import ReplicaCatalog, ReplicaEntry


class ReplicaEntries:
    """Entries in the making; those of the same LFN are merged, a later checksum, size or metadata wins."""

    def __init__(self) -> None:
        self._exact: dict[str, ReplicaEntry] = {}
        self._patterns: dict[str, ReplicaEntry] = {}

    def add(self, entry: ReplicaEntry) -> None:
        """Add an entry, or its replicas to the one that its LFN has already."""
        known = self._patterns if entry.regex else self._exact
        before = known.get(entry.lfn)
        known[entry.lfn] = _merged(before, entry) if before else entry

    def catalog(self, source: str) -> ReplicaCatalog:
        """Return the catalog of all that was added, patterns in the order of their first mention."""
        return ReplicaCatalog(self._exact, tuple(self._patterns.values()), source)


def _merged(before: ReplicaEntry, entry: ReplicaEntry) -> ReplicaEntry:
    replicas = tuple(dict.fromkeys((*before.replicas, *entry.replicas)))
    return replace(
        entry,
        replicas=replicas,
        sha256=entry.sha256 or before.sha256,
        size=entry.size if entry.size is not None else before.size,
        metadata={**before.metadata, **entry.metadata},
    )
