"""The replica catalog: where files lie that no job makes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Self

from hoofprint.errors import DuplicateError, WorkflowError, WrongTypeError
from hoofprint.files import File
from hoofprint.metadata import NO_METADATA, MetadataValue, merge_metadata
from hoofprint.names import check_lfn, check_text
from hoofprint.written import Catalog
from hoofprint.yaml_text import Node

_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(slots=True)
class Replica:
    """A logical file name, or a pattern for such names, and the places it stands for: (site, PFN) pairs."""

    lfn: str
    regex: bool
    pfns: dict[tuple[str, str], None] = field(default_factory=dict)
    checksum: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)

    def node(self) -> dict[str, Node]:
        """Return the entry as the file has it."""
        node: dict[str, Node] = {
            "lfn": self.lfn,
            "pfns": [{"site": site, "pfn": pfn} for site, pfn in self.pfns],
        }
        if self.checksum:
            node["checksum"] = dict(self.checksum)
        if self.metadata:
            node["metadata"] = self.metadata
        if self.regex:
            node["regex"] = True
        return node


class ReplicaCatalog(Catalog):
    """Says where the files lie that a workflow reads and no job makes."""

    _DEFAULT_FILENAME: ClassVar[str] = "replicas.yml"

    def __init__(self) -> None:
        self.entries: dict[tuple[str, bool], Replica] = {}

    def add_replica(
        self,
        site: str,
        lfn: str | File,
        pfn: str | Path,
        checksum: Mapping[str, str] | None = None,
        metadata: Mapping[str, MetadataValue] | None = None,
    ) -> Self:
        """Add a place of a file; the same LFN may lie at several.

        `pfn`: an absolute path, or a URL. `checksum`: {"sha256": 64 hexadecimal digits}. A File brings its
        own metadata along.
        """
        name = lfn.lfn if isinstance(lfn, File) else check_lfn(lfn)
        place = (check_text(site, f"site of replica {name!r}"), check_pfn(pfn, f"PFN of replica {name!r}"))
        digest = check_checksum(checksum, f"replica {name!r}")
        carried = lfn.metadata if isinstance(lfn, File) else NO_METADATA
        about = merge_metadata(NO_METADATA, metadata or {}, carried)
        entry = self.entries.setdefault((name, False), Replica(name, regex=False))
        entry.pfns[place] = None
        entry.checksum = {**entry.checksum, **digest}
        entry.metadata = {**entry.metadata, **about}
        return self

    def add_regex_replica(
        self,
        site: str,
        pattern: str,
        pfn: str | Path,
        metadata: Mapping[str, MetadataValue] | None = None,
    ) -> Self:
        """Add a place for all LFNs that a regular expression matches as a whole.

        `[0]` in `pfn` stands for the LFN, `[1]`, `[2]`, … for what the expression's groups matched.
        """
        place = f"replica pattern {pattern!r}"
        if (check_text(pattern, "replica pattern"), True) in self.entries:
            raise DuplicateError(f"{place} is already in this replica catalog; a pattern has one place")
        where = (check_text(site, f"site of {place}"), check_pfn(pfn, f"PFN of {place}"))
        self.entries[pattern, True] = Replica(
            pattern, regex=True, pfns={where: None}, metadata=merge_metadata(NO_METADATA, metadata or {})
        )
        return self

    def node(self) -> dict[str, Node]:
        """Return the catalog as a workflow file takes it in."""
        return {"replicas": [entry.node() for entry in self.entries.values()]}


def check_pfn(pfn: object, place: str) -> str:
    """Return a physical file name as text. Raises WorkflowError for a Path that is not absolute."""
    if isinstance(pfn, Path):
        if not pfn.is_absolute():
            raise WorkflowError(
                f"{place} {str(pfn)!r} is relative; give an absolute path, such as Path(…).resolve()"
            )
        return check_text(str(pfn), place)
    if not isinstance(pfn, str):
        raise WrongTypeError(place, pfn, "a URL or an absolute path")
    return check_text(pfn, place)


def check_checksum(checksum: Mapping[str, str] | None, place: str) -> Mapping[str, str]:
    """Return a checksum as the files have it: {"sha256": …}, or nothing."""
    for kind, digest in (checksum or {}).items():
        if kind != "sha256":
            raise WorkflowError(f"checksum {kind!r} of {place} is not known; sha256 is")
        if not _SHA256.fullmatch(digest):
            raise WorkflowError(f"sha256 {digest!r} of {place}: 64 hexadecimal digits are wanted")
    return dict(checksum or {})
