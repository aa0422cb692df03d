"""Runs: who planned what, when, where; how often an engine started and ended."""

from sqlalchemy import Connection, Index, Table

from eventlog.facts import PlanFailed, PlanStarted, RunFinished, RunStarted, WorkflowPlanned
from projections.batch import FactBatch
from projections.bulk import Part
from projections.columns import counted, flag, key, named, number, text, version
from projections.keys import json_list, run_key
from projections.rows import Rows
from projections.runs.metadata import metadata

RUNS = Table(
    "runs",
    metadata,
    key("run_key"),
    text("run", required=True),
    text("namespace", required=True),
    # PlanStarted
    version("identity_version"),
    text("root"),
    number("root_key"),
    text("workflow"),
    text("parent_run"),
    text("parent_job"),
    text("workflow_index"),
    text("workflow_version"),
    text("workflow_file"),
    text("planner"),
    text("planner_version"),
    text("argv"),
    text("user"),
    text("grid_dn"),
    text("submit_host"),
    text("submit_directory"),
    text("dag_file"),
    text("data_configuration"),
    number("created_at"),
    # WorkflowPlanned
    version("plan_version"),
    number("tasks"),
    number("files"),
    number("jobs"),
    number("reused_tasks"),
    number("chunks"),
    text("plan_digest"),
    number("planned_at"),
    # PlanFailed
    version("failure_version"),
    text("failure"),
    number("failed_at"),
    # refreshed from other rows: the plan is visible when every chunk of it has been seen
    flag("visible", default=False),
    text("state"),
    Index("runs_by_run", "run"),
    Index("runs_by_creation", "namespace", "created_at", "run_key"),
    Index("runs_by_state", "namespace", "state", "created_at", "run_key"),
    Index("runs_by_workflow", "namespace", "workflow", "state", "created_at", "run_key"),
    Index("runs_by_time", "created_at", "run_key"),
    Index("runs_by_root", "root_key", "run_key"),
    Index("runs_by_directory", "submit_directory"),
)
"""``argv`` is a JSON list; ``state`` one of planning, unplannable, planned, running, succeeded, failed,
incomplete."""

RUN_STATES = Table(
    "run_states",
    metadata,
    key("run_key"),
    named("kind"),
    counted("ordinal"),
    version(),
    number("time"),
    number("restart"),
    number("status"),
    text("reason"),
    text("engine"),
    text("engine_id"),
    text("user"),
    text("host"),
    sqlite_with_rowid=False,
)
"""``kind`` is started or finished."""


_WHO = ("run", "namespace")
_IDENTITY = Part(
    RUNS,
    order=("identity_version",),
    constant=_WHO,
    values=(
        *("root", "root_key", "workflow", "parent_run", "parent_job", "workflow_index", "workflow_version"),
        *("workflow_file", "planner", "planner_version", "argv", "user", "grid_dn", "submit_host"),
        *("submit_directory", "dag_file", "data_configuration", "created_at"),
    ),
)
_PLANNED = Part(
    RUNS,
    order=("plan_version",),
    constant=_WHO,
    values=("tasks", "files", "jobs", "reused_tasks", "chunks", "plan_digest", "planned_at"),
)
_FAILED = Part(RUNS, order=("failure_version",), constant=_WHO, values=("failure", "failed_at"))
_STATES = Part(
    RUN_STATES,
    order=("version",),
    values=("time", "restart", "status", "reason", "engine", "engine_id", "user", "host"),
)


def apply(batch: FactBatch, connection: Connection) -> None:
    """Fold who planned what, and how often an engine started and ended."""
    _apply_identity(batch, connection)
    _apply_outcome(batch, connection)
    _apply_states(batch, connection)


def _apply_identity(batch: FactBatch, connection: Connection) -> None:
    rows = Rows(_IDENTITY)
    for event, fact in batch.of(PlanStarted):
        values = (
            *(
                fact.root,
                run_key(fact.root, event.namespace),
                fact.workflow,
                fact.parent_run,
                fact.parent_job,
            ),
            *(fact.workflow_index, fact.workflow_version, fact.workflow_file, fact.planner),
            *(fact.planner_version, json_list(fact.argv), fact.user, fact.grid_dn, fact.submit_host),
            *(fact.submit_directory, fact.dag_file, fact.data_configuration, event.time),
        )
        key = (run_key(fact.run, event.namespace),)
        rows.put(key, (fact.revision,), values, (fact.run, event.namespace))
    rows.write(connection)


def _apply_outcome(batch: FactBatch, connection: Connection) -> None:
    planned, failed = Rows(_PLANNED), Rows(_FAILED)
    for event, plan in batch.of(WorkflowPlanned):
        counts = (plan.tasks, plan.files, plan.jobs, plan.reused_tasks, plan.chunks)
        key = (run_key(plan.run, event.namespace),)
        constant = (plan.run, event.namespace)
        planned.put(key, (plan.revision,), (*counts, plan.plan_digest, event.time), constant)
    for event, failure in batch.of(PlanFailed):
        key = (run_key(failure.run, event.namespace),)
        failed.put(key, (failure.revision,), (failure.reason, event.time), (failure.run, event.namespace))
    planned.write(connection)
    failed.write(connection)


def _apply_states(batch: FactBatch, connection: Connection) -> None:
    rows = Rows(_STATES)
    for event, start in batch.of(RunStarted):
        who = (start.engine, start.engine_id, start.user, start.host)
        key = (run_key(start.run, event.namespace), "started", start.ordinal)
        rows.put(key, (start.revision,), (event.time, start.restart, None, None, *who))
    for event, end in batch.of(RunFinished):
        key = (run_key(end.run, event.namespace), "finished", end.ordinal)
        how = (event.time, end.restart, end.status, end.reason)
        rows.put(key, (end.revision,), (*how, None, None, None, None))
    rows.write(connection)
