"""Where jobs and runs stand: what follows from attempts, engines and plans, refreshed batch by batch."""

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, select, update

from eventlog.facts import (
    JobAborted,
    JobEvicted,
    JobFinished,
    JobHeld,
    JobReleased,
    JobsPlanned,
    JobStarted,
    JobSubmitted,
    RunFinished,
    RunStarted,
    ScriptFinished,
)
from projections.batch import FactBatch
from projections.bulk import key_rows
from projections.chunks import chunk_table, planned_runs, record_chunks, reveal_complete, withdraw_superseded
from projections.keys import run_key
from projections.runs import plan
from projections.runs.attempts import ATTEMPTS
from projections.runs.identity import RUN_STATES, RUNS
from projections.runs.metadata import metadata
from projections.runs.plan import JOBS

PLAN_CHUNKS = chunk_table(metadata)

_OfAttempt = (
    JobSubmitted | JobStarted | JobHeld | JobReleased | JobEvicted | JobAborted | JobFinished | ScriptFinished
)
_OF_ATTEMPTS: tuple[type[_OfAttempt], ...] = (
    *(JobSubmitted, JobStarted, JobHeld, JobReleased, JobEvicted, JobAborted, JobFinished, ScriptFinished),
)
_OF_ENGINES: tuple[type[RunStarted | RunFinished], ...] = (RunStarted, RunFinished)


def apply(batch: FactBatch, connection: Connection) -> None:
    """Bring jobs and runs up to what the batch's facts, folded before, have changed."""
    plans = planned_runs(batch)
    record_chunks(batch, connection, PLAN_CHUNKS)
    withdraw_superseded(connection, PLAN_CHUNKS, plan.CHUNKED, plans)
    reveal_complete(connection, RUNS, PLAN_CHUNKS, plans)
    jobs = _touched_jobs(batch)
    _refresh_jobs(connection, jobs)
    engines = {run_key(fact.run, event.namespace) for kind in _OF_ENGINES for event, fact in batch.of(kind)}
    _refresh_runs(connection, plans | engines | {run for run, _ in jobs})


def _touched_jobs(batch: FactBatch) -> set[tuple[int, str]]:
    touched = {
        (run_key(fact.run, event.namespace), fact.job)
        for kind in _OF_ATTEMPTS
        for event, fact in batch.of(kind)
    }
    for event, fact in batch.of(JobsPlanned):
        run = run_key(fact.run, event.namespace)
        touched.update((run, job.job) for job in fact.jobs)
    return touched


def _refresh_jobs(connection: Connection, jobs: set[tuple[int, str]]) -> None:
    """A job stands where its last attempt stands."""
    if not jobs:
        return
    touched = key_rows(connection, {"run_key": int, "job": str}, sorted(jobs), "touched")
    later = ATTEMPTS.alias("later")
    last = (
        select(ATTEMPTS.c.run_key, ATTEMPTS.c.job, ATTEMPTS.c.attempt, ATTEMPTS.c.state)
        .join(touched, and_(ATTEMPTS.c.run_key == touched.c.run_key, ATTEMPTS.c.job == touched.c.job))
        .where(
            ~exists().where(
                later.c.run_key == ATTEMPTS.c.run_key,
                later.c.job == ATTEMPTS.c.job,
                later.c.attempt > ATTEMPTS.c.attempt,
            )
        )
        .subquery("last")
    )
    connection.execute(
        update(JOBS)
        .values(state=last.c.state, last_attempt=last.c.attempt)
        .where(JOBS.c.run_key == last.c.run_key, JOBS.c.job == last.c.job)
    )


def _refresh_runs(connection: Connection, runs: set[int]) -> None:
    if not runs:
        return
    touched = key_rows(connection, {"run_key": int}, [(run,) for run in sorted(runs)], "touched")
    connection.execute(
        update(RUNS).values(state=_state()).where(RUNS.c.run_key.in_(select(touched.c.run_key)))
    )


def _state() -> ColumnElement[str]:
    """A run's state, by the engine that started last and by what its jobs came to."""
    ended, failed = RUN_STATES.alias("ended"), JOBS.alias("failed_job")
    status = (
        select(ended.c.status)
        .where(ended.c.run_key == RUNS.c.run_key, ended.c.kind == "finished")
        .order_by(ended.c.restart.desc(), ended.c.ordinal.desc())
        .limit(1)
        .scalar_subquery()
    )
    a_job_failed = exists().where(failed.c.run_key == RUNS.c.run_key, failed.c.state == "failed")
    started, finished = _last_restart("started"), _last_restart("finished")
    return case(
        (~RUNS.c.visible & (RUNS.c.failure_version >= 0), "unplannable"),
        (~RUNS.c.visible, "planning"),
        (func.coalesce(started, finished).is_(None), "planned"),
        (finished.is_(None) | (started > finished), "running"),
        (status == 0, "succeeded"),
        (a_job_failed, "failed"),
        else_="incomplete",
    )


def _last_restart(kind: str) -> ColumnElement[int]:
    states = RUN_STATES.alias(f"{kind}_engine")
    return (
        select(func.max(states.c.restart))
        .where(states.c.run_key == RUNS.c.run_key, states.c.kind == kind)
        .scalar_subquery()
    )
