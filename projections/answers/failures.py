"""Why a run failed: each failed job with its last attempt, what it ran, and what could not run after it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, and_, func, select

from projections.answers.counts import SUBWORKFLOW_KINDS
from projections.answers.integrity import Mismatch, mismatches_of
from projections.answers.jobs import Attempt, Invocation, Script, attempts_of
from projections.answers.runs import RunRef
from projections.answers.selection import last_attempt_of_job
from projections.runs.attempts import ATTEMPTS
from projections.runs.plan import JOB_EDGES, JOBS


@dataclass(frozen=True, slots=True)
class Failure:
    """A job that failed for good.

    ``last_state`` is what was seen of it last; ``invocations`` are all its last attempt's processes,
    ``invocation`` the first that failed (None where none was started), ``problem`` the worker's own words,
    ``blocked`` the number of jobs that could not run because of it. ``stopped`` is how it ended that did not
    end by itself (aborted, not submitted; else empty), ``hold_reason`` why it was held last, however it went
    on.
    """

    run: RunRef
    job: str
    kind: str
    attempt: int
    state: str
    last_state: str
    verdict: int | None
    stopped: str
    hold_reason: str
    site: str
    hostname: str
    submitted_at: int | None
    finished_at: int | None
    submit_file: str
    work_directory: str
    problem: str
    stderr_tail: str
    stdout_file: str
    stderr_file: str
    scripts: tuple[Script, ...]
    failed_script: str
    invocations: tuple[Invocation, ...]
    invocation: Invocation | None
    mismatches: tuple[Mismatch, ...]
    blocked: int

    @property
    def rank(self) -> tuple[bool, bool, int, str, str]:
        """Its place among a tree's failures, the root cause first.

        What failed outright comes before what was aborted in its wake, the earlier before the later, and jobs
        of sub-workflows (whose failure is another run's) last.
        """
        ended = self.finished_at or self.submitted_at or 0
        return self.kind in SUBWORKFLOW_KINDS, self.state != "failed", ended, self.run.run, self.job


def failures_of(runs: Connection, data: Connection, run: RunRef, *, limit: int = 20) -> Sequence[Failure]:
    """The jobs whose last attempt failed or was aborted, by their ``rank``, the root cause first.

    Reads the ``runs`` and the ``data`` views.
    """
    rows = runs.execute(
        select(
            *(JOBS.c.job, JOBS.c.kind, JOBS.c.submit_file),
            *(ATTEMPTS.c.attempt, ATTEMPTS.c.work_directory, ATTEMPTS.c.submit_status, ATTEMPTS.c.exit_raw),
        )
        .join(ATTEMPTS, last_attempt_of_job())
        .where(JOBS.c.run_key == run.key, JOBS.c.state.in_(["failed", "aborted"]))
        .order_by(
            JOBS.c.kind.in_(SUBWORKFLOW_KINDS),
            JOBS.c.state != "failed",
            func.coalesce(ATTEMPTS.c.finished_at, ATTEMPTS.c.submitted_at),
            JOBS.c.job,
        )
        .limit(limit)
    )
    return [_failure(runs, data, run, row) for row in rows.all()]


def _failure(runs: Connection, data: Connection, run: RunRef, row: Row[*tuple[Any, ...]]) -> Failure:
    attempt = next(one for one in attempts_of(runs, run, row.job) if one.attempt == row.attempt)
    processes = tuple(_as_it_ended(one, row.exit_raw) for one in attempt.invocations)
    failed = [one for one in processes if one.exit_raw != 0]
    scripts = [one.script for one in attempt.scripts if one.exit_raw != 0]
    mismatches = mismatches_of(data, run, job=row.job)
    return Failure(
        run=run,
        job=row.job,
        kind=row.kind,
        attempt=row.attempt,
        state=attempt.state,
        last_state=_last_state(attempt),
        verdict=attempt.verdict,
        stopped=_stopped(attempt, was_submitted=not row.submit_status),
        hold_reason=_hold_reason(attempt),
        site=attempt.site,
        hostname=attempt.hostname,
        submitted_at=attempt.submitted_at,
        finished_at=attempt.finished_at,
        submit_file=row.submit_file or "",
        work_directory=row.work_directory or "",
        problem=attempt.problem,
        stderr_tail=attempt.stderr_tail,
        stdout_file=attempt.stdout_file,
        stderr_file=attempt.stderr_file,
        scripts=attempt.scripts,
        failed_script=scripts[0] if scripts else "",
        invocations=processes,
        invocation=failed[0] if failed else None,
        mismatches=tuple(one for one in mismatches if one.attempt == row.attempt),
        blocked=_blocked(runs, run, row.job),
    )


def _as_it_ended(process: Invocation, exit_of_job: int | None) -> Invocation:
    """A process with its raw wait status.

    Of a job without a record Pegasus' monitor takes the exit code that PegasusLite printed for one, so that
    exit code 2 would be signal 2; the job's own end tells.
    """
    if process.exit_raw and exit_of_job == process.exit_raw << 8:
        return replace(process, exit_raw=exit_of_job)
    return process


def _last_state(attempt: Attempt) -> str:
    """What was seen of an attempt last: a POST script's end comes after all else, a PRE script's before.

    Where the PRE script failed, nothing came after it but that the attempt was over.
    """
    ends = {one.script: f"{one.script} script {_OUTCOMES[one.exit_raw == 0]}" for one in attempt.scripts}
    if any(one.script == "pre" and one.exit_raw for one in attempt.scripts):
        return ends["pre"]
    seen = [change.state for change in attempt.states]
    return ends.get("post") or (seen[-1] if seen else ends.get("pre", attempt.state))


def _stopped(attempt: Attempt, *, was_submitted: bool) -> str:
    if any(change.state == "aborted" for change in attempt.states):
        return "aborted"
    return "" if was_submitted else "not submitted"


def _hold_reason(attempt: Attempt) -> str:
    reasons = [change.reason for change in attempt.states if change.state in ("held", "held-reason")]
    return next((reason for reason in reversed(reasons) if reason), "").strip()


_OUTCOMES = {True: "succeeded", False: "failed"}


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
