"""Replica catalogs in YAML 5, on their own or inside a workflow."""

from planner.catalogs import Replica, ReplicaCatalog, ReplicaEntry
from planner.formats.fields import Fields, Shape
from planner.formats.replica_entries import ReplicaEntries, check_pattern
from planner.formats.sizes import parse_size

REPLICA_CATALOG = Shape("", keys=frozenset({"pegasus", "replicas"}), required=("pegasus", "replicas"))
INLINE_REPLICA_CATALOG = Shape("replicaCatalog", keys=frozenset({"pegasus", "replicas", "$ref"}))
_ENTRY = Shape(
    "replica",
    naming="lfn",
    keys=frozenset({"lfn", "pfns", "regex", "checksum", "metadata"}),
    required=("lfn", "pfns"),
)
_PFN = Shape("pfn", naming="pfn", keys=frozenset({"pfn", "site"}), required=("pfn",))
CHECKSUM = Shape("checksum", keys=frozenset({"sha256"}))


def read_replicas(root: Fields, source: str) -> ReplicaCatalog:
    """Return the catalog that the mapping holds."""
    entries = ReplicaEntries()
    for item in root.children("replicas", _ENTRY):
        entry = _entry(item)
        if entry.lfn:
            entries.add(entry)
    return entries.catalog(source)


def read_checksum(owner: Fields) -> str | None:
    """Return the SHA-256 digest of a replica, executable or container image."""
    checksum = owner.child("checksum", CHECKSUM)
    return checksum.optional_text("sha256") if checksum else None


def _entry(item: Fields) -> ReplicaEntry:
    regex = item.boolean("regex", False)
    if regex and (reason := check_pattern(item.text("lfn"))):
        item.problem("lfn", reason)
    metadata = item.pairs("metadata")
    return ReplicaEntry(
        lfn=item.text("lfn") if regex else item.lfn("lfn") or "",
        replicas=tuple(Replica(pfn.text("pfn"), pfn.text("site")) for pfn in item.children("pfns", _PFN)),
        regex=regex,
        sha256=read_checksum(item),
        size=parse_size(metadata.get("size", "")),
        metadata=metadata,
    )
