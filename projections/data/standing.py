"""Which plans the data views may show: those of which every chunk has been seen."""

from sqlalchemy import Connection

from projections.batch import FactBatch
from projections.chunks import (
    Chunked,
    chunk_table,
    planned_runs,
    record_chunks,
    reveal_complete,
    withdraw_superseded,
)
from projections.data import files, reuse, uses
from projections.data.metadata import metadata
from projections.data.plans import PLANS

PLAN_CHUNKS = chunk_table(metadata)
_CHUNKED: Chunked = {
    "TasksDeclared": (*uses.CHUNKED["TasksDeclared"], *files.CHUNKED["TasksDeclared"]),
    "JobsPlanned": uses.CHUNKED["JobsPlanned"],
    "FilesDeclared": files.CHUNKED["FilesDeclared"],
    "JobsReused": reuse.CHUNKED["JobsReused"],
}


def apply(batch: FactBatch, connection: Connection) -> None:
    """Bring the plans up to what the batch's facts, folded before, have changed."""
    plans = planned_runs(batch)
    record_chunks(batch, connection, PLAN_CHUNKS)
    withdraw_superseded(connection, PLAN_CHUNKS, _CHUNKED, plans)
    reveal_complete(connection, PLANS, PLAN_CHUNKS, plans)
