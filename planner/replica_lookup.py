"""Where files lie that exist before the run: reuse index first, then the catalogs by precedence."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from eventlog.errors import InputError
from planner.catalogs import NO_METADATA, Replica, ReplicaCatalog, ReplicaEntry
from planner.reuse_index import ReusableFile, ReuseIndex


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file that exists, with all its copies; ``run`` made it, where an earlier run did.

    ``origin`` names the source of the knowledge for a person.
    """

    lfn: str
    replicas: Sequence[Replica]
    origin: str
    sha256: str | None = None
    size: int | None = None
    run: str | None = None
    metadata: Mapping[str, str] = field(default_factory=lambda: NO_METADATA)


class ReplicaLookup:
    """Answers for each LFN with the first source that has it: the reuse index, then each catalog."""

    def __init__(self, catalogs: Sequence[ReplicaCatalog], remembered: Mapping[str, ReusableFile]) -> None:
        self._remembered = remembered
        self._catalogs = catalogs
        self._names = set(remembered).union(*(catalog.entries for catalog in catalogs))
        self._patterns = [[(_compiled(entry, c), entry) for entry in c.patterns] for c in catalogs]
        self._has_patterns = any(self._patterns)

    def find(self, lfn: str) -> KnownFile | None:
        """What is known of a file; None where no source knows it."""
        if lfn not in self._names and not self._has_patterns:
            return None
        remembered = self._remembered.get(lfn)
        if remembered is not None:
            return _from_index(remembered)
        for catalog, patterns in zip(self._catalogs, self._patterns, strict=True):
            known = _from_catalog(lfn, catalog, patterns)
            if known is not None:
                return known
        return None

    @property
    def sources(self) -> str:
        """The catalogs that were asked, for a message."""
        names = [catalog.source for catalog in self._catalogs if catalog.source]
        return ", ".join(names) or "no replica catalog was given"


def remember(index: ReuseIndex | None, lfns: Sequence[str]) -> Mapping[str, ReusableFile]:
    """What an index knows of the files, asked once; nothing without an index."""
    return index.find(lfns) if index is not None else {}


def _from_index(file: ReusableFile) -> KnownFile:
    replicas = (Replica(file.pfn, file.site),)
    return KnownFile(file.lfn, replicas, "the record of earlier runs", file.sha256, file.size, file.run)


def _from_catalog(
    lfn: str, catalog: ReplicaCatalog, patterns: Sequence[tuple[re.Pattern[str], ReplicaEntry]]
) -> KnownFile | None:
    exact = catalog.entries.get(lfn)
    matched = next(((m, entry) for pattern, entry in patterns if (m := pattern.fullmatch(lfn))), None)
    if exact is None and matched is None:
        return None
    replicas = list(exact.replicas) if exact else []
    facts = exact or (matched[1] if matched else None)
    if matched is not None:
        match, entry = matched
        replicas.extend(Replica(_filled(r.pfn, match), r.site, r.attributes) for r in entry.replicas)
    return KnownFile(
        lfn,
        replicas,
        catalog.source or "the replica catalog",
        exact.sha256 if exact else None,
        exact.size if exact else None,
        metadata=facts.metadata if facts else NO_METADATA,
    )


def _filled(pfn: str, match: re.Match[str]) -> str:
    """The PFN with ``[k]`` replaced by the k-th group of the LFN's match, ``[0]`` by the whole."""

    def group(reference: re.Match[str]) -> str:
        number = int(reference[1])
        return (match[number] or "") if number <= match.re.groups else reference[0]

    return re.sub(r"\[(\d+)\]", group, pfn)


def _compiled(entry: ReplicaEntry, catalog: ReplicaCatalog) -> re.Pattern[str]:
    try:
        return re.compile(entry.lfn)
    except re.error as error:
        where = catalog.source or "replica catalog"
        raise InputError(
            f"{where}: the LFN pattern {entry.lfn!r} is no regular expression: {error}"
        ) from None
