"""Reuse: what was pruned from a plan because it existed, and what must not be reused any more."""

from sqlalchemy import Index, Table

from projections.columns import key, named, text, version
from projections.data.metadata import metadata

REUSED_FILES = Table(
    "reused_files",
    metadata,
    key("run_key"),
    named("task"),
    key("lfn_key"),
    version(),
    text("lfn", required=True),
    text("rule"),
    text("pfn"),
    text("site"),
    text("from_run"),
    text("reuse_key"),
    text("reason"),
    Index("reused_files_by_file", "run_key", "lfn_key"),
    Index("reused_files_by_origin", "from_run", "lfn_key"),
)
"""One output of a pruned task and where it comes from; no ``lfn`` where the task was merely unneeded."""

INVALIDATIONS = Table(
    "invalidations",
    metadata,
    key("run_key"),
    key("lfn_key"),
    named("reuse_key"),
    version("said_at"),
    version("said_tie"),
    text("namespace", required=True),
    text("lfn"),
    text("reason"),
    text("actor"),
    Index("invalidations_by_reuse_key", "reuse_key"),
)
"""What must not be reused: a file of a run (``lfn_key`` 0: all its files), or all that a reuse key made."""
