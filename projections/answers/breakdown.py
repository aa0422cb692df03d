"""The breakdown: processes by transformation and outcome, PRE and POST scripts among them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, FromClause, func, literal, select, union_all

from projections.answers.runs import RunRef
from projections.answers.selection import attempt_of, chosen_runs, weight, whole
from projections.runs.attempts import ATTEMPTS, SCRIPTS
from projections.runs.invocations import INVOCATIONS


@dataclass(frozen=True, slots=True)
class Breakdown:
    """One transformation's processes of one outcome; times in microseconds, memory in KiB.

    Times are weighed by the jobs' cores. Processor shares are fractions of one core; they and memory are None
    where no process was measured.
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


def breakdown_of(connection: Connection, runs: Sequence[RunRef]) -> Sequence[Breakdown]:
    """The breakdown over these runs together, by name, failed before successful."""
    processes = _processes(connection, runs)
    rows = connection.execute(_lines(processes))
    return [_breakdown(*row) for row in rows]


def breakdown_by_run(connection: Connection, runs: Sequence[RunRef]) -> dict[int, Sequence[Breakdown]]:
    """The breakdown of each of these runs, by their keys, in one query."""
    processes = _processes(connection, runs)
    query = _lines(processes).add_columns(processes.c.run_key).group_by(processes.c.run_key)
    found: dict[int, list[Breakdown]] = {run.key: [] for run in runs}
    for *line, run in connection.execute(query):
        found[run].append(_breakdown(*line))
    return {run: tuple(lines) for run, lines in found.items()}


def _lines(processes: FromClause) -> Any:
    columns = processes.c
    # a label, so that PostgreSQL sees the same expression in GROUP BY
    ok = (columns.exit_raw == 0).label("ok")
    return (
        select(
            *(columns.transformation, ok, func.count().label("processes")),
            *(func.min(columns.duration), func.max(columns.duration), func.sum(columns.duration)),
            *(func.min(columns.maxrss), func.max(columns.maxrss), func.avg(columns.maxrss)),
            *(func.min(columns.cpu), func.max(columns.cpu), func.avg(columns.cpu)),
        )
        .group_by(columns.transformation, ok)
        .order_by(columns.transformation, ok)
    )


def _processes(connection: Connection, runs: Sequence[RunRef]) -> FromClause:
    chosen = chosen_runs(connection, runs)
    return union_all(_weighed_processes(chosen), _weighed_scripts(chosen)).subquery("processes")


def _weighed_processes(chosen: FromClause) -> Any:
    # processor time told alone gives no share: Pegasus has none then either
    share = (INVOCATIONS.c.utime + INVOCATIONS.c.stime) * 1.0 / func.nullif(INVOCATIONS.c.duration, 0)
    return (
        select(
            INVOCATIONS.c.run_key,
            INVOCATIONS.c.transformation,
            INVOCATIONS.c.exit_raw,
            (INVOCATIONS.c.duration * weight()).label("duration"),
            INVOCATIONS.c.maxrss,
            func.coalesce(INVOCATIONS.c.average_cpu, share).label("cpu"),
        )
        .select_from(INVOCATIONS)
        .join(chosen, INVOCATIONS.c.run_key == chosen.c.run_key)
        .outerjoin(ATTEMPTS, attempt_of(INVOCATIONS))
    )


def _weighed_scripts(chosen: FromClause) -> Any:
    """Scripts as the reference lists them: dagman::pre and dagman::post."""
    duration = func.coalesce(SCRIPTS.c.terminated - SCRIPTS.c.started, 0)
    return (
        select(
            SCRIPTS.c.run_key,
            (literal("dagman::") + SCRIPTS.c.script).label("transformation"),
            SCRIPTS.c.exit_raw,
            (duration * weight()).label("duration"),
            literal(None, SCRIPTS.c.exit_raw.type).label("maxrss"),
            literal(None, INVOCATIONS.c.average_cpu.type).label("cpu"),
        )
        .select_from(SCRIPTS)
        .join(chosen, SCRIPTS.c.run_key == chosen.c.run_key)
        .outerjoin(ATTEMPTS, attempt_of(SCRIPTS))
    )


def _breakdown(transformation: str, ok: object, count: int, *measured: Any) -> Breakdown:
    low, high, total, maxrss_low, maxrss_high, maxrss_mean, cpu_low, cpu_high, cpu_mean = measured
    return Breakdown(
        transformation=transformation,
        successful=bool(ok),
        count=count,
        minimum=whole(low),
        maximum=whole(high),
        total=whole(total),
        maxrss_minimum=maxrss_low,
        maxrss_maximum=maxrss_high,
        maxrss_mean=None if maxrss_mean is None else float(maxrss_mean),
        cpu_minimum=cpu_low,
        cpu_maximum=cpu_high,
        cpu_mean=None if cpu_mean is None else float(cpu_mean),
    )
