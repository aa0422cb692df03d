"""Uses: which task reads and writes which file, and which job carries the task out."""

from sqlalchemy import Index, Table

from projections.columns import key, named, text, version
from projections.data.metadata import metadata

TASKS = Table(
    "tasks",
    metadata,
    key("run_key"),
    named("task"),
    # TasksDeclared
    version(),
    text("transformation"),
    # JobsPlanned
    version("job_version"),
    text("job"),
    Index("tasks_by_job", "run_key", "job", "task"),
    Index("tasks_by_transformation", "transformation", "run_key", "task"),
)
"""The task between a file and the job that made it."""

USES = Table(
    "uses",
    metadata,
    key("run_key"),
    named("task"),
    named("link"),
    key("lfn_key"),
    version(),
    Index("uses_by_file", "run_key", "lfn_key", "link", "task"),
    sqlite_with_rowid=False,
)
"""``link`` is input, output or checkpoint."""
