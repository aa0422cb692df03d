"""What every log promises, whatever keeps it."""

from collections.abc import Callable
from threading import Thread, Timer

import pytest

from eventlog.codec import MAX_BODY_SIZE
from eventlog.errors import LogError, SchemaError
from eventlog.event import Event
from eventlog.facts import Fact, FileDeclared, FilesDeclared, JobSubmitted, PlanFailed
from eventlog.log import BEYOND, Appended, EventLog, Position, read_all
from eventlog.news import wait_for_news

Submitted = Callable[..., list[Event]]
EventsIn = Callable[[EventLog], list[Event]]


def test_an_empty_log_has_nothing_before_its_head(log: EventLog) -> None:
    assert log.earliest().reaches(log.head())
    assert log.head().reaches(log.earliest())
    assert list(log.read(log.earliest(), 10).records) == []


def test_what_was_appended_is_read_back_whole_and_in_order(
    log: EventLog, submitted: Submitted, events_in: EventsIn
) -> None:
    events = submitted(range(25))
    log.append(events[:10])
    log.append(events[10:])
    assert events_in(log) == events


def test_more_events_than_a_transaction_takes_keep_their_order(
    log: EventLog, submitted: Submitted, events_in: EventsIn
) -> None:
    events = submitted(range(1201))
    assert log.append(events) == Appended(log.head())
    assert events_in(log) == events


def test_appending_nothing_changes_nothing(log: EventLog, submitted: Submitted) -> None:
    log.append(submitted(range(3)))
    before = log.head()
    assert log.append([]) == Appended(before)
    assert log.head() == before


def test_the_position_of_an_append_has_its_events_behind_it(log: EventLog, submitted: Submitted) -> None:
    first = log.append(submitted(range(3)))
    second = log.append(submitted(range(3, 5)))
    assert isinstance(first, Appended)
    assert isinstance(second, Appended)
    assert second.position.reaches(first.position)
    assert not first.position.reaches(second.position)
    assert second.position == log.head()


def test_reading_goes_on_from_any_position(
    log: EventLog, submitted: Submitted, jobs_of: Callable[..., list[int]]
) -> None:
    log.append(submitted(range(10)))
    position, seen = log.earliest(), []
    while not position.reaches(log.head()):
        batch = log.read(position, 3)
        seen.append(jobs_of(batch.records))
        position = batch.position
    assert seen == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9]]


def test_each_record_can_be_read_again_from_its_own_offset(log: EventLog, submitted: Submitted) -> None:
    log.append(submitted(range(5)))
    for record in log.read(log.earliest(), 10).records:
        assert log.read(Position({record.partition: record.offset}), 1).records[0] == record


def test_a_position_that_is_read_to_the_end_is_the_head(log: EventLog, submitted: Submitted) -> None:
    log.append(submitted(range(4)))
    batch = log.read(log.earliest(), 100)
    assert batch.position == log.head()
    assert log.read(batch.position, 100).records == []
    assert log.read(batch.position, 100).position == log.head()


def test_reading_no_records_stays_where_it_is(log: EventLog, submitted: Submitted) -> None:
    log.append(submitted(range(4)))
    assert log.read(log.earliest(), 0).position == log.earliest()


def test_the_start_of_a_log_needs_no_partition_named(log: EventLog, submitted: Submitted) -> None:
    log.append(submitted(range(4)))
    assert len(log.read(Position(), 100).records) == 4


def test_reading_by_key_gives_one_workflow_tree_in_order(
    log: EventLog, submitted: Submitted, jobs_of: Callable[..., list[int]], root: str
) -> None:
    for job in range(6):
        log.append([*submitted([job]), *submitted([job], run="another")])
    first = log.read(log.earliest(), 4, key=root)
    rest = log.read(first.position, 4, key=root)
    assert jobs_of(first.records) + jobs_of(rest.records) == [0, 1, 2, 3, 4, 5]
    assert {record.key for record in (*first.records, *rest.records)} == {root}
    assert rest.position == log.head()


def test_reading_a_key_that_nobody_wrote_gives_nothing_and_reaches_the_head(
    log: EventLog, submitted: Submitted
) -> None:
    log.append(submitted(range(3)))
    batch = log.read(log.earliest(), 10, key="unknown")
    assert batch.records == []
    assert batch.position == log.head()
    assert list(read_all(log, key="unknown")) == []


