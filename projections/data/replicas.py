"""Replicas: where a file lies, or lay."""

from sqlalchemy import Boolean, Column, Computed, Index, Table

from projections.columns import key, number, text, version
from projections.data.metadata import metadata

# ties as everywhere: time, then revision and id
_PRESENT = "registered_at > removed_at OR (registered_at = removed_at AND registered_tie > removed_tie)"

REPLICAS = Table(
    "replicas",
    metadata,
    key("run_key"),
    key("lfn_key"),
    key("pfn_key"),
    text("site", required=True),
    text("pfn", required=True),
    # FileRegistered
    version("registered_at"),
    version("registered_tie"),
    number("size"),
    text("sha256"),
    text("job"),
    number("attempt"),
    # FileRemoved
    version("removed_at"),
    version("removed_tie"),
    Column("present", Boolean(create_constraint=False), Computed(_PRESENT, persisted=True)),
    Index("replicas_by_site", "site", "run_key", "lfn_key"),
    Index("replicas_by_place", "run_key", "pfn_key"),
)
"""One (file, site, PFN), with its last registration and its last removal; ``present`` tells which was later.

``pfn_key`` is the key of ``"{site} {pfn}"``.
"""

REMOVALS = Table(
    "removals",
    metadata,
    key("run_key"),
    key("pfn_key"),
    version("removed_at"),
    version("removed_tie"),
    text("site", required=True),
    text("pfn", required=True),
    sqlite_with_rowid=False,
)
"""Removals that name no LFN: they end every replica of their run at that place."""
