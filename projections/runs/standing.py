"""Where jobs and runs stand: what follows from attempts, engines and plans, refreshed batch by batch."""

from functools import cache

from sqlalchemy import ColumnElement, Connection, Update, case, exists, func, select, update

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
from projections.bulk import KeyParameter
from projections.chunks import chunk_table, planned_runs, record_chunks, reveal_complete, withdraw_superseded
from projections.keys import run_key
from projections.runs import plan
from projections.runs.attempts import ATTEMPTS
from projections.runs.identity import RUN_STATES, RUNS
from projections.runs.metadata import metadata
from projections.runs.plan import JOBS

PLAN_CHUNKS = chunk_table(metadata)

_TOUCHED_JOBS = KeyParameter("touched", {"run_key": int, "job": str})
_TOUCHED_RUNS = KeyParameter("touched", {"run_key": int})

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
    if jobs:
        dialect = connection.dialect.name
        connection.execute(_jobs_refreshed(dialect), _TOUCHED_JOBS.values(dialect, sorted(jobs)))


def _refresh_runs(connection: Connection, runs: set[int]) -> None:
    if runs:
        dialect = connection.dialect.name
        values = _TOUCHED_RUNS.values(dialect, [(run,) for run in sorted(runs)])
        connection.execute(_runs_refreshed(dialect), values)


# Made once: to put such a statement together takes longer than a small batch takes it to run.
@cache
def _jobs_refreshed(dialect: str) -> Update:
    touched, last, later = _TOUCHED_JOBS.table(dialect), ATTEMPTS.alias("last"), ATTEMPTS.alias("later")
    a_later_one = exists().where(
        later.c.run_key == last.c.run_key, later.c.job == last.c.job, later.c.attempt > last.c.attempt
    )
    return (
        update(JOBS)
        .values(state=last.c.state, last_attempt=last.c.attempt)
        .where(
            *(last.c.run_key == touched.c.run_key, last.c.job == touched.c.job, ~a_later_one),
            *(JOBS.c.run_key == touched.c.run_key, JOBS.c.job == touched.c.job),
        )
    )


@cache
def _runs_refreshed(dialect: str) -> Update:
    touched = _TOUCHED_RUNS.table(dialect)
    return update(RUNS).values(state=_state()).where(RUNS.c.run_key.in_(select(touched.c.run_key)))


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
