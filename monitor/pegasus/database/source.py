"""A stampede database as a source of records: which runs it holds, and each run's records in order.

Read are versions 1 to 14 of the schema, from SQLite and from what else SQLAlchemy reaches. What is no
stampede database is refused in one sentence that says what it is instead.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from eventlog.errors import InputError, NotFoundError
from monitor.pegasus.database.access import StampedeTables, open_database, value_of
from monitor.pegasus.database.files import file_records, files_without_a_run
from monitor.pegasus.database.plan import plan_records
from monitor.pegasus.database.running import running_records
from monitor.pegasus.database.workflow import StoredWorkflow, stored_workflows
from monitor.pegasus.records import Record
from monitor.pegasus.reports import Reports

_NEEDED = {
    "workflow": {"wf_id", "wf_uuid"},
    "workflowstate": {"wf_id", "state", "timestamp"},
    "job": {"job_id", "wf_id", "exec_job_id"},
    "job_instance": {"job_instance_id", "job_id", "job_submit_seq"},
    "jobstate": {"job_instance_id", "state", "timestamp", "jobstate_submit_seq"},
    "invocation": {"job_instance_id", "task_submit_seq", "start_time", "remote_duration"},
    "task": {"task_id", "wf_id", "abs_task_id"},
}
_NAMED_AT_MOST = 5


@dataclass(frozen=True, slots=True)
class StampedeDatabase:
    """A stampede database at ``address`` (a path, or an SQLAlchemy URL).

    ``workflow`` is the UUID of a run to read (with the whole tree it belongs to); all are read without one.
    ``reports`` gets a sentence for each thing that could not be read and was left out.
    """

    address: str | Path
    reports: Reports
    workflow: str | None = None

    @property
    def name(self) -> str:
        """The path, or the address without its password."""
        text = str(self.address)
        scheme, found, rest = text.partition("://")
        return f"{scheme}://{rest.rpartition('@')[2]}" if found else text

    def records(self) -> Iterator[Record]:
        """Workflow by workflow, each tree's root first: the plan, then what ran in the order of submission.

        Raises ``InputError`` for what is no stampede database, ``NotFoundError`` for a UUID that it lacks.
        """
        with open_database(self.address, self.reports) as tables:
            check_schema(tables)
            if tables.damage:
                self.reports.unreadable(f"{_damaged(tables)}: what stands in it yet is read")
            workflows = stored_workflows(tables)
            _say_what_has_no_run(tables, workflows)
            for workflow in _chosen(workflows, self.workflow, tables.name):
                yield from plan_records(tables, workflow)
                yield from running_records(tables, workflow, workflows)
                yield from file_records(tables, workflow, alone=len(workflows) == 1)


def root_runs(address: str | Path, reports: Reports) -> tuple[str, ...]:
    """The UUIDs of the root workflows that the database at ``address`` holds."""
    with open_database(address, reports) as tables:
        check_schema(tables)
        return tuple(each.uuid for each in stored_workflows(tables).values() if each.uuid == each.root)


def _say_what_has_no_run(tables: StampedeTables, workflows: dict[int, StoredWorkflow]) -> None:
    if len(workflows) > 1 and (files := files_without_a_run(tables)):
        tables.reports.note(
            f"{tables.name}: metadata and replicas of {files} files are left out: the database holds "
            f"{len(workflows)} workflows and does not say of which they are; the submit directory does"
        )


def check_schema(tables: StampedeTables) -> None:
    """Raises ``InputError`` unless the tables are those of a stampede database that knows a run."""
    missing = [*_missing(tables)]
    for name in ("master_workflow", "workflow"):
        if not tables.has("job") and _rows(tables, name):
            raise InputError(_dashboard(tables, name))
    if tables.damage and (missing or not _rows(tables, "workflow")):
        raise InputError(f"{_damaged(tables)}: {_what_is_there(tables, missing or ['a run'])}")
    if missing:
        raise InputError(f"{tables.name}: no stampede database: {_what_is_there(tables, missing)}")
    if _rows(tables, "workflow"):
        return
    if _rows(tables, "master_workflow"):
        raise InputError(_dashboard(tables, "master_workflow"))
    if _rows(tables, "rc_lfn"):
        raise InputError(f"{tables.name}: a replica catalog in Pegasus' schema, it holds files and no run")
    raise InputError(f"{tables.name}: a stampede database without a run (yet): nothing to import")


def _damaged(tables: StampedeTables) -> str:
    return f"{tables.name}: the SQLite file is damaged: {tables.damage}"


def _missing(tables: StampedeTables) -> Iterator[str]:
    """The tables that are not there, and the columns that those which are lack."""
    for name, columns in sorted(_NEEDED.items()):
        if not tables.has(name):
            yield name
        else:
            yield from (f"{name}.{column}" for column in sorted(columns - tables.columns[name]))


def _rows(tables: StampedeTables, *names: str) -> int:
    counted = (
        tables.rows(select(func.count()).select_from(tables.table(name)))
        for name in names
        if tables.has(name) and "wf_uuid" in tables.columns[name] | {"wf_uuid" if name == "rc_lfn" else ""}
    )
    return sum(rows[0][0] for rows in counted if rows)


def _dashboard(tables: StampedeTables, name: str) -> str:
    index = tables.table(name)
    shown = tables.rows(select(value_of(index, "submit_dir")).limit(_NAMED_AT_MOST))
    folders = ", ".join(str(each[0]) for each in shown if each[0]) or "the submit directories themselves"
    return (
        f"{tables.name}: the dashboard's index of {_rows(tables, name)} workflows, it holds no jobs; "
        f"import what it points at: {folders}"
    )


def _what_is_there(tables: StampedeTables, missing: list[str]) -> str:
    there = ", ".join(sorted(tables.columns)[:_NAMED_AT_MOST])
    return f"it lacks {', '.join(missing)} (it has {there or 'no tables'})"


def _chosen(workflows: dict[int, StoredWorkflow], uuid: str | None, name: str) -> Iterator[StoredWorkflow]:
    roots = {each.root for each in workflows.values() if uuid in (None, each.uuid)}
    if not roots:
        known = sorted({each.root for each in workflows.values()})
        shown = ", ".join(known[:_NAMED_AT_MOST]) + (" …" if len(known) > _NAMED_AT_MOST else "")
        raise NotFoundError(f"{name}: holds no workflow {uuid}; its root workflows: {shown}")
    by_tree = {each.uuid: number for number, each in workflows.items()}
    order = sorted(workflows, key=lambda number: (by_tree.get(workflows[number].root, number), number))
    return (workflows[number] for number in order if workflows[number].root in roots)
