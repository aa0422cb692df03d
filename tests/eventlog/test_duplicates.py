"""Logs that know their ids: an event is there once, however often it is appended."""

import subprocess
from collections.abc import Callable

import pytest

from eventlog.event import Event
from eventlog.log import Appended, EventLog

Submitted = Callable[..., list[Event]]


@pytest.fixture
def rejecting_log(rejecting: object, opened: Callable[[object], EventLog]) -> EventLog:
    return opened(rejecting)


def test_a_duplicate_event_is_acknowledged_and_not_appended_again(
    rejecting_log: EventLog, submitted: Submitted, events_in: Callable[[EventLog], list[Event]]
) -> None:
    events = submitted(range(10))
    rejecting_log.append(events)
    again = rejecting_log.append(events)
    assert again == Appended(rejecting_log.head(), duplicates=10)
    assert events_in(rejecting_log) == events


def test_a_duplicate_within_one_append_is_counted(
    rejecting_log: EventLog, submitted: Submitted, events_in: Callable[[EventLog], list[Event]]
) -> None:
    events = submitted([1, 2, 1, 3, 2])
    assert rejecting_log.append(events) == Appended(rejecting_log.head(), duplicates=2)
    assert events_in(rejecting_log) == submitted([1, 2, 3])


def test_an_append_that_was_cut_short_is_completed_by_appending_it_again(
    rejecting_log: EventLog, submitted: Submitted, events_in: Callable[[EventLog], list[Event]]
) -> None:
    events = submitted(range(700))
    rejecting_log.append(events[:500])
    assert rejecting_log.append(events) == Appended(rejecting_log.head(), duplicates=500)
    assert events_in(rejecting_log) == events


def test_of_two_bodies_with_one_id_the_first_stays_and_the_conflict_is_counted(
    rejecting_log: EventLog, submitted: Submitted, events_in: Callable[[EventLog], list[Event]]
) -> None:
    here, there = submitted(range(3), site="here"), submitted(range(4), site="there")
    rejecting_log.append(here)
    appended = rejecting_log.append(there)
    assert appended == Appended(rejecting_log.head(), duplicates=3, conflicts=3)
    assert events_in(rejecting_log) == [*here, there[3]]


def test_a_conflict_within_one_append_is_counted(
    rejecting_log: EventLog, submitted: Submitted, events_in: Callable[[EventLog], list[Event]]
) -> None:
    here, there = submitted([1], site="here"), submitted([1], site="there")
    appended = rejecting_log.append([*here, *there, *here])
    assert appended == Appended(rejecting_log.head(), duplicates=2, conflicts=1)
    assert events_in(rejecting_log) == here


def test_duplicates_of_other_processes_are_rejected_too(
    durable_rejecting: object,
    opened: Callable[[object], EventLog],
    appending: Callable[..., subprocess.Popen[str]],
    jobs_of: Callable[..., list[int]],
    root: str,
) -> None:
    log = opened(durable_rejecting)
    writers = [appending(durable_rejecting, root, 0, 120, batch=7) for _ in range(3)]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0]
    assert jobs_of(log.read(log.earliest(), 1000).records) == list(range(120))
