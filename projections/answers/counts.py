"""How many tasks, jobs and sub-workflows ended how, run by run, in Pegasus' definitions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Connection, FromClause, and_, case, distinct, exists, func, select, true

from projections.answers.runs import RunRef
from projections.answers.selection import chosen_runs, job_of, last_attempt_of_job, whole
from projections.runs.attempts import ATTEMPTS
from projections.runs.identity import RUN_STATES
from projections.runs.invocations import INVOCATIONS
from projections.runs.plan import JOB_TASKS, JOBS, TASKS

SUBWORKFLOW_KINDS = ("dax", "dag")


@dataclass(frozen=True, slots=True)
class Counts:
    """One line of the summary: things by how their last attempt ended.

    ``total_with_retries`` is succeeded + failed + retries, which is not total + retries while something is
    incomplete.
    """

    succeeded: int = 0
    failed: int = 0
    total: int = 0
    retries: int = 0

    @property
    def incomplete(self) -> int:
        """What neither succeeded nor failed."""
        return self.total - self.succeeded - self.failed

    @property
    def total_with_retries(self) -> int:
        """How many tries there were to see."""
        return self.succeeded + self.failed + self.retries

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.succeeded + other.succeeded,
            self.failed + other.failed,
            self.total + other.total,
            self.retries + other.retries,
        )


@dataclass(frozen=True, slots=True)
class RunCounts:
    """A run's three lines; ``workflow_retries`` tells how often its engine was started again."""

    tasks: Counts = field(default_factory=Counts)
    jobs: Counts = field(default_factory=Counts)
    subworkflows: Counts = field(default_factory=Counts)
    workflow_retries: int = 0


def counts_of(connection: Connection, runs: Sequence[RunRef], *, pmc: bool = False) -> dict[int, RunCounts]:
    """The counts of each of these runs, by their keys, in a fixed number of queries.

    With ``pmc`` a task succeeded when any attempt carried it out: a job of many tasks repeats only those that
    failed.
    """
    chosen = chosen_runs(connection, runs)
    tasks = _task_counts(connection, chosen, pmc)
    jobs = _job_counts(connection, chosen)
    retries = _workflow_retries(connection, chosen)
    return {
        run.key: RunCounts(
            tasks=tasks.get(run.key, Counts()),
            jobs=jobs.get((run.key, False), Counts()),
            subworkflows=jobs.get((run.key, True), Counts()),
            workflow_retries=retries.get(run.key, 0),
        )
        for run in runs
    }


def total_of(counts: Iterable[RunCounts]) -> RunCounts:
    """The counts of several runs together."""
    listed = list(counts)
    return RunCounts(
        tasks=sum((one.tasks for one in listed), Counts()),
        jobs=sum((one.jobs for one in listed), Counts()),
        subworkflows=sum((one.subworkflows for one in listed), Counts()),
        workflow_retries=sum(one.workflow_retries for one in listed),
    )


# a label, so that PostgreSQL sees the same expression in GROUP BY
_IS_SUBWORKFLOW = JOBS.c.kind.in_(SUBWORKFLOW_KINDS).label("is_subworkflow")


def _job_counts(connection: Connection, chosen: FromClause) -> dict[tuple[int, bool], Counts]:
    """Jobs by run and by whether they are sub-workflows."""
    rows = connection.execute(
        select(JOBS.c.run_key, _IS_SUBWORKFLOW, *_outcomes(ATTEMPTS.c.verdict), func.count())
        .select_from(JOBS)
        .join(chosen, JOBS.c.run_key == chosen.c.run_key)
        .outerjoin(ATTEMPTS, last_attempt_of_job())
        .group_by(JOBS.c.run_key, _IS_SUBWORKFLOW)
    )
    retries = _job_retries(connection, chosen)
    return {
        (run, bool(is_sub)): Counts(whole(good), whole(bad), total, retries.get((run, bool(is_sub)), 0))
        for run, is_sub, good, bad, total in rows
    }


def _outcomes(verdict: ColumnElement[int]) -> tuple[ColumnElement[int], ColumnElement[int]]:
    return func.sum(case((verdict == 0, 1), else_=0)), func.sum(case((verdict != 0, 1), else_=0))


def _job_retries(connection: Connection, chosen: FromClause) -> dict[tuple[int, bool], int]:
    """Attempts beyond each job's first."""
    rows = connection.execute(
        select(ATTEMPTS.c.run_key, _IS_SUBWORKFLOW, func.count() - func.count(distinct(ATTEMPTS.c.job)))
        .select_from(ATTEMPTS)
        .join(chosen, ATTEMPTS.c.run_key == chosen.c.run_key)
        .join(JOBS, job_of(ATTEMPTS))
        .group_by(ATTEMPTS.c.run_key, _IS_SUBWORKFLOW)
    )
    return {(run, bool(is_sub)): whole(retries) for run, is_sub, retries in rows}


def _task_counts(connection: Connection, chosen: FromClause, pmc: bool) -> dict[int, Counts]:
    """Tasks by the processes in the last attempts of their jobs; sub-workflows are not among them."""
    carried_out = exists().where(JOB_TASKS.c.run_key == TASKS.c.run_key, JOB_TASKS.c.task == TASKS.c.task)
    totals = connection.execute(
        select(TASKS.c.run_key, func.count())
        .join(chosen, TASKS.c.run_key == chosen.c.run_key)
        .where(TASKS.c.kind == "job", carried_out)
        .group_by(TASKS.c.run_key)
    )
    found = {run: Counts(total=total) for run, total in totals}
    for run, tries in _task_tries(connection, chosen, pmc).items():
        found[run] = found.get(run, Counts()) + tries
    return found


def _task_tries(connection: Connection, chosen: FromClause, pmc: bool) -> Mapping[int, Counts]:
    """How the tasks of each run ended, and how many processes of theirs were not their first."""
    last = INVOCATIONS.c.attempt == JOBS.c.last_attempt
    succeeded = case((and_(INVOCATIONS.c.exit_raw == 0, true() if pmc else last), INVOCATIONS.c.task))
    failed = case((and_(INVOCATIONS.c.exit_raw != 0, last), INVOCATIONS.c.task))
    rows = connection.execute(
        select(
            INVOCATIONS.c.run_key,
            func.count(distinct(succeeded)),
            func.count(distinct(failed)),
            func.count() - func.count(distinct(INVOCATIONS.c.task)),
        )
        .select_from(INVOCATIONS)
        .join(chosen, INVOCATIONS.c.run_key == chosen.c.run_key)
        .join(JOBS, job_of(INVOCATIONS))
        .where(INVOCATIONS.c.task.is_not(None), JOBS.c.kind.not_in(SUBWORKFLOW_KINDS))
        .group_by(INVOCATIONS.c.run_key)
    )
    return {run: Counts(good, bad, retries=whole(retries)) for run, good, bad, retries in rows}


def _workflow_retries(connection: Connection, chosen: FromClause) -> dict[int, int]:
    rows = connection.execute(
        select(RUN_STATES.c.run_key, func.max(RUN_STATES.c.restart))
        .join(chosen, RUN_STATES.c.run_key == chosen.c.run_key)
        .group_by(RUN_STATES.c.run_key)
    )
    return {run: whole(restarts) for run, restarts in rows}
