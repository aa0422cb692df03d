"""Views as they were: up to a position or a time, on every log, in a store that is gone afterwards."""

import dataclasses
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventlog.archive.archived_log import ArchivedLog
from eventlog.archive.export import Bounds, export_log
from eventlog.archive.release import release
from eventlog.errors import LogError
from eventlog.event import Event
from eventlog.log import EventLog, Position, Record, read_all
from eventlog.memory import MemoryLog
from eventlog.redaction import Redacted, encode_tombstone
from eventlog.sqlite import SqliteLog
from projections.answers.runs import resolve_run
from projections.as_of import views_of_the_past
from projections.digest import digest_group
from projections.groups import GROUPS
from projections.past import Moment, PastLog
from projections.projector import Projector
from projections.store import ViewStore
from projections.temporary import temporary_store

FEW = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
LOGS = ["memory", "sqlite", "partitioned", pytest.param("kafka", marks=pytest.mark.kafka)]


@pytest.fixture
def stories(story: Callable[..., object]) -> Sequence[Event]:
    """Three runs, told side by side."""
    runs = [
        story(f"run-{number}", start=1000 * number).planned().ran().events  # type: ignore[attr-defined]
        for number in range(3)
    ]
    return [event for together in zip(*runs, strict=True) for event in together]


@pytest.fixture(params=LOGS)
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EventLog]:
    """An empty log of each kind."""
    match request.param:
        case "memory":
            yield MemoryLog()
        case "sqlite":
            with closing(SqliteLog.open(tmp_path / "log.db")) as log:
                yield log
        case "partitioned":
            yield request.getfixturevalue("partitioned")
        case _:
            from eventlog.kafka import KafkaLog

            with closing(KafkaLog.open(request.getfixturevalue("kafka_location"))) as log:
                yield log


@pytest.fixture
def told(log: EventLog, stories: Sequence[Event]) -> Sequence[Record]:
    """What the log holds, and when it was told."""
    for start in range(0, len(stories), 25):
        log.append(stories[start : start + 25])
    return list(read_all(log))


def digests(store: ViewStore) -> dict[str, str]:
    found: dict[str, str] = {}
    for group in GROUPS:
        with store.reading(group.name) as connection:
            found |= {f"{group.name}.{k}": v for k, v in digest_group(connection, group).items()}
    return found


def fold_of(log: EventLog, records: Sequence[Record]) -> dict[str, str]:
    """The digests of views that were told these records and no others."""
    alone = MemoryLog()
    schemas = {
        fingerprint: schema
        for record in records
        if (schema := log.writer_schema(fingerprint := int.from_bytes(record.body[2:10], "little")))
    }
    alone.append_records(records, origin=uuid.uuid4(), schemas=schemas)
    with temporary_store("test") as store:
        Projector(alone, store).catch_up()
        return digests(store)


def as_of(log: EventLog, moment: Moment, *, key: str | None = None) -> dict[str, str]:
    with views_of_the_past(log, moment, key=key) as store:
        return digests(store)


@FEW
@given(data=st.data())
def test_views_as_of_a_position_are_the_fold_of_what_lies_before_it(
    data: st.DataObject, log: EventLog, told: Sequence[Record]
) -> None:
    ends = log.head().offsets
    position = Position(
        {p: data.draw(st.integers(0, end), label=f"partition {p}") for p, end in ends.items()}
    )
    before = [record for record in told if record.offset < position.offset(record.partition)]
    assert as_of(log, Moment(position)) == fold_of(log, before)


@FEW
@given(data=st.data())
def test_views_as_of_a_time_are_the_fold_of_what_was_recorded_by_then(
    data: st.DataObject, log: EventLog, told: Sequence[Record]
) -> None:
    time = data.draw(st.sampled_from(sorted({record.recorded for record in told})), label="time")
    time += data.draw(st.integers(-1, 1), label="a microsecond earlier or later")
    before = [record for record in told if record.recorded <= time]
    assert as_of(log, Moment(log.head(), time)) == fold_of(log, before)


@FEW
@given(recorded=st.data())
def test_the_time_of_imported_events_need_not_grow(
    recorded: st.DataObject, complete: Sequence[Event]
) -> None:
    log, imported = MemoryLog(), MemoryLog()
    log.append(complete)
    records = [
        dataclasses.replace(record, recorded=recorded.draw(st.integers(1, 50))) for record in read_all(log)
    ]
    imported.append_records(records, origin=log.identity, schemas=log._schemas)
    before = [record for record in records if record.recorded <= 25]
    assert as_of(imported, Moment(imported.head(), 25)) == fold_of(log, before)


