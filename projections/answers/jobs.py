"""Jobs of a run, and one job with its attempts, states, scripts and invocations."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, and_, select

from eventlog.errors import NotFoundError
from projections.answers.runs import RunRef
from projections.runs.attempts import ATTEMPT_STATES, ATTEMPTS, SCRIPTS
from projections.runs.hosts import HOSTS
from projections.runs.invocations import INVOCATIONS
from projections.runs.plan import JOB_TASKS, JOBS, TASKS

_Row = Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class JobSummary:
    """One job of an executable workflow; ``state`` is unsubmitted before the first attempt."""

    job: str
    kind: str
    site: str
    transformation: str
    state: str
    last_attempt: int
    max_retries: int


@dataclass(frozen=True, slots=True)
class StateChange:
    """Something that happened to an attempt, and when (microseconds since the epoch)."""

    state: str
    time: int
    reason: str


@dataclass(frozen=True, slots=True)
class Script:
    """A PRE or POST script that ended; ``exit_raw`` is a raw wait status."""

    script: str
    exit_raw: int
    started: int | None
    terminated: int | None
    executable: str
    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Invocation:
    """One process: microseconds, KiB, a raw wait status; ``hostname`` is empty where it was not recorded."""

    sequence: int
    task: str | None
    transformation: str
    executable: str
    argv: tuple[str, ...]
    start: int
    duration: int
    exit_raw: int
    utime: int | None
    stime: int | None
    maxrss: int | None
    hostname: str
    site: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a job; ``verdict`` is the raw exit code that counts, None while it has none."""

    attempt: int
    state: str
    verdict: int | None
    site: str
    hostname: str
    scheduler_id: str
    submitted_at: int | None
    finished_at: int | None
    local_duration: int | None
    problem: str
    stderr_tail: str
    stdout_file: str
    stderr_file: str
    states: tuple[StateChange, ...]
    scripts: tuple[Script, ...]
    invocations: tuple[Invocation, ...]


@dataclass(frozen=True, slots=True)
class JobDetail:
    """One job with everything that happened to it."""

    summary: JobSummary
    executable: str
    argv: tuple[str, ...]
    tasks: tuple[str, ...]
    attempts: tuple[Attempt, ...]


def list_jobs(
    connection: Connection,
    run: RunRef,
    *,
    state: str | None = None,
    after: str | None = None,
    limit: int = 100,
) -> Sequence[JobSummary]:
    """Jobs of a run by name, those of one state where given; ``after`` is the last name seen."""
    query = select(JOBS).where(JOBS.c.run_key == run.key)
    if state is not None:
        query = query.where(JOBS.c.state.is_(None) if state == "unsubmitted" else JOBS.c.state == state)
    if after is not None:
        query = query.where(JOBS.c.job > after)
    return [_summary(row) for row in connection.execute(query.order_by(JOBS.c.job).limit(limit))]


def job_detail(connection: Connection, run: RunRef, job: str) -> JobDetail:
    """One job with its attempts. Raises NotFoundError where the run has no such job."""
    row = connection.execute(select(JOBS).where(JOBS.c.run_key == run.key, JOBS.c.job == job)).first()
    if row is None:
        raise NotFoundError(f"run {run.run} has no job {job!r}")
    tasks = connection.execute(
        select(JOB_TASKS.c.task)
        .where(JOB_TASKS.c.run_key == run.key, JOB_TASKS.c.job == job)
        .order_by(JOB_TASKS.c.position, JOB_TASKS.c.task)
    ).scalars()
    return JobDetail(
        _summary(row), row.executable or "", words(row.argv), tuple(tasks), attempts_of(connection, run, job)
    )


