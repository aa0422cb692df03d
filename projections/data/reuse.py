"""Reuse: what was pruned from a plan because it existed, and what must not be reused any more."""

from sqlalchemy import Connection, Index, Table

from eventlog.facts import JobsReused, ReuseInvalidated
from projections.batch import FactBatch
from projections.bulk import Part
from projections.chunks import chunk_version
from projections.columns import key, named, text, version
from projections.data.metadata import metadata
from projections.keys import run_key, text_key, tie
from projections.rows import Rows

REUSED_FILES = Table(
    "reused_files",
    metadata,
    key("run_key"),
    named("task"),
    key("lfn_key"),
    text("lfn", required=True),
    version(),
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
    text("namespace", required=True),
    version("said_at"),
    version("said_tie"),
    text("lfn"),
    text("reason"),
    text("actor"),
    Index("invalidations_by_reuse_key", "reuse_key"),
)
"""What must not be reused: a file of a run (``lfn_key`` 0: all its files), or all that a reuse key made."""

_REUSED = Part(
    REUSED_FILES,
    order=("version",),
    constant=("lfn",),
    values=("rule", "pfn", "site", "from_run", "reuse_key", "reason"),
)
_INVALIDATED = Part(
    INVALIDATIONS,
    order=("said_at", "said_tie"),
    constant=("namespace",),
    values=("lfn", "reason", "actor"),
)

CHUNKED = {JobsReused.__name__: (_REUSED,)}
"""What each kind of planning chunk brings."""


def apply(batch: FactBatch, connection: Connection) -> None:
    """Fold what was pruned, and what was declared unfit for reuse."""
    reused, invalidated = Rows(_REUSED), Rows(_INVALIDATED)
    for event, fact in batch.of(JobsReused):
        run, seen = run_key(fact.run, event.namespace), chunk_version(fact.revision, fact.chunk)
        for file in fact.files:
            values = (file.rule, file.pfn, file.site, file.from_run, file.reuse_key, file.reason)
            reused.put((run, file.task, text_key(file.lfn)), (seen,), values, (file.lfn,))
    for event, doubt in batch.of(ReuseInvalidated):
        lfn_key = 0 if doubt.lfn is None else text_key(doubt.lfn)
        key = (run_key(doubt.run, event.namespace), lfn_key, doubt.reuse_key or "")
        said = (doubt.lfn, doubt.reason, event.actor)
        invalidated.put(key, (event.time, tie(event)), said, (event.namespace,))
    reused.write(connection)
    invalidated.write(connection)
