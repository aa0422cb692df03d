"""Lines of DAGMan's log, of many versions of HTCondor, and its local times."""

from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from eventlog.errors import InputError
from monitor.pegasus.submit_directory.dagman_log import DagmanLogParser, parse_lines
from monitor.pegasus.submit_directory.local_time import LocalClock, zone_of
from monitor.pegasus.submit_directory.occurrences import (
    DagmanAnnounced,
    DagmanFinished,
    DagmanStarted,
    JobHeldBecause,
    JobOccurrence,
    SubmissionFailed,
)

SECOND = 1_000_000


def parser(zone: str = "UTC", year: int = 2023) -> DagmanLogParser:
    return DagmanLogParser(LocalClock(ZoneInfo(zone)), year)


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "03/03/23 22:23:49 Event: ULOG_EXECUTE for HTCondor Node a (2.0.0) {03/03/23 22:23:48}",
            JobOccurrence(at("2023-03-03T22:23:48"), 1, "a", "EXECUTE", "2.0"),
        ),
        (
            "03/03/12 22:23:49 Event: ULOG_EXECUTE for Condor Job a (2.0.0)",
            JobOccurrence(at("2012-03-03T22:23:49"), 1, "a", "EXECUTE", "2.0"),
        ),
        (
            "3/3 22:23:49 Event: ULOG_SUBMIT for Condor Node a (2.0)",
            JobOccurrence(at("2023-03-03T22:23:49"), 1, "a", "SUBMIT", "2.0"),
        ),
        (
            "03/03/23 22:23:49 (D_ALWAYS) Node a job proc (9.0.0) failed with status 2.",
            JobOccurrence(at("2023-03-03T22:23:49"), 1, "a", "JOB_FAILURE", "9.0.0", 2),
        ),
        (
            "03/03/23 22:23:49 POST Script of node a failed with status 1",
            JobOccurrence(at("2023-03-03T22:23:49"), 1, "a", "POST_SCRIPT_FAILURE", None, 1),
        ),
        (
            "03/03/23 22:23:49 PRE Script of Job a died on signal 9",
            JobOccurrence(at("2023-03-03T22:23:49"), 1, "a", "PRE_SCRIPT_FAILURE", None, -9),
        ),
        (
            "03/03/23 22:23:49 Running PRE script of Node a...",
            JobOccurrence(at("2023-03-03T22:23:49"), 1, "a", "PRE_SCRIPT_STARTED"),
        ),
        (
            "03/03/23 22:23:49   Hold reason: disk full",
            JobHeldBecause(at("2023-03-03T22:23:49"), 1, " disk full"),
        ),
        (
            "03/03/23 22:23:49 ERROR: submit attempt failed",
            SubmissionFailed(at("2023-03-03T22:23:49"), 1),
        ),
        (
            "2023-03-03T22:23:49+01:00 Submitting HTCondor Node a job(s)...",
            JobOccurrence(at("2023-03-03T21:23:49"), 1, "a", "DAGMAN_SUBMIT"),
        ),
        (
            "11/22/26 07:20:41 ** condor_scheduniv_exec.7.0 (CONDOR_DAGMAN) STARTING UP",
            DagmanAnnounced(at("2026-11-22T07:20:41"), 1, "7.0"),
        ),
        (
            "11/22/26 07:20:41 ** condor_dagman (CONDOR_DAGMAN) STARTING UP",
            DagmanAnnounced(at("2026-11-22T07:20:41"), 1, None),
        ),
        (
            "11/22/26 07:20:41 **** condor_dagman (condor_DAGMAN) pid 9 EXITING WITH STATUS 1",
            DagmanFinished(at("2026-11-22T07:20:41"), 1, 1),
        ),
        (
            "1677882229 (D_ALWAYS) Running POST script of Node a...",
            JobOccurrence(at("2023-03-03T22:23:49"), 1, "a", "POST_SCRIPT_STARTED"),
        ),
        (
            "(1677882229) Submitting Condor Node a job(s)...",
            JobOccurrence(at("2023-03-03T22:23:49"), 1, "a", "DAGMAN_SUBMIT"),
        ),
        (
            "1677882229 Event: ULOG_EXECUTE for HTCondor Node a (2.0.0) {03/03/23 22:23:48}",
            JobOccurrence(at("2023-03-03T22:23:48"), 1, "a", "EXECUTE", "2.0"),
        ),
        ("03/03/23 22:23:49 Number of idle job procs: 1", None),
        ("03/03/23 22:23:49     1       0        0       1       0          3        0        0", None),
        ("99/99/23 22:23:49 Running PRE script of Node a...", None),
        ("no stamp: Running PRE script of Node a...", None),
    ],
)
def test_a_line_tells_what_happened(line: str, expected: object) -> None:
    assert next(parse_lines(parser(), iter([line])), None) == expected