def test_of_one_run_alone_no_other_event_is_read(log: EventLog, told: Sequence[Record]) -> None:
    half = Moment(Position({p: end - end // 3 for p, end in log.head().offsets.items()}))
    of_run = [record for record in told if record.key == "run-1" and half.has(record)]
    past = PastLog(log, half, key="run-1")
    assert list(read_all(past, batch_size=7)) == of_run
    assert list(read_all(past, key="run-2")) == []
    assert as_of(log, half, key="run-1") == fold_of(log, of_run)
    with views_of_the_past(log, half, key="run-1") as store, store.reading("runs") as connection:
        assert resolve_run(connection, "latest").run == "run-1"


def test_what_came_to_one_partition_later_keeps_nothing_of_another_away(
    partitioned: EventLog, stories: Sequence[Event]
) -> None:
    partitioned.append(stories)
    ends = partitioned.head().offsets
    crowded = min(p for p, end in ends.items() if end)
    past = PastLog(partitioned, Moment(Position({**ends, crowded: 1})))
    read = list(read_all(past, batch_size=2))
    assert len(read) == sum(ends.values()) - ends[crowded] + 1


def test_a_partition_that_is_new_since_the_moment_keeps_nothing_away(
    partitioned: EventLog, stories: Sequence[Event]
) -> None:
    partitioned.append(stories)
    ends = partitioned.head().offsets
    last = max(p for p, end in ends.items() if end)
    # as a log says it that leaves out empty partitions
    past = PastLog(partitioned, Moment(Position({last: ends[last]})))
    assert {record.partition for record in read_all(past, batch_size=3)} == {last}
    assert len(list(read_all(past, batch_size=3))) == ends[last]


def test_nothing_can_be_added_to_the_past(complete: Sequence[Event]) -> None:
    with pytest.raises(LogError, match="as it was"):
        PastLog(MemoryLog(), Moment(Position({0: 1}))).append(complete)


def test_what_the_log_let_go_of_is_read_from_its_archive(tmp_path: Path, complete: Sequence[Event]) -> None:
    with closing(SqliteLog.open(tmp_path / "log.db")) as log:
        log.append(complete)
        moment, records = Moment(Position({0: 30})), list(read_all(log))
        export_log(log, tmp_path / "archive", bounds=Bounds(events=20))
        release(tmp_path / "archive", log, Position({0: 40}))
        with pytest.raises(LogError, match=r"begins at 0:40.*HOOFPRINT_ARCHIVE"):
            as_of(log, moment)
        with closing(ArchivedLog(tmp_path / "archive", log)) as whole:
            assert as_of(whole, moment) == fold_of(whole, records[:30])
            assert as_of(whole, Moment(log.head(), records[34].recorded)) == fold_of(whole, records[:35])


def test_what_was_redacted_is_not_there_in_the_past_either(complete: Sequence[Event]) -> None:
    log = MemoryLog()
    log.append(complete)
    records = list(read_all(log))
    secret = next(record for record in records if record.type == "InvocationRecorded")
    log.redact([secret], encode_tombstone(Redacted(reason="a token", actor="ada", time=1)))
    before = [record for record in records if record != secret]
    assert as_of(log, Moment(log.head())) == fold_of(log, before)


def test_the_temporary_store_is_gone_when_it_is_done_with_or_interrupted(tmp_path: Path) -> None:
    with temporary_store("test", tmp_path) as store:
        assert Path(store.storage.location).parent == tmp_path
    with pytest.raises(KeyboardInterrupt), temporary_store("test", tmp_path):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


HOLD = """
import sys, time
from pathlib import Path
from projections.temporary import temporary_store
with temporary_store("test", Path(sys.argv[1])) as store:
    print(store.storage.location, flush=True)
    time.sleep(600)
"""


def test_a_killed_process_store_is_removed_by_the_next_and_a_living_one_is_left(tmp_path: Path) -> None:
    started = [
        subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    places = []
    for process in started:
        assert process.stdout is not None
        places.append(Path(process.stdout.readline().strip()))
    killed, living = started
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    assert all(place.exists() for place in places)
    with temporary_store("test", tmp_path):
        assert [place.exists() for place in places] == [False, True]
    living.kill()
    for process in started:
        process.communicate()
