"""Attempts and processes by hour, day, week and month, here and there, reckoned by hand."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from eventlog.event import Event
from eventlog.facts import JobEvicted, JobPlanned, JobsPlanned, JobStarted, ScriptFinished
from projections.answers.runs import resolve_run
from projections.answers.time_statistics import Span, TimeTables, time_tables_of
from projections.store import ViewStore

SECOND = 1_000_000
PACIFIC = ZoneInfo("America/Los_Angeles")
Fold = Callable[[Sequence[Event]], ViewStore]
Stories = Callable[..., "object"]
# 06:30 and 08:30 UTC of a Monday: before and after midnight in Los Angeles
EVENING, NIGHT = (int(datetime(2023, 5, 1, hour, 30, tzinfo=UTC).timestamp()) for hour in (6, 8))


def tables(store: ViewStore, span: Span, zone: ZoneInfo = PACIFIC) -> TimeTables:
    with store.reading("runs") as connection:
        return time_tables_of(connection, [resolve_run(connection, "r")], span, zone)


def local(start: int, zone: ZoneInfo = PACIFIC) -> str:
    return datetime.fromtimestamp(start / SECOND, zone).isoformat(timespec="minutes")[:16]


@pytest.fixture
def told(story: Stories) -> "object":
    """Two jobs of 2 s begin before midnight in Los Angeles, one of 5 s after it."""
    told = story("r", start=EVENING).planned()
    told.attempt(10, "stage_in").attempt(20, "cut_ID1", task="ID1")
    return told.attempt(NIGHT - EVENING, "count_ID2", task="ID2", seconds=5, cores=8)


def test_hours_are_those_of_utc_and_days_begin_where_the_reader_is(folded: Fold, told: Stories) -> None:
    store = folded(told.events)
    by_hour, by_day = tables(store, Span.HOUR), tables(store, Span.DAY)
    assert [(local(line.start), line.count, line.runtime) for line in by_hour.attempts] == [
        ("2023-04-30T23:00", 2, 4 * SECOND),
        ("2023-05-01T01:00", 1, 5 * SECOND),
    ]
    assert [local(line.start) for line in by_day.attempts] == ["2023-04-30T00:00", "2023-05-01T00:00"]
    (whole_day,) = tables(store, Span.DAY, ZoneInfo("UTC")).attempts
    assert (whole_day.count, whole_day.runtime) == (3, 9 * SECOND)


def test_weeks_begin_on_monday_and_months_on_their_first(folded: Fold, told: Stories) -> None:
    store = folded(told.events)
    for span, first in ((Span.WEEK, "2023-04-24T00:00"), (Span.MONTH, "2023-04-01T00:00")):
        assert [(local(line.start), line.count) for line in tables(store, span).processes] == [
            (first, 2),
            ("2023-05-01T00:00", 1),
        ]


def test_a_script_counts_among_the_processes_on_its_jobs_host(folded: Fold, told: Stories) -> None:
    begin = (EVENING + 30) * SECOND
    script = ScriptFinished(
        run="r",
        job="stage_in",
        attempt=1,
        script="post",
        exit_raw=0,
        started=begin,
        terminated=begin + SECOND,
    )
    first = tables(folded(told.say(31, script).events), Span.HOUR).processes_by_host[0]
    assert (first.host, first.count, first.runtime) == ("node1", 3, 5 * SECOND)


def test_hosts_are_told_apart_and_who_has_none_is_in_the_common_table_alone(
    folded: Fold, told: Stories
) -> None:
    script = ScriptFinished(run="r", job="cut_ID1", attempt=2, script="pre", exit_raw=256)
    found = tables(folded(told.say(40, script).events), Span.MONTH)
    assert [(line.host, line.count) for line in found.processes_by_host] == [("node1", 2), ("node1", 1)]
    assert [line.count for line in found.processes] == [3, 1]


def test_an_attempt_that_began_twice_counts_twice_and_a_sub_workflow_not_at_all(
    folded: Fold, told: Stories
) -> None:
    names = {"run": "r", "job": "stage_in", "attempt": 1}
    told.say(12, JobEvicted(**names)).say(13, JobStarted(**names, ordinal=1))
    told.say(1, JobsPlanned(run="r", chunk=1, jobs=(JobPlanned(job="sub", kind="dax", site="local"),)))
    told.attempt(30, "sub", seconds=50)
    first = tables(folded(told.events), Span.HOUR).attempts[0]
    assert (first.count, first.runtime) == (3, 6 * SECOND)


def test_an_attempt_that_has_not_ended_is_in_no_hour(folded: Fold, story: Stories) -> None:
    told = story("r", start=EVENING).planned().say(3, JobStarted(run="r", job="stage_in", attempt=1))
    found = tables(folded(told.events), Span.HOUR)
    assert (found.attempts, found.processes) == ([], [])


def test_the_day_that_has_an_hour_twice_is_one_day(folded: Fold, story: Stories) -> None:
    fall_back = int(datetime(2023, 11, 5, 8, 10, tzinfo=UTC).timestamp())
    told = story("r", start=fall_back).planned().attempt(0, "stage_in").attempt(3600, "count_ID2")
    store = folded(told.events)
    assert [line.count for line in tables(store, Span.DAY).attempts] == [2]
    assert [local(line.start) for line in tables(store, Span.HOUR).attempts] == ["2023-11-05T01:00"] * 2
