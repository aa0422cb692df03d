"""How the jobs of runs stand, in the columns that HTCondor's DAGMan counts them in."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    and_,
    case,
    distinct,
    exists,
    func,
    or_,
    select,
)

from projections.answers.runs import RunRef
from projections.answers.selection import chosen_runs, job_of
from projections.bulk import key_rows
from projections.runs.attempts import ATTEMPT_STATES, SCRIPTS
from projections.runs.identity import RUNS
from projections.runs.plan import JOB_EDGES, JOBS

_InScript = tuple[int, str, str, str]
_QUEUED = ("submitted", "running", "held", "evicted")
_SCRIPTS = ("pre", "post")
_PHASES = {f"{script}-script-{turn}": script for script in _SCRIPTS for turn in ("started", "terminated")}


@dataclass(frozen=True, slots=True)
class Queue:
    """How many jobs of a run are where; the columns add up to ``total``, aborted jobs apart.

    ``unready`` wait for their parents, ``ready`` could be submitted (or again, while the run goes on).
    ``pre`` and ``post`` count running scripts; None where a run goes on and nobody told of any: scripts are
    known for certain once they have ended.
    """

    run: RunRef
    workflow: str
    state: str
    unready: int
    ready: int
    pre: int | None
    queued: int
    post: int | None
    done: int
    failed: int
    total: int

    @property
    def percent_done(self) -> float:
        """How much of the run is done."""
        return 100.0 * self.done / self.total if self.total else 0.0


def queues_of(connection: Connection, runs: Sequence[RunRef]) -> list[Queue]:
    """How each of these runs stands, in a fixed number of queries."""
    chosen = chosen_runs(connection, runs)
    counts: dict[int, Counter[str]] = {run.key: Counter() for run in runs}
    for key, column, number in connection.execute(_by_column(chosen)):
        counts[key].update({column: number, "total": number})
    for key, number in connection.execute(_waiting_for_parents(chosen)):
        counts[key].update({"unready": number, "ready": -number})
    in_scripts = _in_scripts(connection, chosen)
    for key, _, column, script in in_scripts:
        counts[key].update({script: 1, column: -1})
    for key, number in connection.execute(_waiting_for_scripts(connection, in_scripts)):
        counts[key].update({"unready": number, "ready": -number})
    named = {row.run_key: row for row in connection.execute(_names(chosen))}
    return [_queue(run, named[run.key].workflow, named[run.key].state, counts[run.key]) for run in runs]


def _queue(run: RunRef, workflow: str | None, state: str | None, counts: Counter[str]) -> Queue:
    pre, post = (None if state == "running" and not counts[script] else counts[script] for script in _SCRIPTS)
    return Queue(
        run=run,
        workflow=workflow or "",
        state=state or "planning",
        unready=counts["unready"],
        ready=counts["ready"],
        pre=pre,
        queued=counts["queued"],
        post=post,
        done=counts["done"],
        failed=counts["failed"],
        total=counts["total"],
    )


def _names(chosen: FromClause) -> Select[int, str, str]:
    return select(RUNS.c.run_key, RUNS.c.workflow, RUNS.c.state).join(
        chosen, RUNS.c.run_key == chosen.c.run_key
    )


def _column() -> ColumnElement[str]:
    """Where a job is counted by the state of its last attempt."""
    # a failed job with retries left is tried again, as long as an engine runs
    again = and_(
        JOBS.c.state == "failed", RUNS.c.state == "running", JOBS.c.last_attempt <= JOBS.c.max_retries
    )
    return case(
        (or_(JOBS.c.state.is_(None), again), "ready"),
        (JOBS.c.state.in_(_QUEUED), "queued"),
        (JOBS.c.state == "succeeded", "done"),
        else_=JOBS.c.state,
    )


def _by_column(chosen: FromClause) -> Select[int, str, int]:
    listed = (
        select(JOBS.c.run_key, _column().label("column"))
        .join(chosen, JOBS.c.run_key == chosen.c.run_key)
        .join(RUNS, RUNS.c.run_key == JOBS.c.run_key)
        .subquery("listed")
    )
    columns = (listed.c.run_key, listed.c.column)
    return select(*columns, func.count()).group_by(*columns)


def _waiting_for_parents(chosen: FromClause) -> Select[int, int]:
    """Jobs that were never submitted and have a parent that has not succeeded, by run."""
    return (
        select(JOBS.c.run_key, func.count())
        .join(chosen, JOBS.c.run_key == chosen.c.run_key)
        .where(JOBS.c.state.is_(None), _has_unfinished_parent())
        .group_by(JOBS.c.run_key)
    )


def _has_unfinished_parent() -> ColumnElement[bool]:
    parent = JOBS.alias("parent")
    return exists().where(
        JOB_EDGES.c.run_key == JOBS.c.run_key,
        JOB_EDGES.c.child == JOBS.c.job,
        parent.c.run_key == JOB_EDGES.c.run_key,
        parent.c.job == JOB_EDGES.c.parent,
        or_(parent.c.state.is_(None), parent.c.state != "succeeded"),
    )


def _waiting_for_scripts(connection: Connection, in_scripts: Sequence[_InScript]) -> Select[int, int]:
    """Jobs that wait for nothing but the scripts of their parents, which succeeded otherwise, by run."""
    keys = sorted({(key, job) for key, job, _, _ in in_scripts})
    parents = key_rows(connection, {"run_key": int, "job": str}, keys, "parents")
    edges = JOB_EDGES.alias("below")
    return (
        select(JOBS.c.run_key, func.count(distinct(JOBS.c.job)))
        .select_from(parents)
        .join(edges, and_(edges.c.run_key == parents.c.run_key, edges.c.parent == parents.c.job))
        .join(JOBS, and_(JOBS.c.run_key == edges.c.run_key, JOBS.c.job == edges.c.child))
        .where(JOBS.c.state.is_(None), ~_has_unfinished_parent())
        .group_by(JOBS.c.run_key)
    )


def _in_scripts(connection: Connection, chosen: FromClause) -> list[_InScript]:
    """Jobs of whose last attempt a script was seen to begin and not to end: run, job, column, script."""
    ended = exists().where(
        SCRIPTS.c.run_key == ATTEMPT_STATES.c.run_key,
        SCRIPTS.c.job == ATTEMPT_STATES.c.job,
        SCRIPTS.c.attempt == ATTEMPT_STATES.c.attempt,
        ATTEMPT_STATES.c.state.startswith(SCRIPTS.c.script),
    )
    rows = connection.execute(
        select(JOBS.c.run_key, JOBS.c.job, _column(), ATTEMPT_STATES.c.state)
        .select_from(ATTEMPT_STATES)
        .join(chosen, ATTEMPT_STATES.c.run_key == chosen.c.run_key)
        .join(JOBS, job_of(ATTEMPT_STATES))
        .join(RUNS, RUNS.c.run_key == JOBS.c.run_key)
        .where(
            ATTEMPT_STATES.c.state.in_(_PHASES),
            ATTEMPT_STATES.c.attempt >= func.coalesce(JOBS.c.last_attempt, 0),
            ~ended,
        )
    )
    return sorted({(key, job, column, _PHASES[note]) for key, job, column, note in rows})
