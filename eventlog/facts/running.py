"""Execution facts: what an engine, HTCondor or a worker saw happen to runs, jobs and tasks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """The machine a job ran on; ``ram`` in bytes, ``cpu_speed`` in MHz."""

    hostname: str
    ip: str = ""
    system: str = ""
    release: str = ""
    machine: str = ""
    cpu_count: int | None = None
    cpu_speed: float | None = None
    cpu_vendor: str = ""
    cpu_model: str = ""
    ram: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """An engine began to run the plan; ``restart`` counts from 0, one more for each resume or rescue."""

    run: str
    restart: int
    engine: str
    engine_id: str = ""
    user: str = ""
    host: str = ""
    ordinal: int = 0
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished:
    """An engine ended; ``status`` 0 means that every job succeeded, ``reason`` says why it did not."""

    run: str
    restart: int
    status: int
    reason: str = ""
    ordinal: int = 0
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSubmitted:
    """An attempt was handed to a scheduler.

    ``submission`` counts submissions over the whole run from 1; ``route`` is empty, or "grid" or "globus" for
    the hand-over to a remote scheduler; ``status`` other than 0 is a refused submission.
    """

    run: str
    job: str
    attempt: int
    submission: int = 0
    site: str = ""
    scheduler_id: str = ""
    route: str = ""
    status: int = 0
    reason: str = ""
    ordinal: int = 0
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStarted:
    """An attempt began to execute (again, after an eviction: then with the next ordinal)."""

    run: str
    job: str
    attempt: int
    host: str = ""
    scheduler_id: str = ""
    ordinal: int = 0
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class JobHeld:
    """The scheduler put an attempt on hold."""

    run: str
    job: str
    attempt: int
    reason: str = ""
    code: int | None = None
    subcode: int | None = None
    ordinal: int = 0
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class JobReleased:
    """A held attempt was let go on."""

    run: str
    job: str
    attempt: int
    reason: str = ""
    ordinal: int = 0
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEvicted:
    """An attempt lost its place before it ended."""

    run: str
    job: str
    attempt: int
    reason: str = ""
    checkpointed: bool = False
    ordinal: int = 0
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class JobAborted:
    """An attempt was removed, or died with its engine; it has no exit code."""

    run: str
    job: str
    attempt: int
    reason: str = ""
    ordinal: int = 0
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFinished:
    """An attempt ended; ``exit_raw`` 0 is success.

    ``terminated`` is when the process ended where that differs from the event's time (the verdict's);
    ``local_duration`` is the time between execute and terminate as the submit side saw it;
    ``multiplier`` weighs its seconds (cores); ``requested_cpus`` and ``requested_gpus`` are what the
    scheduler was asked for. ``problem`` is the worker's own message about a failure, ``stderr_tail`` the last
    lines of the failing task's stderr, secrets filtered.
    """

    run: str
    job: str
    attempt: int
    exit_raw: int
    terminated: int | None = None
    local_duration: int | None = None
    multiplier: int = 1
    site: str = ""
    user: str = ""
    work_directory: str = ""
    stdin_file: str = ""
    stdout_file: str = ""
    stderr_file: str = ""
    cluster_start: int | None = None
    cluster_duration: int | None = None
    requested_cpus: int | None = None
    requested_gpus: int | None = None
    host: Host | None = None
    problem: str = ""
    stderr_tail: str = ""
    ordinal: int = 0
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class JobNoted:
    """Something was seen of an attempt that changes nothing about how it stands.

    ``note`` is one of image-size (``size`` in bytes), shadow-exception, remote-error, held-reason; and, where
    nothing more was seen of it, job-terminated, pre-script-started, pre-script-terminated,
    post-script-started, post-script-terminated.
    """

    run: str
    job: str
    attempt: int
    note: str
    size: int | None = None
    reason: str = ""
    scheduler_id: str = ""
    ordinal: int = 0
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptFinished:
    """A PRE or POST script of an attempt ended; ``script`` is "pre" or "post"."""

    run: str
    job: str
    attempt: int
    script: str
    exit_raw: int
    started: int | None = None
    terminated: int | None = None
    executable: str = ""
    argv: tuple[str, ...] = ()
    ordinal: int = 0
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class InvocationRecorded:
    """One process of an attempt: resources, exit, command line.

    ``sequence`` counts an attempt's tasks from 1; ``task`` is None for an auxiliary job. ``utime``, ``stime``
    are CPU microseconds, ``cpu_time`` their sum, which some sources tell alone; ``maxrss`` KiB,
    ``inblock``/``outblock`` the kernel's blocks. ``argv`` is capped and secrets are filtered out of it.
    """

    run: str
    job: str
    attempt: int
    sequence: int
    start: int
    duration: int
    exit_raw: int
    task: str | None = None
    transformation: str = ""
    executable: str = ""
    argv: tuple[str, ...] = ()
    utime: int | None = None
    stime: int | None = None
    cpu_time: int | None = None
    maxrss: int | None = None
    average_cpu: float | None = None
    inblock: int | None = None
    outblock: int | None = None
    minflt: int | None = None
    majflt: int | None = None
    nvcsw: int | None = None
    nivcsw: int | None = None
    pid: int | None = None
    host: Host | None = None
    site: str = ""
    ordinal: int = 0
    revision: int = 0
