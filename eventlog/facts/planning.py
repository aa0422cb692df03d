"""Planning facts. They travel in chunks, so that 200,000 jobs are hundreds of events, not a million."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStarted:
    """A planner began to plan one workflow; the run's identity card."""

    run: str
    workflow: str
    root: str
    parent_run: str | None = None
    parent_job: str | None = None
    workflow_index: str = "0"
    workflow_version: str = ""
    workflow_file: str = ""
    planner: str = "hoofprint"
    planner_version: str = ""
    argv: tuple[str, ...] = ()
    user: str = ""
    grid_dn: str | None = None
    submit_host: str = ""
    submit_directory: str = ""
    dag_file: str = ""
    data_configuration: str = ""
    ordinal: int = 0
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """Parent must end before child starts; both are names within the run."""

    parent: str
    child: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDeclared:
    """One task of the abstract workflow: its command and the LFNs it reads and writes.

    ``kind`` is job, pegasusWorkflow or condorWorkflow; ``transformation`` reads ``namespace::name:version``
    with absent parts left out. A checkpoint file stands in ``checkpoints`` alone, an inout file in both
    ``inputs`` and ``outputs``. ``uses`` are the files of which nobody told whether the task reads or writes
    them.
    """

    task: str
    transformation: str
    kind: str = "job"
    label: str = ""
    argv: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    checkpoints: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TasksDeclared:
    """A chunk of the abstract workflow: tasks, and edges between any tasks of the run."""

    run: str
    chunk: int
    tasks: tuple[TaskDeclared, ...] = ()
    edges: tuple[Edge, ...] = ()
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDeclared:
    """One file of the abstract workflow.

    ``role`` is input (nobody in the workflow makes it), intermediate (made and read), output (made only), or
    empty where nobody told;
    ``stage_out`` and ``register`` say what becomes of it after its producer.
    """

    lfn: str
    role: str
    stage_out: bool = False
    register: bool = False
    optional: bool = False
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesDeclared:
    """A chunk of the files that the abstract workflow names."""

    run: str
    chunk: int
    files: tuple[FileDeclared, ...] = ()
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPlanned:
    """One job of the executable workflow.

    ``kind`` is one of Pegasus' job classes (compute, stage-in-tx, stage-out-tx, inter-site-tx, registration,
    create-dir, cleanup, chmod, staged-compute, dax, dag); ``argv`` is empty where it is its only task's.
    """

    job: str
    kind: str
    site: str
    tasks: tuple[str, ...] = ()
    transformation: str = ""
    executable: str = ""
    argv: tuple[str, ...] = ()
    submit_file: str = ""
    max_retries: int = 0
    cores: int = 1
    priority: int = 0
    category: str = ""
    clustered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsPlanned:
    """A chunk of the executable workflow: jobs, and edges between any jobs of the run."""

    run: str
    chunk: int
    jobs: tuple[JobPlanned, ...] = ()
    edges: tuple[Edge, ...] = ()
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReusedFile:
    """A task was pruned, and where each of its outputs comes from instead.

    ``lfn`` is empty when a task was pruned only because nobody needs it any more; ``rule`` is one of
    "exists" (all its outputs exist) and "unneeded" (all who would read its outputs were pruned).
    """

    task: str
    rule: str
    lfn: str = ""
    pfn: str = ""
    site: str = ""
    from_run: str | None = None
    reuse_key: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsReused:
    """A chunk of the tasks that the planner pruned, file by file."""

    run: str
    chunk: int
    files: tuple[ReusedFile, ...] = ()
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowPlanned:
    """Planning is complete; the counts tell a reader whether it has seen every chunk.

    ``chunks`` counts the chunk facts before it (tasks, files, jobs and reuse together).
    """

    run: str
    tasks: int
    files: int
    jobs: int
    reused_tasks: int
    chunks: int
    plan_digest: str = ""
    ordinal: int = 0
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFailed:
    """Planning ended without a plan; ``reason`` is the message the person saw."""

    run: str
    reason: str
    ordinal: int = 0
    revision: int = 0
