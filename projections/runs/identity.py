"""Runs: who planned what, when, where; how often an engine started and ended."""

from sqlalchemy import Index, Table

from projections.columns import counted, flag, key, named, number, text, version
from projections.runs.metadata import metadata

RUNS = Table(
    "runs",
    metadata,
    key("run_key"),
    text("run", required=True),
    text("namespace", required=True),
    text("root", required=True),
    key("root_key", primary=False),
    # PlanStarted
    version("identity_version"),
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

PLAN_CHUNKS = Table(
    "plan_chunks",
    metadata,
    key("run_key"),
    named("kind"),
    counted("chunk"),
    version(),
    sqlite_with_rowid=False,
)
"""The chunks of a plan that have been seen; ``kind`` is the event type."""
