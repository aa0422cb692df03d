"""How long runs took, and their jobs together, in Pegasus' definitions and integer microseconds."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, FromClause, and_, case, exists, func, select

from projections.answers.counts import SUBWORKFLOW_KINDS
from projections.answers.runs import RunRef
from projections.answers.selection import attempt_of, chosen_runs, job_of, weight, whole, whole_or_none
from projections.runs.attempts import ATTEMPTS
from projections.runs.identity import RUN_STATES, RUNS
from projections.runs.invocations import INVOCATIONS
from projections.runs.plan import JOBS

DAGMAN = "condor::dagman"
"""The transformation of a sub-workflow's engine, whose time is its jobs' time once more."""


@dataclass(frozen=True, slots=True)
class Durations:
    """What the processes took (``cumulative``), and the jobs as seen where they were submitted.

    Both weighed by the jobs' cores; ``badput`` are their parts that failed. None where nothing was seen yet.
    """

    cumulative: int | None
    submit_side: int | None
    badput: int | None
    submit_side_badput: int | None


def durations_of(connection: Connection, runs: Sequence[RunRef]) -> Durations:
    """The durations over these runs together.

    On the submit side a sub-workflow's job counts by itself unless its run is among ``runs``.
    """
    chosen = chosen_runs(connection, runs)
    cumulative, badput = _process_time(connection, chosen)
    submit_side, submit_side_badput = _submit_time(connection, chosen)
    return Durations(cumulative, submit_side, badput, submit_side_badput)


def wall_time_of(connection: Connection, run: RunRef) -> int | None:
    """All times an engine ran the run, the gaps between them left out; None unless each start has its end."""
    rows = connection.execute(
        select(RUN_STATES.c.kind, func.count(), func.sum(RUN_STATES.c.time))
        .where(RUN_STATES.c.run_key == run.key)
        .group_by(RUN_STATES.c.kind)
    )
    sums = {kind: (count, whole(time)) for kind, count, time in rows}
    started, finished = sums.get("started", (0, 0)), sums.get("finished", (0, 0))
    if started[0] == 0 or started[0] != finished[0]:
        return None
    return finished[1] - started[1]


def _process_time(connection: Connection, chosen: FromClause) -> tuple[int | None, int | None]:
    """What all processes took, and those that failed; a negative exit counts as neither good nor bad."""
    weighed = INVOCATIONS.c.duration * weight()
    total, bad = connection.execute(
        select(func.sum(weighed), func.sum(case((INVOCATIONS.c.exit_raw > 0, weighed), else_=0)))
        .select_from(INVOCATIONS)
        .join(chosen, INVOCATIONS.c.run_key == chosen.c.run_key)
        .outerjoin(ATTEMPTS, attempt_of(INVOCATIONS))
        .where(INVOCATIONS.c.sequence >= 0, INVOCATIONS.c.transformation != DAGMAN)
    ).one()
    return whole_or_none(total), whole_or_none(bad)


def _submit_time(connection: Connection, chosen: FromClause) -> tuple[int | None, int | None]:
    weighed = ATTEMPTS.c.local_duration * weight()
    parent, child = RUNS.alias("parent"), RUNS.alias("child")
    counted_below = and_(
        JOBS.c.kind.in_(SUBWORKFLOW_KINDS),
        exists().where(
            parent.c.run_key == JOBS.c.run_key,
            child.c.root_key == parent.c.root_key,
            child.c.parent_run == parent.c.run,
            child.c.parent_job == JOBS.c.job,
            child.c.run_key.in_(select(chosen.c.run_key)),
        ),
    )
    total, bad = connection.execute(
        select(func.sum(weighed), func.sum(case((ATTEMPTS.c.verdict > 0, weighed), else_=0)))
        .select_from(ATTEMPTS)
        .join(chosen, ATTEMPTS.c.run_key == chosen.c.run_key)
        .join(JOBS, job_of(ATTEMPTS))
        .where(~counted_below)
    ).one()
    return whole_or_none(total), whole_or_none(bad)