def test_read_all_goes_through_every_batch(
    log: EventLog, submitted: Submitted, jobs_of: Callable[..., list[int]]
) -> None:
    log.append(submitted(range(10)))
    assert jobs_of(list(read_all(log, batch_size=3))) == list(range(10))


def test_recorded_never_goes_back(log: EventLog, submitted: Submitted) -> None:
    for start in range(0, 60, 20):
        log.append(submitted(range(start, start + 20)))
    recorded = [record.recorded for record in read_all(log)]
    assert recorded == sorted(recorded)


def test_an_event_that_is_too_big_leaves_nothing_of_its_append(
    log: EventLog, submitted: Submitted, observed: Callable[[Fact], Event], root: str
) -> None:
    too_big = observed(PlanFailed(run=root, reason="x" * MAX_BODY_SIZE))
    with pytest.raises(LogError, match=r"PlanFailed of 900,\d{3} bytes is too big"):
        log.append([*submitted(range(600)), too_big])
    assert list(read_all(log)) == []


def test_an_event_just_below_the_limit_is_kept(
    log: EventLog, observed: Callable[[Fact], Event], events_in: EventsIn, root: str
) -> None:
    event = observed(PlanFailed(run=root, reason="x" * (MAX_BODY_SIZE - 100)))
    log.append([event])
    assert events_in(log) == [event]


def test_planning_chunks_of_many_megabytes_arrive_whole(
    log: EventLog, observed: Callable[[Fact], Event], events_in: EventsIn, root: str
) -> None:
    files = tuple(FileDeclared(lfn=f"{number:0200}", role="output") for number in range(900))
    events = [observed(FilesDeclared(run=root, chunk=chunk, files=files)) for chunk in range(30)]
    log.append(events)
    assert events_in(log) == events


def test_a_fact_that_does_not_fit_its_schema_is_refused_with_the_field_named(
    log: EventLog, observed: Callable[[Fact], Event], root: str
) -> None:
    wrong = JobSubmitted(run=root, job="job-1", attempt="first")  # type: ignore[arg-type]
    with pytest.raises(SchemaError, match=r"JobSubmitted\.attempt is <first> of type"):
        log.append([observed(wrong)])
    assert list(read_all(log)) == []


def test_every_schema_that_wrote_a_body_is_in_the_log(log: EventLog, submitted: Submitted) -> None:
    log.append(submitted([1]))
    (record,) = read_all(log)
    fingerprint = int.from_bytes(record.body[2:10], "little")
    schema = log.writer_schema(fingerprint)
    assert schema is not None
    assert '"JobSubmitted"' in schema
    assert log.writer_schema(fingerprint ^ 1) is None


def test_threads_may_append_and_read_at_once(
    log: EventLog, submitted: Submitted, jobs_of: Callable[..., list[int]]
) -> None:
    def append(first: int) -> None:
        for start in range(first, first + 50, 5):
            log.append(submitted(range(start, start + 5)))
            list(read_all(log))

    threads = [Thread(target=append, args=(first,)) for first in range(0, 200, 50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    jobs = jobs_of(list(read_all(log)))
    assert sorted(jobs) == list(range(200))
    for first in range(0, 200, 50):
        assert [job for job in jobs if first <= job < first + 50] == list(range(first, first + 50))


def test_whoever_waits_for_news_hears_of_them_and_otherwise_waits_in_vain(
    log: EventLog, submitted: Submitted
) -> None:
    log.append(submitted(range(3)))
    behind, head = log.earliest(), log.head()
    assert wait_for_news(log, behind, 10)
    assert wait_for_news(log, behind, 10)
    assert not wait_for_news(log, head, 0.05)
    later = Timer(0.1, log.append, [submitted(range(3, 4))])
    later.start()
    assert wait_for_news(log, head, 10)
    later.join()
    assert not wait_for_news(log, log.head(), 0.05)


def test_news_of_a_partition_in_which_one_stands_beyond_the_end_are_not_waited_for(
    log: EventLog, submitted: Submitted
) -> None:
    log.append(submitted(range(3)))
    beyond = Position(dict.fromkeys(log.head().offsets, BEYOND))
    assert not wait_for_news(log, beyond, 0.05)
