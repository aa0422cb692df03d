"""Uses: which task reads and writes which file, and which job carries the task out."""

from sqlalchemy import Connection, Index, Table

from eventlog.facts import JobsPlanned, TaskDeclared, TasksDeclared
from projections.batch import FactBatch
from projections.bulk import Part
from projections.chunks import chunk_version
from projections.columns import key, named, text, version
from projections.data.metadata import metadata
from projections.keys import run_key, text_key
from projections.rows import Peaks, Rows, write_together

TASKS = Table(
    "tasks",
    metadata,
    key("run_key"),
    named("task"),
    # TasksDeclared
    version("task_version"),
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
"""``link`` is input, output or checkpoint, and empty where nobody told."""

_TASK = Part(TASKS, order=("task_version",), values=("transformation",))
_JOB = Part(TASKS, order=("job_version",), values=("job",))
_USE = Part(USES, order=(), values=("version",), fresh=True)

CHUNKED = {TasksDeclared.__name__: (_TASK, _USE), JobsPlanned.__name__: (_JOB,)}
"""What each kind of planning chunk brings."""


def apply(batch: FactBatch, connection: Connection) -> None:
    """Fold what tasks read and write, and which job carries each of them out."""
    tasks, jobs, uses = Rows(_TASK), Rows(_JOB), Peaks(_USE)
    for event, fact in batch.of(TasksDeclared):
        run, seen = run_key(fact.run, event.namespace), chunk_version(fact.revision, fact.chunk)
        for task in fact.tasks:
            tasks.put((run, task.task), (seen,), (task.transformation,))
            _put_uses(uses, run, seen, task)
    for event, plan in batch.of(JobsPlanned):
        run, seen = run_key(plan.run, event.namespace), chunk_version(plan.revision, plan.chunk)
        for job in plan.jobs:
            for name in job.tasks:
                jobs.put((run, name), (seen,), (job.job,))
    write_together(connection, tasks, jobs)
    uses.write(connection)


def _put_uses(uses: Peaks, run: int, seen: int, task: TaskDeclared) -> None:
    links = {"input": task.inputs, "output": task.outputs, "checkpoint": task.checkpoints, "": task.uses}
    for link, lfns in links.items():
        for lfn in lfns:
            uses.put((run, task.task, link, text_key(lfn)), (seen,))
