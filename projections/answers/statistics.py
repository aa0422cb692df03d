"""Statistics of a run or a tree of runs, in Pegasus' definitions, so that numbers agree to the last digit.

Computed from rows when asked for, in integer microseconds. Source: the reference's statistics tables.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Row,
    Text,
    and_,
    case,
    cast,
    distinct,
    exists,
    func,
    literal,
    select,
    union_all,
)

from projections.answers.runs import RunRef
from projections.bulk import key_rows
from projections.runs.attempts import ATTEMPTS, SCRIPTS
from projections.runs.identity import RUN_STATES, RUNS
from projections.runs.integrity import INTEGRITY
from projections.runs.invocations import INVOCATIONS
from projections.runs.plan import JOBS, TASKS

SUBWORKFLOW_KINDS = ("dax", "dag")
_DAGMAN = "condor::dagman"


@dataclass(frozen=True, slots=True)
class Counts:
    """One line of the summary: things by how their last attempt ended.

    ``total_with_retries`` is succeeded + failed + retries, which is not total + retries while something is
    incomplete.
    """

    succeeded: int
    failed: int
    total: int
    retries: int

    @property
    def incomplete(self) -> int:
        """What neither succeeded nor failed."""
        return self.total - self.succeeded - self.failed

    @property
    def total_with_retries(self) -> int:
        """How many tries there were to see."""
        return self.succeeded + self.failed + self.retries


@dataclass(frozen=True, slots=True)
class Summary:
    """The summary table. Durations in microseconds; ``wall`` is None unless every start has its end.

    ``cumulative`` sums what the processes took, ``submit_side`` what the jobs took as seen where they were
    submitted, each weighed by the job's cores; ``badput`` are their parts that failed.
    """

    tasks: Counts
    jobs: Counts
    subworkflows: Counts
    wall: int | None
    cumulative: int
    submit_side: int
    badput: int
    submit_side_badput: int
    workflow_retries: int


@dataclass(frozen=True, slots=True)
class Breakdown:
    """One transformation's processes of one outcome; times in microseconds, memory in KiB.

    Processor shares are fractions of one core; minimum, maximum and sum over ``measured`` processes.
    """

    transformation: str
    successful: bool
    count: int
    minimum: int
    maximum: int
    total: int
    maxrss_minimum: int | None
    maxrss_maximum: int | None
    maxrss_mean: float | None
    cpu_minimum: float | None
    cpu_maximum: float | None
    cpu_mean: float | None


@dataclass(frozen=True, slots=True)
class IntegritySum:
    """Checksums of one kind (check or compute) and role (input or output); microseconds."""

    kind: str
    role: str
    count: int
    failed: int
    duration: int


_Row = Row[*tuple[Any, ...]]


def summary_of(connection: Connection, runs: Sequence[RunRef]) -> Summary:
    """The summary over one run, or over a tree as ``tree_of`` gives it (its first run's wall time counts)."""
    chosen = _chosen(connection, runs)
    succeeded, failed = _job_outcomes(connection, chosen)
    cumulative, badput = _process_time(connection, chosen)
    submit_side, submit_badput = _submit_time(connection, chosen, expanded=len(runs) > 1)
    job_retries = _job_retries(connection, chosen)
    totals = _job_totals(connection, chosen)
    return Summary(
        tasks=_task_counts(connection, chosen),
        jobs=Counts(succeeded[False], failed[False], totals[False], job_retries[False]),
        subworkflows=Counts(succeeded[True], failed[True], totals[True], job_retries[True]),
        wall=_wall_time(connection, runs[0]),
        cumulative=cumulative,
        submit_side=submit_side,
        badput=badput,
        submit_side_badput=submit_badput,
        workflow_retries=_workflow_retries(connection, chosen),
    )


def breakdown_of(connection: Connection, runs: Sequence[RunRef]) -> Sequence[Breakdown]:
    """Processes by transformation and outcome, PRE and POST scripts among them, by name."""
    chosen = _chosen(connection, runs)
    processes = union_all(_weighed_processes(chosen), _weighed_scripts(chosen)).subquery("processes")
    columns = processes.c
    ok = (columns.exit_raw == 0).label("ok")
    rows = connection.execute(
        select(
            *(columns.transformation, ok, func.count().label("processes")),
            *(func.min(columns.duration), func.max(columns.duration), func.sum(columns.duration)),
            *(func.min(columns.maxrss), func.max(columns.maxrss), func.avg(columns.maxrss)),
            *(func.min(columns.cpu), func.max(columns.cpu), func.avg(columns.cpu)),
        )
        .group_by(columns.transformation, ok)
        .order_by(columns.transformation, ok.desc())
    )
    return [_breakdown(row) for row in rows]


def integrity_sums_of(connection: Connection, runs: Sequence[RunRef]) -> Sequence[IntegritySum]:
    """Checksums by kind and role."""
    chosen = _chosen(connection, runs)
    rows = connection.execute(
        select(
            INTEGRITY.c.kind,
            INTEGRITY.c.role,
            func.sum(INTEGRITY.c["count"]),
            func.sum(INTEGRITY.c.failed),
            func.sum(INTEGRITY.c.duration),
        )
        .join(chosen, INTEGRITY.c.run_key == chosen.c.run_key)
        .group_by(INTEGRITY.c.kind, INTEGRITY.c.role)
        .order_by(INTEGRITY.c.kind, INTEGRITY.c.role)
    )
    return [IntegritySum(kind, role, *map(_whole, sums)) for kind, role, *sums in rows]


def _chosen(connection: Connection, runs: Sequence[RunRef]) -> FromClause:
    return key_rows(connection, {"run_key": int}, [(run.key,) for run in runs], "chosen")


# labels, so that PostgreSQL sees the same expression in GROUP BY
_IS_SUBWORKFLOW = JOBS.c.kind.in_(SUBWORKFLOW_KINDS).label("is_subworkflow")
_IS_SUCCESS = (INVOCATIONS.c.exit_raw == 0).label("is_success")


def _last_attempt() -> ColumnElement[bool]:
    return and_(
        ATTEMPTS.c.run_key == JOBS.c.run_key,
        ATTEMPTS.c.job == JOBS.c.job,
        ATTEMPTS.c.attempt == JOBS.c.last_attempt,
    )


def _job_outcomes(connection: Connection, chosen: FromClause) -> tuple[dict[bool, int], dict[bool, int]]:
    """Succeeded and failed jobs, each by whether they are sub-workflows."""
    rows = connection.execute(
        select(
            _IS_SUBWORKFLOW,
            func.sum(case((ATTEMPTS.c.verdict == 0, 1), else_=0)),
            func.sum(case((ATTEMPTS.c.verdict != 0, 1), else_=0)),
        )
        .select_from(JOBS)
        .join(chosen, JOBS.c.run_key == chosen.c.run_key)
        .join(ATTEMPTS, _last_attempt())
        .group_by(_IS_SUBWORKFLOW)
    )
    succeeded, failed = {False: 0, True: 0}, {False: 0, True: 0}
    for subworkflow, good, bad in rows:
        succeeded[bool(subworkflow)], failed[bool(subworkflow)] = _whole(good), _whole(bad)
    return succeeded, failed


def _job_totals(connection: Connection, chosen: FromClause) -> dict[bool, int]:
    rows = connection.execute(
        select(_IS_SUBWORKFLOW, func.count())
        .select_from(JOBS)
        .join(chosen, JOBS.c.run_key == chosen.c.run_key)
        .group_by(_IS_SUBWORKFLOW)
    )
    return {False: 0, True: 0} | {bool(subworkflow): count for subworkflow, count in rows}


def _job_retries(connection: Connection, chosen: FromClause) -> dict[bool, int]:
    """Attempts beyond each job's first."""
    tries = (
        select(_IS_SUBWORKFLOW, func.count().label("tries"))
        .select_from(ATTEMPTS)
        .join(chosen, ATTEMPTS.c.run_key == chosen.c.run_key)
        .join(JOBS, and_(JOBS.c.run_key == ATTEMPTS.c.run_key, JOBS.c.job == ATTEMPTS.c.job))
        .group_by(JOBS.c.run_key, JOBS.c.job, JOBS.c.kind)
        .subquery("tries")
    )
    rows = connection.execute(
        select(tries.c.is_subworkflow, func.sum(tries.c.tries - 1)).group_by(tries.c.is_subworkflow)
    )
    return {False: 0, True: 0} | {bool(subworkflow): _whole(retries) for subworkflow, retries in rows}


def _task_counts(connection: Connection, chosen: FromClause) -> Counts:
    """Tasks by the processes in the last attempts of their jobs; sub-workflows are not among them."""
    total = connection.execute(
        select(func.count())
        .select_from(TASKS)
        .join(chosen, TASKS.c.run_key == chosen.c.run_key)
        .where(TASKS.c.kind == "job")
    ).scalar_one()
    rows = connection.execute(
        select(_IS_SUCCESS, func.count(distinct(_task_name())))
        .select_from(INVOCATIONS)
        .join(chosen, INVOCATIONS.c.run_key == chosen.c.run_key)
        .join(
            JOBS,
            and_(
                JOBS.c.run_key == INVOCATIONS.c.run_key,
                JOBS.c.job == INVOCATIONS.c.job,
                JOBS.c.last_attempt == INVOCATIONS.c.attempt,
            ),
        )
        .join(TASKS, _declared_task())
        .where(TASKS.c.kind == "job")
        .group_by(_IS_SUCCESS)
    )
    outcomes = {bool(ok): count for ok, count in rows}
    return Counts(outcomes.get(True, 0), outcomes.get(False, 0), total, _task_retries(connection, chosen))


def _task_retries(connection: Connection, chosen: FromClause) -> int:
    """Processes of tasks beyond each task's first."""
    tries, tasks = connection.execute(
        select(func.count(), func.count(distinct(_task_name())))
        .select_from(INVOCATIONS)
        .join(chosen, INVOCATIONS.c.run_key == chosen.c.run_key)
        .join(TASKS, _declared_task())
        .where(TASKS.c.kind == "job")
    ).one()
    return _whole(tries) - _whole(tasks)


def _declared_task() -> ColumnElement[bool]:
    return and_(TASKS.c.run_key == INVOCATIONS.c.run_key, TASKS.c.task == INVOCATIONS.c.task)


def _task_name() -> ColumnElement[str]:
    """A task's name that is its own among several runs."""
    return cast(INVOCATIONS.c.run_key, Text) + "/" + INVOCATIONS.c.task


def _wall_time(connection: Connection, run: RunRef) -> int | None:
    """The sum of all times an engine ran, the gaps between them left out."""
    rows = connection.execute(
        select(RUN_STATES.c.kind, func.count(), func.sum(RUN_STATES.c.time))
        .where(RUN_STATES.c.run_key == run.key)
        .group_by(RUN_STATES.c.kind)
    )
    sums = {kind: (count, _whole(time)) for kind, count, time in rows}
    started, finished = sums.get("started", (0, 0)), sums.get("finished", (0, 0))
    if started[0] == 0 or started[0] != finished[0]:
        return None
    return finished[1] - started[1]


def _workflow_retries(connection: Connection, chosen: FromClause) -> int:
    restarts = (
        select(func.max(RUN_STATES.c.restart).label("restarts"))
        .join(chosen, RUN_STATES.c.run_key == chosen.c.run_key)
        .group_by(RUN_STATES.c.run_key)
        .subquery("restarts")
    )
    return _whole(connection.execute(select(func.sum(restarts.c.restarts))).scalar_one())


def _weight() -> ColumnElement[int]:
    return func.coalesce(ATTEMPTS.c.multiplier, 1)


def _attempt_of_process() -> ColumnElement[bool]:
    return and_(
        ATTEMPTS.c.run_key == INVOCATIONS.c.run_key,
        ATTEMPTS.c.job == INVOCATIONS.c.job,
        ATTEMPTS.c.attempt == INVOCATIONS.c.attempt,
    )


def _process_time(connection: Connection, chosen: FromClause) -> tuple[int, int]:
    """What all processes took, and those that failed; a negative exit counts as neither good nor bad."""
    weighed = INVOCATIONS.c.duration * _weight()
    total, bad = connection.execute(
        select(func.sum(weighed), func.sum(case((INVOCATIONS.c.exit_raw > 0, weighed), else_=0)))
        .select_from(INVOCATIONS)
        .join(chosen, INVOCATIONS.c.run_key == chosen.c.run_key)
        .outerjoin(ATTEMPTS, _attempt_of_process())
        .where(INVOCATIONS.c.sequence >= 0, INVOCATIONS.c.transformation != _DAGMAN)
    ).one()
    return _whole(total), _whole(bad)


def _submit_time(connection: Connection, chosen: FromClause, *, expanded: bool) -> tuple[int, int]:
    """What all jobs took as the submit side saw it; in a tree a sub-workflow counts by its own jobs."""
    weighed = ATTEMPTS.c.local_duration * _weight()
    query = (
        select(func.sum(weighed), func.sum(case((ATTEMPTS.c.verdict > 0, weighed), else_=0)))
        .select_from(ATTEMPTS)
        .join(chosen, ATTEMPTS.c.run_key == chosen.c.run_key)
        .join(JOBS, and_(JOBS.c.run_key == ATTEMPTS.c.run_key, JOBS.c.job == ATTEMPTS.c.job))
    )
    if expanded:
        parent, child = RUNS.alias("parent"), RUNS.alias("child")
        has_run = exists().where(
            parent.c.run_key == JOBS.c.run_key,
            child.c.root_key == parent.c.root_key,
            child.c.parent_run == parent.c.run,
            child.c.parent_job == JOBS.c.job,
        )
        query = query.where(~and_(JOBS.c.kind.in_(SUBWORKFLOW_KINDS), has_run))
    total, bad = connection.execute(query).one()
    return _whole(total), _whole(bad)


def _weighed_processes(chosen: FromClause) -> Any:
    cpu = (INVOCATIONS.c.utime + INVOCATIONS.c.stime) * 1.0 / func.nullif(INVOCATIONS.c.duration, 0)
    return (
        select(
            INVOCATIONS.c.transformation,
            INVOCATIONS.c.exit_raw,
            (INVOCATIONS.c.duration * _weight()).label("duration"),
            INVOCATIONS.c.maxrss,
            func.coalesce(INVOCATIONS.c.average_cpu, cpu).label("cpu"),
        )
        .select_from(INVOCATIONS)
        .join(chosen, INVOCATIONS.c.run_key == chosen.c.run_key)
        .outerjoin(ATTEMPTS, _attempt_of_process())
    )


def _weighed_scripts(chosen: FromClause) -> Any:
    """Scripts as the reference lists them: dagman::pre and dagman::post."""
    return (
        select(
            (literal("dagman::") + SCRIPTS.c.script).label("transformation"),
            SCRIPTS.c.exit_raw,
            func.coalesce(SCRIPTS.c.terminated - SCRIPTS.c.started, 0).label("duration"),
            literal(None, SCRIPTS.c.exit_raw.type).label("maxrss"),
            literal(None, INVOCATIONS.c.average_cpu.type).label("cpu"),
        )
        .select_from(SCRIPTS)
        .join(chosen, SCRIPTS.c.run_key == chosen.c.run_key)
    )


def _breakdown(row: _Row) -> Breakdown:
    transformation, ok, count, low, high, total, *measured = row
    maxrss_low, maxrss_high, maxrss_mean, cpu_low, cpu_high, cpu_mean = measured
    return Breakdown(
        transformation=transformation,
        successful=bool(ok),
        count=count,
        minimum=_whole(low),
        maximum=_whole(high),
        total=_whole(total),
        maxrss_minimum=maxrss_low,
        maxrss_maximum=maxrss_high,
        maxrss_mean=None if maxrss_mean is None else float(maxrss_mean),
        cpu_minimum=cpu_low,
        cpu_maximum=cpu_high,
        cpu_mean=None if cpu_mean is None else float(cpu_mean),
    )


def _whole(value: object) -> int:
    """A sum as a Python integer: PostgreSQL gives NUMERIC, and nothing at all of no rows."""
    return int(value) if value is not None else 0  # type: ignore[call-overload]
