"""Why a run failed, in full: how its jobs stand, what failed (root cause first), and what is held."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, exists, select

from projections.answers.failures import Failure, failures_of
from projections.answers.runs import RunRef, progress_of, tree_of
from projections.answers.selection import chosen_runs, last_attempt_of_job
from projections.runs.attempts import ATTEMPT_STATES, ATTEMPTS
from projections.runs.identity import RUNS
from projections.runs.plan import JOBS

_UNFINISHED = ("submitted", "running", "held", "evicted")


@dataclass(frozen=True, slots=True)
class JobCounts:
    """How a run's jobs stand; ``total`` is the sum of all but ``failing``.

    ``failing`` jobs are under way after a try that failed; ``unknown`` ones were submitted and have no end.
    """

    total: int
    succeeded: int
    failed: int
    held: int
    unsubmitted: int
    failing: int
    unknown: int


@dataclass(frozen=True, slots=True)
class UnfinishedJob:
    """A job that is held, or tried again after a failure; ``reason`` is the scheduler's."""

    run: RunRef
    job: str
    attempt: int
    state: str
    site: str
    submit_file: str
    reason: str


@dataclass(frozen=True, slots=True)
class Analysis:
    """A run's own counts; failures, held and failing jobs of its sub-workflows too."""

    counts: JobCounts
    failures: Sequence[Failure]
    held: Sequence[UnfinishedJob]
    failing: Sequence[UnfinishedJob]


def analysis_of(runs: Connection, data: Connection, run: RunRef) -> Analysis:
    """The analysis of a run and its sub-workflows; reads the ``runs`` and the ``data`` views."""
    tree = tree_of(runs, run)
    unfinished = _unfinished(runs, tree)
    held = [job for job, _ in unfinished if job.state == "held"]
    failing = [job for job, has_failed in unfinished if has_failed]
    return Analysis(
        counts=_counts(runs, run, sum(job.run == run for job in failing)),
        failures=_root_cause_first(runs, data, tree),
        held=held,
        failing=failing,
    )


def _counts(connection: Connection, run: RunRef, failing: int) -> JobCounts:
    progress = progress_of(connection, run)
    known = progress.succeeded + progress.failed + progress.held + progress.unsubmitted
    return JobCounts(
        total=progress.total,
        succeeded=progress.succeeded,
        failed=progress.failed,
        held=progress.held,
        unsubmitted=progress.unsubmitted,
        failing=failing,
        unknown=progress.total - known,
    )


def _root_cause_first(runs: Connection, data: Connection, tree: Sequence[RunRef]) -> list[Failure]:
    """A sub-workflow fails because of its jobs, and what was aborted because of what failed before."""
    chosen = chosen_runs(runs, tree)
    failed = runs.execute(
        select(RUNS.c.run_key)
        .join(chosen, RUNS.c.run_key == chosen.c.run_key)
        .where(
            exists().where(JOBS.c.run_key == RUNS.c.run_key, JOBS.c.state.in_(["failed", "aborted"])),
        )
    )
    keys = set(failed.scalars())
    failures = [failure for run in tree if run.key in keys for failure in failures_of(runs, data, run)]
    return sorted(failures, key=lambda failure: failure.rank)


def _unfinished(connection: Connection, tree: Sequence[RunRef]) -> list[tuple[UnfinishedJob, bool]]:
    """Jobs under way that are held or had a try that failed, each with whether it had one."""
    chosen, earlier = chosen_runs(connection, tree), ATTEMPTS.alias("earlier")
    has_failed = exists().where(
        earlier.c.run_key == JOBS.c.run_key,
        earlier.c.job == JOBS.c.job,
        earlier.c.attempt < JOBS.c.last_attempt,
        earlier.c.state == "failed",
    )
    rows = connection.execute(
        select(JOBS, ATTEMPTS.c.attempt, ATTEMPTS.c.submit_site, has_failed.label("has_failed"))
        .join(chosen, JOBS.c.run_key == chosen.c.run_key)
        .join(ATTEMPTS, last_attempt_of_job())
        .where(JOBS.c.state.in_(_UNFINISHED))
        .order_by(ATTEMPTS.c.submitted_at, JOBS.c.job)
    ).all()
    reasons, members = _hold_reasons(connection, tree), {run.key: run for run in tree}
    return [
        (
            UnfinishedJob(
                run=members[row.run_key],
                job=row.job,
                attempt=row.attempt,
                state=row.state,
                site=row.submit_site or row.site or "",
                submit_file=row.submit_file or "",
                reason=reasons.get((row.run_key, row.job), "") if row.state == "held" else "",
            ),
            bool(row.has_failed),
        )
        for row in rows
        if row.state == "held" or row.has_failed
    ]


def _hold_reasons(connection: Connection, tree: Sequence[RunRef]) -> dict[tuple[int, str], str]:
    """Why each held job was held last."""
    chosen = chosen_runs(connection, tree)
    rows = connection.execute(
        select(JOBS.c.run_key, JOBS.c.job, ATTEMPT_STATES.c.reason)
        .join(chosen, JOBS.c.run_key == chosen.c.run_key)
        .join(
            ATTEMPT_STATES,
            and_(
                ATTEMPT_STATES.c.run_key == JOBS.c.run_key,
                ATTEMPT_STATES.c.job == JOBS.c.job,
                ATTEMPT_STATES.c.attempt == JOBS.c.last_attempt,
                ATTEMPT_STATES.c.state.in_(["held", "held-reason"]),
            ),
        )
        .where(JOBS.c.state == "held")
        .order_by(ATTEMPT_STATES.c.time, ATTEMPT_STATES.c.ordinal)
    )
    return {(key, job): reason for key, job, reason in rows if reason}
