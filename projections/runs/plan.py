"""The plan: tasks and edges of the abstract workflow, jobs and edges of the executable one."""

from sqlalchemy import Index, Table

from projections.columns import flag, key, named, number, text, version
from projections.runs.metadata import metadata

TASKS = Table(
    "tasks",
    metadata,
    key("run_key"),
    named("task"),
    version(),
    text("kind"),
    text("label"),
    text("transformation"),
    text("argv"),
)
"""One task of an abstract workflow; ``argv`` is a JSON list."""

TASK_EDGES = Table(
    "task_edges",
    metadata,
    key("run_key"),
    named("parent"),
    named("child"),
    version(),
    Index("task_edges_by_child", "run_key", "child", "parent"),
    sqlite_with_rowid=False,
)

JOBS = Table(
    "jobs",
    metadata,
    key("run_key"),
    named("job"),
    version(),
    text("kind"),
    text("site"),
    text("transformation"),
    text("executable"),
    text("argv"),
    text("submit_file"),
    number("max_retries"),
    number("cores"),
    number("priority"),
    text("category"),
    flag("clustered"),
    number("task_count"),
    # refreshed from the attempts
    text("state"),
    number("last_attempt"),
    Index("jobs_by_state", "run_key", "state", "job"),
)
"""One job of an executable workflow; ``state`` is that of its last attempt, None before the first."""

JOB_EDGES = Table(
    "job_edges",
    metadata,
    key("run_key"),
    named("parent"),
    named("child"),
    version(),
    Index("job_edges_by_child", "run_key", "child", "parent"),
    sqlite_with_rowid=False,
)

JOB_TASKS = Table(
    "job_tasks",
    metadata,
    key("run_key"),
    named("job"),
    named("task"),
    version(),
    number("position"),
    Index("job_tasks_by_task", "run_key", "task", "job"),
    sqlite_with_rowid=False,
)
"""Which tasks a job carries out, in their order from 1."""
