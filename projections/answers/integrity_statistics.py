"""The integrity table: checksums by kind and role, and the jobs that failed on one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, exists, func, select

from projections.answers.runs import RunRef
from projections.answers.selection import chosen_runs, last_attempt_of_job, whole
from projections.runs.attempts import ATTEMPTS
from projections.runs.integrity import INTEGRITY
from projections.runs.plan import JOBS


@dataclass(frozen=True, slots=True)
class IntegritySum:
    """Checksums of one kind (check or compute) and role (input or output); microseconds."""

    kind: str
    role: str
    count: int
    failed: int
    duration: int


def integrity_sums_of(connection: Connection, runs: Sequence[RunRef]) -> Sequence[IntegritySum]:
    """Checksums by kind and role over these runs together."""
    return [_sum(*row) for row in connection.execute(_sums(connection, runs))]


def integrity_sums_by_run(
    connection: Connection, runs: Sequence[RunRef]
) -> dict[int, Sequence[IntegritySum]]:
    """Checksums by kind and role of each of these runs, by their keys, in one query."""
    query = _sums(connection, runs).add_columns(INTEGRITY.c.run_key).group_by(INTEGRITY.c.run_key)
    found: dict[int, list[IntegritySum]] = {run.key: [] for run in runs}
    for *line, run in connection.execute(query):
        found[run].append(_sum(*line))
    return {run: tuple(lines) for run, lines in found.items()}


def jobs_failed_on_integrity(connection: Connection, runs: Sequence[RunRef]) -> int:
    """How many jobs failed whose last attempt met a wrong checksum."""
    chosen = chosen_runs(connection, runs)
    met_a_wrong_one = exists().where(
        INTEGRITY.c.run_key == ATTEMPTS.c.run_key,
        INTEGRITY.c.job == ATTEMPTS.c.job,
        INTEGRITY.c.attempt == ATTEMPTS.c.attempt,
        INTEGRITY.c.failed > 0,
    )
    return connection.execute(
        select(func.count())
        .select_from(JOBS)
        .join(chosen, JOBS.c.run_key == chosen.c.run_key)
        .join(ATTEMPTS, last_attempt_of_job())
        .where(JOBS.c.state == "failed", met_a_wrong_one)
    ).scalar_one()


def _sums(connection: Connection, runs: Sequence[RunRef]) -> Select[*tuple[Any, ...]]:
    chosen = chosen_runs(connection, runs)
    counted = (INTEGRITY.c["count"], INTEGRITY.c.failed, INTEGRITY.c.duration)
    return (
        select(INTEGRITY.c.kind, INTEGRITY.c.role, *(func.sum(column) for column in counted))
        .join(chosen, INTEGRITY.c.run_key == chosen.c.run_key)
        .group_by(INTEGRITY.c.kind, INTEGRITY.c.role)
        .order_by(INTEGRITY.c.kind, INTEGRITY.c.role)
    )


def _sum(kind: str, role: str, count: object, failed: object, duration: object) -> IntegritySum:
    return IntegritySum(kind, role, whole(count), whole(failed), whole(duration))
