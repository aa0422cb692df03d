"""What every statistics query needs: the runs it is about as rows, and sums as Python's integers."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, FromClause, Table, and_, func

from projections.answers.runs import RunRef
from projections.bulk import key_rows
from projections.runs.attempts import ATTEMPTS
from projections.runs.plan import JOBS


def chosen_runs(connection: Connection, runs: Sequence[RunRef]) -> FromClause:
    """The keys of these runs as rows to join with, in the column ``run_key``."""
    return key_rows(connection, {"run_key": int}, [(run.key,) for run in runs], "chosen")


def attempt_of(table: Table) -> ColumnElement[bool]:
    """What joins a process, script or state with its attempt."""
    return and_(
        ATTEMPTS.c.run_key == table.c.run_key,
        ATTEMPTS.c.job == table.c.job,
        ATTEMPTS.c.attempt == table.c.attempt,
    )


def job_of(table: Table) -> ColumnElement[bool]:
    """What joins an attempt, or what happened in one, with its job."""
    return and_(JOBS.c.run_key == table.c.run_key, JOBS.c.job == table.c.job)


def last_attempt_of_job() -> ColumnElement[bool]:
    """What joins a job with its last attempt."""
    return and_(
        ATTEMPTS.c.run_key == JOBS.c.run_key,
        ATTEMPTS.c.job == JOBS.c.job,
        ATTEMPTS.c.attempt == JOBS.c.last_attempt,
    )


def weight() -> ColumnElement[int]:
    """What a second of an attempt counts: its cores; 1 while they are not known."""
    return func.coalesce(ATTEMPTS.c.multiplier, 1)


def whole(value: object) -> int:
    """A sum as a Python integer: PostgreSQL gives NUMERIC, and nothing at all of no rows."""
    return int(value) if value is not None else 0  # type: ignore[call-overload]


def whole_or_none(value: object) -> int | None:
    """A sum as a Python integer; None over no rows."""
    return None if value is None else whole(value)