def attempts_of(connection: Connection, run: RunRef, job: str) -> tuple[Attempt, ...]:
    """A job's attempts in order, each with its states, scripts and invocations."""
    rows = connection.execute(
        select(ATTEMPTS, HOSTS.c.hostname)
        .outerjoin(HOSTS, HOSTS.c.host_key == ATTEMPTS.c.host_key)
        .where(ATTEMPTS.c.run_key == run.key, ATTEMPTS.c.job == job)
        .order_by(ATTEMPTS.c.attempt)
    ).all()
    states = _states(connection, run, job)
    scripts = _scripts(connection, run, job)
    invocations = invocations_of(connection, run, job)
    return tuple(
        Attempt(
            attempt=row.attempt,
            state=row.state,
            verdict=row.verdict,
            site=row.site or row.submit_site or "",
            hostname=row.hostname or "",
            scheduler_id=row.scheduler_id or "",
            submitted_at=row.submitted_at,
            finished_at=row.finished_at,
            local_duration=row.local_duration,
            problem=row.problem or "",
            stderr_tail=row.stderr_tail or "",
            stdout_file=row.stdout_file or "",
            stderr_file=row.stderr_file or "",
            states=tuple(states.get(row.attempt, ())),
            scripts=tuple(scripts.get(row.attempt, ())),
            invocations=tuple(invocations.get(row.attempt, ())),
        )
        for row in rows
    )


def invocations_of(connection: Connection, run: RunRef, job: str) -> dict[int, list[Invocation]]:
    """A job's processes by attempt, in the order of their sequence.

    Where a record tells no words of the command, they are those that the task declares.
    """
    rows = connection.execute(
        select(INVOCATIONS, HOSTS.c.hostname, TASKS.c.argv.label("declared_argv"))
        .outerjoin(HOSTS, HOSTS.c.host_key == INVOCATIONS.c.host_key)
        .outerjoin(TASKS, and_(TASKS.c.run_key == INVOCATIONS.c.run_key, TASKS.c.task == INVOCATIONS.c.task))
        .where(INVOCATIONS.c.run_key == run.key, INVOCATIONS.c.job == job)
        .order_by(INVOCATIONS.c.attempt, INVOCATIONS.c.sequence, INVOCATIONS.c.ordinal)
    )
    found: dict[int, list[Invocation]] = {}
    for row in rows:
        found.setdefault(row.attempt, []).append(_invocation(row))
    return found


def words(text: str | None) -> tuple[str, ...]:
    """A command line that the tables keep as a JSON list."""
    return msgspec.json.decode(text, type=tuple[str, ...]) if text else ()


def _invocation(row: _Row) -> Invocation:
    return Invocation(
        sequence=row.sequence,
        task=row.task,
        transformation=row.transformation or "",
        executable=row.executable or "",
        argv=words(row.argv) or words(row.declared_argv),
        start=row.start,
        duration=row.duration,
        exit_raw=row.exit_raw,
        utime=row.utime,
        stime=row.stime,
        maxrss=row.maxrss,
        hostname=row.hostname or "",
        site=row.site or "",
    )


def _states(connection: Connection, run: RunRef, job: str) -> dict[int, list[StateChange]]:
    rows = connection.execute(
        select(ATTEMPT_STATES)
        .where(ATTEMPT_STATES.c.run_key == run.key, ATTEMPT_STATES.c.job == job)
        .order_by(ATTEMPT_STATES.c.attempt, ATTEMPT_STATES.c.time, ATTEMPT_STATES.c.state)
    )
    found: dict[int, list[StateChange]] = {}
    for row in rows:
        state = f"{row.route}-{row.state}" if row.route else row.state
        found.setdefault(row.attempt, []).append(StateChange(state, row.time, row.reason or ""))
    return found


def _scripts(connection: Connection, run: RunRef, job: str) -> dict[int, list[Script]]:
    rows = connection.execute(
        select(SCRIPTS)
        .where(SCRIPTS.c.run_key == run.key, SCRIPTS.c.job == job)
        .order_by(SCRIPTS.c.attempt, SCRIPTS.c.script.desc(), SCRIPTS.c.ordinal)
    )
    found: dict[int, list[Script]] = {}
    for row in rows:
        script = Script(
            row.script, row.exit_raw, row.started, row.terminated, row.executable or "", words(row.argv)
        )
        found.setdefault(row.attempt, []).append(script)
    return found


def _summary(row: _Row) -> JobSummary:
    return JobSummary(
        job=row.job,
        kind=row.kind,
        site=row.site,
        transformation=row.transformation or "",
        state=row.state or "unsubmitted",
        last_attempt=row.last_attempt or 0,
        max_retries=row.max_retries,
    )
