"""Gathering replica entries: what several lines or items say of one LFN becomes one entry."""

import re
from collections.abc import Sequence

from planner.catalogs import Replica, ReplicaCatalog, ReplicaEntry


class ReplicaEntries:
    """Entries in the making; those of one LFN are merged, a later checksum, size or metadata wins."""

    def __init__(self) -> None:
        self._exact: dict[str, list[ReplicaEntry]] = {}
        self._patterns: dict[str, list[ReplicaEntry]] = {}

    def add(self, entry: ReplicaEntry) -> None:
        """Add what one line or item says."""
        known = self._patterns if entry.regex else self._exact
        known.setdefault(entry.lfn, []).append(entry)

    def catalog(self, source: str) -> ReplicaCatalog:
        """Return the catalog of all that was added, patterns in the order of their first mention."""
        exact = {lfn: _merged(entries) for lfn, entries in self._exact.items()}
        return ReplicaCatalog(exact, tuple(_merged(entries) for entries in self._patterns.values()), source)


def check_pattern(pattern: str) -> str | None:
    """Return why the text is no regular expression, None when it is one."""
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        return f'LFN "{pattern}" is no regular expression: {error}'
    return None


def _merged(entries: Sequence[ReplicaEntry]) -> ReplicaEntry:
    if len(entries) == 1:
        return entries[0]
    replicas: dict[tuple[str, str], Replica] = {}
    metadata: dict[str, str] = {}
    for entry in entries:
        replicas.update(((replica.site, replica.pfn), replica) for replica in entry.replicas)
        metadata.update(entry.metadata)
    return ReplicaEntry(
        entries[0].lfn,
        tuple(replicas.values()),
        regex=entries[0].regex,
        sha256=next((entry.sha256 for entry in reversed(entries) if entry.sha256), None),
        size=next((entry.size for entry in reversed(entries) if entry.size is not None), None),
        metadata=metadata,
    )
