"""What a stampede database says of files: metadata and replicas.

They hang on an LFN that is unique in the whole database, not on a workflow. They are said of the workflow
that its files table maps, or of the only one the database holds; where neither tells, they are left out with
a note, because a file belongs to a run. No job is known to have said them, nor when: their job instance is
empty, and their time that of the last change of the workflow.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Select, TableClause, func, literal, select

from monitor.pegasus.database.access import StampedeTables
from monitor.pegasus.database.plan import rows_as_records
from monitor.pegasus.database.workflow import StoredWorkflow, microseconds
from monitor.pegasus.records import Record

_METADATA = {"lfn.id": "lfn", "key": "key", "value": "value", "job_inst.id": "instance"}
_REPLICA = {"lfn.id": "lfn", "pfn": "pfn", "site": "site"}


def file_records(tables: StampedeTables, workflow: StoredWorkflow, *, alone: bool) -> Iterator[Record]:
    """The files' metadata and replicas; ``alone`` when the database holds no other workflow."""
    if not tables.has("rc_lfn"):
        return
    time = _last_change(tables, workflow)
    lfn = tables.table("rc_lfn")
    if tables.has("rc_meta"):
        meta = tables.table("rc_meta")
        chosen = select(lfn.c.lfn, meta.c.key, meta.c.value, literal("").label("instance"))
        yield from _said(tables, workflow, chosen, lfn, meta, "rc.meta", _METADATA, time, alone=alone)
    if tables.has("rc_pfn"):
        pfn = tables.table("rc_pfn")
        chosen = select(lfn.c.lfn, pfn.c.pfn, pfn.c.site)
        yield from _said(tables, workflow, chosen, lfn, pfn, "rc.pfn", _REPLICA, time, alone=alone)


def _last_change(tables: StampedeTables, workflow: StoredWorkflow) -> int:
    states = tables.table("workflowstate")
    rows = tables.rows(select(func.max(states.c.timestamp)).where(states.c.wf_id == workflow.number))
    return (microseconds(rows[0][0]) if rows else None) or workflow.planned


def _said(
    tables: StampedeTables,
    workflow: StoredWorkflow,
    chosen: Select[*tuple[Any, ...]],
    lfn: TableClause,
    said: TableClause,
    event: str,
    fields: Mapping[str, str],
    time: int,
    *,
    alone: bool,
) -> Iterator[Record]:
    chosen = chosen.join_from(said, lfn, said.c.lfn_id == lfn.c.lfn_id)
    if not alone:
        if not tables.has("workflow_files"):
            return
        mapped = tables.table("workflow_files")
        of_workflow = select(mapped.c.lfn_id).where(mapped.c.wf_id == workflow.number)
        chosen = chosen.where(lfn.c.lfn_id.in_(of_workflow))
    key = tables.order_of_rows(said)
    yield from rows_as_records(tables, workflow, chosen, key, event, fields, said.name, time)


def files_without_a_run(tables: StampedeTables) -> int:
    """How many files have metadata or replicas that no workflow of a database with several can claim."""
    if not tables.has("rc_lfn"):
        return 0
    lfn = tables.table("rc_lfn")
    chosen = select(lfn.c.lfn_id)
    if tables.has("workflow_files"):
        chosen = chosen.where(lfn.c.lfn_id.not_in(select(tables.table("workflow_files").c.lfn_id)))
    return sum(len(page) for page in tables.pages(chosen, lfn.c.lfn_id))
