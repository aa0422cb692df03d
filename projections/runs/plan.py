"""The plan: tasks and edges of the abstract workflow, jobs and edges of the executable one."""

from collections.abc import Sequence

from sqlalchemy import Connection, Index, Table

from eventlog.facts import Edge, JobsPlanned, TasksDeclared
from projections.batch import FactBatch
from projections.bulk import Part
from projections.chunks import chunk_version
from projections.columns import ROOM_FOR_PARTS, flag, key, named, number, text, version
from projections.keys import json_list, run_key
from projections.rows import Peaks, Rows
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
    postgresql_with=ROOM_FOR_PARTS,
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

_TASK = Part(TASKS, order=("version",), values=("kind", "label", "transformation", "argv"), fresh=True)
_TASK_EDGE = Part(TASK_EDGES, order=(), values=("version",), fresh=True)
_JOB = Part(
    JOBS,
    order=("version",),
    values=(
        *("kind", "site", "transformation", "executable", "argv", "submit_file", "max_retries", "cores"),
        *("priority", "category", "clustered", "task_count"),
    ),
    fresh=True,
)
_JOB_EDGE = Part(JOB_EDGES, order=(), values=("version",), fresh=True)
_JOB_TASK = Part(JOB_TASKS, order=("version",), values=("position",), fresh=True)

CHUNKED = {
    TasksDeclared.__name__: (_TASK, _TASK_EDGE),
    JobsPlanned.__name__: (_JOB, _JOB_EDGE, _JOB_TASK),
}
"""What each kind of planning chunk brings."""


def apply(batch: FactBatch, connection: Connection) -> None:
    """Fold tasks, jobs, their edges, and which job carries out which task."""
    _apply_tasks(batch, connection)
    _apply_jobs(batch, connection)


def _apply_tasks(batch: FactBatch, connection: Connection) -> None:
    tasks, edges = Rows(_TASK), Peaks(_TASK_EDGE)
    for event, fact in batch.of(TasksDeclared):
        run, seen = run_key(fact.run, event.namespace), chunk_version(fact.revision, fact.chunk)
        for task in fact.tasks:
            values = (task.kind, task.label, task.transformation, json_list(task.argv))
            tasks.put((run, task.task), (seen,), values)
        _put_edges(edges, run, seen, fact.edges)
    tasks.write(connection)
    edges.write(connection)


def _apply_jobs(batch: FactBatch, connection: Connection) -> None:
    jobs, edges, job_tasks = Rows(_JOB), Peaks(_JOB_EDGE), Rows(_JOB_TASK)
    for event, fact in batch.of(JobsPlanned):
        run, seen = run_key(fact.run, event.namespace), chunk_version(fact.revision, fact.chunk)
        for job in fact.jobs:
            values = (
                *(job.kind, job.site, job.transformation, job.executable, json_list(job.argv)),
                *(job.submit_file, job.max_retries, job.cores, job.priority, job.category, job.clustered),
                len(job.tasks),
            )
            jobs.put((run, job.job), (seen,), values)
            for position, task in enumerate(job.tasks, start=1):
                job_tasks.put((run, job.job, task), (seen,), (position,))
        _put_edges(edges, run, seen, fact.edges)
    for rows in (jobs, edges, job_tasks):
        rows.write(connection)


def _put_edges(rows: Peaks, run: int, seen: int, edges: Sequence[Edge]) -> None:
    for edge in edges:
        rows.put((run, edge.parent, edge.child), (seen,))
