"""The planned part of one workflow of a stampede database, in the order of Pegasus' ``.static.bp``."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from monitor.pegasus.database.access import StampedeTables, value_of
from monitor.pegasus.database.workflow import StoredWorkflow
from monitor.pegasus.records import Record

_TASK = {
    "task.id": "abs_task_id",
    "type_desc": "type_desc",
    "transformation": "transformation",
    "argv": "argv",
}
_JOB = {
    "job.id": "exec_job_id",
    "submit_file": "submit_file",
    "type_desc": "type_desc",
    "clustered": "clustered",
    "max_retries": "max_retries",
    "executable": "executable",
    "argv": "argv",
    "task_count": "task_count",
}
_TASK_EDGE = {"parent.task.id": "parent_abs_task_id", "child.task.id": "child_abs_task_id"}
_JOB_EDGE = {"parent.job.id": "parent_exec_job_id", "child.job.id": "child_exec_job_id"}
_META = {"key": "key", "value": "value"}


def plan_records(tables: StampedeTables, workflow: StoredWorkflow) -> Iterator[Record]:
    """Everything that was known before the workflow ran."""
    root = {"root.xwf.id": workflow.root, "parent.xwf.id": workflow.parent}
    place = f"workflow {workflow.number}"
    yield workflow.record("wf.plan", workflow.planned, place, {**workflow.plan, **root})
    yield workflow.record("static.start", workflow.planned, place, {})
    yield from _of_table(tables, workflow, "task", "task.info", _TASK, "task_id")
    yield from _of_table(tables, workflow, "task_edge", "task.edge", _TASK_EDGE)
    yield workflow.record("static.meta.start", workflow.planned, place, {})
    yield from _of_table(tables, workflow, "workflow_meta", "xwf.meta", _META)
    yield from _task_metadata(tables, workflow)
    yield from _files_of_tasks(tables, workflow)
    yield workflow.record("static.meta.end", workflow.planned, place, {})
    yield from _of_table(tables, workflow, "job", "job.info", _JOB, "job_id")
    yield from _tasks_of_jobs(tables, workflow)
    yield from _of_table(tables, workflow, "job_edge", "job.edge", _JOB_EDGE)
    yield workflow.record("static.end", workflow.planned, place, {})


def _of_table(
    tables: StampedeTables,
    workflow: StoredWorkflow,
    name: str,
    event: str,
    fields: Mapping[str, str],
    number: str | None = None,
) -> Iterator[Record]:
    if not tables.has(name):
        return
    source = tables.table(name)
    chosen = select(*(value_of(source, each) for each in fields.values()))
    chosen = chosen.where(source.c.wf_id == workflow.number)
    key = source.c[number] if number else tables.order_of_rows(source)
    yield from rows_as_records(tables, workflow, chosen, key, event, fields, name)


def rows_as_records(
    tables: StampedeTables,
    workflow: StoredWorkflow,
    chosen: Select[*tuple[Any, ...]],
    key: ColumnElement[Any] | None,
    event: str,
    fields: Mapping[str, str],
    place: str,
    time: int | None = None,
) -> Iterator[Record]:
    """The rows as records of one kind, at ``time`` or when the workflow was planned (µs)."""
    moment = workflow.planned if time is None else time
    pages = tables.pages(chosen, key) if key is not None else [tables.rows(chosen)]
    for page in pages:
        for row in page:
            known = {field: row._mapping[name] for field, name in fields.items()}
            yield workflow.record(event, moment, f"{place} of workflow {workflow.number}", known)


def _tasks_of_jobs(tables: StampedeTables, workflow: StoredWorkflow) -> Iterator[Record]:
    task, job = tables.table("task"), tables.table("job")
    if "job_id" not in task.c:
        return
    chosen = select(task.c.abs_task_id, job.c.exec_job_id).join_from(task, job, task.c.job_id == job.c.job_id)
    chosen = chosen.where(task.c.wf_id == workflow.number)
    fields = {"job.id": "exec_job_id", "task.id": "abs_task_id"}
    yield from rows_as_records(tables, workflow, chosen, task.c.task_id, "wf.map.task_job", fields, "task")


def _task_metadata(tables: StampedeTables, workflow: StoredWorkflow) -> Iterator[Record]:
    if not tables.has("task_meta"):
        return
    task, meta = tables.table("task"), tables.table("task_meta")
    chosen = select(task.c.abs_task_id, meta.c.key, meta.c.value)
    chosen = chosen.join_from(meta, task, meta.c.task_id == task.c.task_id)
    chosen = chosen.where(task.c.wf_id == workflow.number)
    fields = {"task.id": "abs_task_id", **_META}
    yield from rows_as_records(
        tables, workflow, chosen, tables.order_of_rows(meta), "task.meta", fields, "task_meta"
    )


def _files_of_tasks(tables: StampedeTables, workflow: StoredWorkflow) -> Iterator[Record]:
    """Which task touches which file, where the database says it (most leave the table empty)."""
    if not (tables.has("workflow_files") and tables.has("rc_lfn")):
        return
    mapped, task, lfn = tables.table("workflow_files"), tables.table("task"), tables.table("rc_lfn")
    chosen = select(task.c.abs_task_id, lfn.c.lfn).select_from(
        mapped.join(task, mapped.c.task_id == task.c.task_id).join(lfn, mapped.c.lfn_id == lfn.c.lfn_id)
    )
    chosen = chosen.where(mapped.c.wf_id == workflow.number)
    fields = {"task.id": "abs_task_id", "lfn.id": "lfn"}
    key = tables.order_of_rows(mapped)
    yield from rows_as_records(tables, workflow, chosen, key, "wf.map.file", fields, "workflow_files")
