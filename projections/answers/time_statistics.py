"""The time tables: how many attempts and processes began in each hour, day, week or month, and on which host.

Rows are gathered by the hours of UTC; an hour belongs to the day (week, month) in which it begins where the
reader is. Times are microseconds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import ColumnElement, Connection, FromClause, Table, func, select, union_all

from eventlog.errors import InputError
from projections.answers.counts import SUBWORKFLOW_KINDS
from projections.answers.durations import DAGMAN
from projections.answers.runs import RunRef
from projections.answers.selection import attempt_of, chosen_runs, job_of, whole
from projections.runs.attempts import ATTEMPT_STATES, ATTEMPTS, SCRIPTS
from projections.runs.hosts import HOSTS
from projections.runs.invocations import INVOCATIONS
from projections.runs.plan import JOBS

HOUR = 3_600_000_000
"""Microseconds of an hour."""


class Span(StrEnum):
    """How long a line of the time tables is."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class TimeLine:
    """What began from ``start`` (microseconds since the epoch) on, for one hour, day, week or month.

    ``host`` is None in the tables that do not tell hosts apart; ``runtime`` is not weighed.
    """

    start: int
    host: str | None
    count: int
    runtime: int


@dataclass(frozen=True, slots=True)
class TimeTables:
    """Attempts by when they began to execute, processes and scripts by when they started, by time.

    Those of unknown host are in ``attempts`` and ``processes`` alone. An attempt that was evicted and began
    again counts each time; sub-workflows are not among the attempts, nor their engines among the processes.
    """

    attempts: Sequence[TimeLine]
    processes: Sequence[TimeLine]
    attempts_by_host: Sequence[TimeLine]
    processes_by_host: Sequence[TimeLine]


def zone_named(name: str) -> ZoneInfo:
    """The zone of an IANA name such as ``America/Los_Angeles``; raises InputError for any other."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InputError(f"no time zone {name!r}: give a name such as America/Los_Angeles or UTC") from None


def time_tables_of(connection: Connection, runs: Sequence[RunRef], span: Span, zone: tzinfo) -> TimeTables:
    """The time tables over these runs together, in a time zone."""
    chosen = chosen_runs(connection, runs)
    attempts, processes = _attempt_hours(connection, chosen), _process_hours(connection, chosen)
    return TimeTables(
        attempts=_gathered((replace(line, host=None) for line in attempts), span, zone),
        processes=_gathered((replace(line, host=None) for line in processes), span, zone),
        attempts_by_host=_gathered((line for line in attempts if line.host is not None), span, zone),
        processes_by_host=_gathered((line for line in processes if line.host is not None), span, zone),
    )


def _gathered(hours: Iterable[TimeLine], span: Span, zone: tzinfo) -> list[TimeLine]:
    """Hours of one span and host as one line, in the order of their first hours."""
    lines: dict[tuple[int, str | None], TimeLine] = {}
    for hour in hours:
        key = (_begin(hour.start, span, zone), hour.host)
        known = lines.get(key, TimeLine(*key, 0, 0))
        lines[key] = replace(known, count=known.count + hour.count, runtime=known.runtime + hour.runtime)
    return list(lines.values())


def _begin(hour: int, span: Span, zone: tzinfo) -> int:
    """When the span began to which an hour belongs."""
    if span is Span.HOUR:
        return hour
    local = datetime.fromtimestamp(hour // 1_000_000, UTC).astimezone(zone)
    day = local.replace(hour=0, minute=0, second=0, fold=0)
    if span is Span.WEEK:
        day -= timedelta(days=day.weekday())
    elif span is Span.MONTH:
        day = day.replace(day=1)
    return int(day.timestamp()) * 1_000_000


def _attempt_hours(connection: Connection, chosen: FromClause) -> list[TimeLine]:
    began = (
        select(ATTEMPT_STATES.c.time, HOSTS.c.hostname, ATTEMPTS.c.local_duration.label("duration"))
        .select_from(ATTEMPT_STATES)
        .join(chosen, ATTEMPT_STATES.c.run_key == chosen.c.run_key)
        .join(ATTEMPTS, attempt_of(ATTEMPT_STATES))
        .join(JOBS, job_of(ATTEMPTS))
        .outerjoin(HOSTS, HOSTS.c.host_key == ATTEMPTS.c.host_key)
        .where(
            ATTEMPT_STATES.c.state == "started",
            ATTEMPTS.c.local_duration.is_not(None),
            JOBS.c.kind.not_in(SUBWORKFLOW_KINDS),
        )
    )
    return _hours(connection, began)


def _process_hours(connection: Connection, chosen: FromClause) -> list[TimeLine]:
    def on_hosts(table: Table, time: ColumnElement[int], duration: ColumnElement[int]) -> Any:
        return (
            select(time.label("time"), HOSTS.c.hostname, duration.label("duration"))
            .select_from(table)
            .join(chosen, table.c.run_key == chosen.c.run_key)
            .outerjoin(ATTEMPTS, attempt_of(table))
            .outerjoin(HOSTS, HOSTS.c.host_key == ATTEMPTS.c.host_key)
        )

    processes = on_hosts(INVOCATIONS, INVOCATIONS.c.start, INVOCATIONS.c.duration).where(
        INVOCATIONS.c.transformation != DAGMAN
    )
    script = SCRIPTS.c
    scripts = on_hosts(
        SCRIPTS,
        func.coalesce(script.started, script.terminated, script.time),
        func.coalesce(script.terminated - script.started, 0),
    )
    return _hours(connection, union_all(processes, scripts))


def _hours(connection: Connection, began: Any) -> list[TimeLine]:
    listed = began.subquery("began")
    hour = (listed.c.time // HOUR).label("hour")
    rows = connection.execute(
        select(hour, listed.c.hostname, func.count(), func.sum(listed.c.duration))
        .group_by(hour, listed.c.hostname)
        .order_by(hour, listed.c.hostname)
    )
    return [TimeLine(first * HOUR, host, count, whole(runtime)) for first, host, count, runtime in rows]
