"""Moments of a log as people write them: by position, by time, in any zone, and wrong."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from eventlog.errors import InputError
from eventlog.log import Position
from hoofprint.app.moment import parse_moment

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HEAD = Position({0: 20, 1: 7})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("yesterday", "give a position (partition:offset,…) or a time (2026-11-22T18:00:00+01:00)"),
        ("", "give a position"),
        ("0:1,0:2", "give a position"),
        ("0:21", "the log ends before that, at 0:20,1:7"),
        ("0:5,2:1", "the log ends before that, at 0:20,1:7"),
        ("2026-11-22T12:00:01Z", "is still to come; it is 2026-11-22 "),
        ("2026-11-22", "add a time of that day, such as 2026-11-22T18:00"),
        ("0001-01-01T00:00", "no log is of that time"),
        ("2026-10-25T02:30", "add the zone: 2026-10-25T02:30:00+02:00 or 2026-10-25T02:30:00+01:00"),
    ],
)
def test_a_moment_that_is_none_is_refused_with_what_would_be_right(
    berlin: None, text: str, said: str
) -> None:
    with pytest.raises(InputError, match=re.escape(said)) as refused:
        parse_moment(text, head=HEAD, now=NOON)
    assert "--as-of" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This machine, somewhere with daylight saving time."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_a_time_is_taken_as_an_instant_whatever_zone_it_is_written_in(berlin: None) -> None:
    spellings = ("2026-11-22T11:59:00Z", "2026-11-22 12:59+01:00", "2026-11-22T12:59", "20261122T065900-0500")
    moments = [parse_moment(text, head=HEAD, now=NOON)[0] for text in spellings]
    assert {moment.recorded for moment in moments} == {(1795348800 - 60) * 1_000_000}
    told = parse_moment("2026-11-22T12:59", head=HEAD, now=NOON)[1]
    assert told == "2026-11-22 12:59:00+01:00 (in this machine's time zone)"


def test_a_position_has_nothing_of_partitions_that_it_leaves_out() -> None:
    moment, _ = parse_moment("1:7", head=HEAD, now=NOON)
    assert moment.position == Position({0: 0, 1: 7})
    assert moment.recorded is None
