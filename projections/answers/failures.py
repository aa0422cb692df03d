"""Why a run failed: each failed job with its last attempt, what it ran, and what could not run after it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Row, and_, func, select

from projections.answers.integrity import Mismatch, mismatches_of
from projections.answers.jobs import Invocation, attempts_of
from projections.answers.runs import RunRef
from projections.runs.attempts import ATTEMPTS
from projections.runs.plan import JOB_EDGES, JOBS


@dataclass(frozen=True, slots=True)
class Failure:
    """A job that failed for good.

    ``invocation`` is the process that failed (None where none was started), ``problem`` the worker's own
    words, ``blocked`` the number of jobs that could not run because of it.
    """

    run: RunRef
    job: str
    kind: str
    attempt: int
    state: str
    verdict: int | None
    site: str
    hostname: str
    finished_at: int | None
    problem: str
    stderr_tail: str
    stdout_file: str
    stderr_file: str
    failed_script: str
    invocation: Invocation | None
    mismatches: tuple[Mismatch, ...]
    blocked: int


def failures_of(runs: Connection, data: Connection, run: RunRef, *, limit: int = 20) -> Sequence[Failure]:
    """The jobs whose last attempt failed or was aborted, root cause first.

    What failed outright comes before what was aborted in its wake, the earlier before the later, and jobs of
    sub-workflows (whose failure is another run's) last. Reads the ``runs`` and the ``data`` views.
    """
    rows = runs.execute(
        select(JOBS.c.job, JOBS.c.kind, ATTEMPTS.c.attempt)
        .join(
            ATTEMPTS,
            and_(
                ATTEMPTS.c.run_key == JOBS.c.run_key,
                ATTEMPTS.c.job == JOBS.c.job,
                ATTEMPTS.c.attempt == JOBS.c.last_attempt,
            ),
        )
        .where(JOBS.c.run_key == run.key, JOBS.c.state.in_(["failed", "aborted"]))
        .order_by(
            JOBS.c.kind.in_(["dax", "dag"]),
            JOBS.c.state != "failed",
            func.coalesce(ATTEMPTS.c.finished_at, ATTEMPTS.c.submitted_at),
            JOBS.c.job,
        )
        .limit(limit)
    )
    return [_failure(runs, data, run, row) for row in rows.all()]


def _failure(runs: Connection, data: Connection, run: RunRef, row: Row[str, str, int]) -> Failure:
    attempt = next(one for one in attempts_of(runs, run, row.job) if one.attempt == row.attempt)
    failed = [one for one in attempt.invocations if one.exit_raw != 0]
    scripts = [one.script for one in attempt.scripts if one.exit_raw != 0]
    mismatches = mismatches_of(data, run, job=row.job)
    return Failure(
        run=run,
        job=row.job,
        kind=row.kind,
        attempt=row.attempt,
        state=attempt.state,
        verdict=attempt.verdict,
        site=attempt.site,
        hostname=attempt.hostname,
        finished_at=attempt.finished_at,
        problem=attempt.problem,
        stderr_tail=attempt.stderr_tail,
        stdout_file=attempt.stdout_file,
        stderr_file=attempt.stderr_file,
        failed_script=scripts[0] if scripts else "",
        invocation=failed[0] if failed else None,
        mismatches=tuple(one for one in mismatches if one.attempt == row.attempt),
        blocked=_blocked(runs, run, row.job),
    )


def _blocked(connection: Connection, run: RunRef, job: str) -> int:
    """How many jobs below this one were never submitted."""
    below = (
        select(JOB_EDGES.c.child.label("job"))
        .where(JOB_EDGES.c.run_key == run.key, JOB_EDGES.c.parent == job)
        .cte("below", recursive=True)
    )
    further = select(JOB_EDGES.c.child).where(
        JOB_EDGES.c.run_key == run.key, JOB_EDGES.c.parent == below.c.job
    )
    below = below.union(further)
    waiting = (
        select(func.count())
        .select_from(below.join(JOBS, and_(JOBS.c.run_key == run.key, JOBS.c.job == below.c.job)))
        .where(JOBS.c.state.is_(None))
    )
    return connection.execute(waiting).scalar_one()