def test_what_is_repeated_in_recovery_is_not_told_again() -> None:
    event = "03/03/23 22:23:49 Event: ULOG_EXECUTE for HTCondor Node a (2.0.0) {03/03/23 22:23:48}"
    lines = [
        "03/03/23 22:23:49 Running in RECOVERY mode... >>>>>>",
        f"{event} [recovery mode]",
        "03/03/23 22:23:49 ...done with RECOVERY mode <<<<<<",
        event,
    ]
    assert [o.line for o in parse_lines(parser(), iter(lines))] == [4]


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("path", "starts", "ends", "retried"),
    [
        ("v23.9.6/diamond/diamond.dag.dagman.out", 1, [0], 2),
        ("v23.9.6/failing/failing.dag.dagman.out", 2, [1, 0], 3),
        ("v25.14.1/diamond/diamond.dag.dagman.out", 1, [0], 2),
        ("v25.14.1/failing/failing.dag.dagman.out", 1, [1], 2),
    ],
)
def test_logs_of_real_pools_tell_starts_ends_and_retries(
    realdata: Path, path: str, starts: int, ends: list[int], retried: int
) -> None:
    lines = (realdata / "condor" / path).read_text().splitlines()
    found = list(parse_lines(parser(), iter(lines)))
    submissions = Counter(o.job for o in found if isinstance(o, JobOccurrence) and o.state == "SUBMIT")
    assert sum(isinstance(o, DagmanStarted) for o in found) == starts
    assert [o.status for o in found if isinstance(o, DagmanFinished)] == ends
    assert submissions["B"] == retried


def test_an_hour_that_summer_time_repeats_is_read_forward() -> None:
    clock = LocalClock(ZoneInfo("Europe/Berlin"))
    before = clock.microseconds(2026, 10, 25, 1, 59, 59)
    first = clock.microseconds(2026, 10, 25, 2, 30, 0)
    late = clock.microseconds(2026, 10, 25, 2, 59, 0)
    second = clock.microseconds(2026, 10, 25, 2, 10, 0)
    after = clock.microseconds(2026, 10, 25, 3, 0, 0)
    assert first - before == 1801 * SECOND
    assert late - first == 29 * 60 * SECOND
    assert after - before == 7201 * SECOND
    # ten past two again, after one minute to three: nearer backwards than an hour ahead
    assert abs(second - late) <= 49 * 60 * SECOND


def test_a_run_that_spans_the_change_to_summer_time_keeps_its_durations() -> None:
    clock = LocalClock(ZoneInfo("Europe/Berlin"))
    start = clock.microseconds(2026, 3, 29, 1, 59, 0)
    assert clock.microseconds(2026, 3, 29, 3, 1, 0) - start == 120 * SECOND


def test_the_zone_is_what_was_asked_for_or_the_offset_of_the_plan() -> None:
    planned = datetime(2023, 3, 3, tzinfo=timezone(timedelta(hours=13, minutes=45)))
    assert zone_of(planned, "Europe/Berlin") == ZoneInfo("Europe/Berlin")
    assert zone_of(planned, None) == planned.tzinfo
    assert zone_of(planned.astimezone(), None) is None
    with pytest.raises(InputError, match="no time zone"):
        zone_of(planned, "Mars/Olympus")


def times(parser: DagmanLogParser, *stamps: str) -> list[int]:
    lines = (f"{stamp} Running PRE script of Node a..." for stamp in stamps)
    return [occurrence.time for occurrence in parse_lines(parser, lines)]


def test_stamps_without_a_year_go_on_in_the_next_one() -> None:
    log = DagmanLogParser(LocalClock(ZoneInfo("UTC")), 2023, 12)
    assert times(log, "12/31 23:59:59", "1/1 00:00:01", "12/31 23:59:59", "1/2 00:00:00") == [
        at("2023-12-31T23:59:59"),
        at("2024-01-01T00:00:01"),
        at("2023-12-31T23:59:59"),
        at("2024-01-02T00:00:00"),
    ]


def test_a_stamp_without_a_year_is_of_the_year_of_those_around_it() -> None:
    assert times(parser(year=2020), "03/03/23 22:23:49", "3/3 22:23:50") == [
        at("2023-03-03T22:23:49"),
        at("2023-03-03T22:23:50"),
    ]


def test_a_run_that_was_planned_in_the_repeated_hour_begins_after_it_was_planned() -> None:
    planned = at("2023-11-05T09:30:00")
    clock = LocalClock(ZoneInfo("America/Los_Angeles"), planned)
    assert clock.microseconds(2023, 11, 5, 1, 40, 0) == at("2023-11-05T09:40:00")
    assert clock.microseconds(2023, 11, 5, 2, 10, 0) == at("2023-11-05T10:10:00")
