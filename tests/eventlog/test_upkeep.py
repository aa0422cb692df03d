"""What logs can do beside appending and reading: let go of their beginning, redact, take records over."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from eventlog.avro import schema_fingerprint
from eventlog.errors import InputError, LogError, UnavailableError
from eventlog.event import Event
from eventlog.kafka import KafkaLog
from eventlog.log import Position, read_all
from eventlog.memory import MemoryLog
from eventlog.redaction import TOMBSTONE_FINGERPRINT, Redacted, encode_tombstone
from eventlog.sqlite import SqliteLog

Submitted = Callable[..., list[Event]]
JobsOf = Callable[..., list[int]]
Log = MemoryLog | SqliteLog | KafkaLog
TOMBSTONE = encode_tombstone(Redacted(reason="test", actor="tester", time=1))


@pytest.fixture(params=["memory", "sqlite", pytest.param("kafka", marks=pytest.mark.kafka)])
def new_log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Log]]:
    """Opens empty logs of a kind, of one partition; all are closed at the end."""
    logs: list[Log] = []

    def make() -> Log:
        match request.param:
            case "memory":
                logs.append(MemoryLog())
            case "sqlite":
                logs.append(SqliteLog.open(tmp_path / f"log-{len(logs)}.db"))
            case _:
                place = f"{request.getfixturevalue('kafka_location')}-{len(logs)}"
                logs.append(KafkaLog.open(f"{place}?partitions=1"))
        return logs[-1]

    yield make
    for log in logs:
        log.close()


def test_a_log_lets_go_of_its_beginning_and_positions_go_on(
    new_log: Callable[[], Log], submitted: Submitted, jobs_of: JobsOf
) -> None:
    log = new_log()
    log.append(submitted(range(1200)))
    assert log.truncate_before(Position({0: 700})) == Position({0: 700})
    assert log.earliest() == Position({0: 700})
    assert jobs_of(list(read_all(log))) == list(range(700, 1200))
    assert jobs_of(log.read(Position({0: 710}), 2).records) == [710, 711]
    log.append(submitted([1200]))
    assert log.head() == Position({0: 1201})
    assert log.truncate_before(Position({0: 100})) == Position({0: 700})


@pytest.mark.parametrize("new_log", ["memory", "sqlite"], indirect=True)
def test_a_log_that_counts_positions_by_its_last_event_keeps_that(
    new_log: Callable[[], Log], submitted: Submitted, jobs_of: JobsOf
) -> None:
    log = new_log()
    assert log.truncate_before(Position({0: 5})) == Position({0: 0})
    log.append(submitted(range(10)))
    last = log.read(Position({0: 9}), 1).records[0]
    assert log.truncate_before(log.head()) == Position({0: 9})
    log.append(submitted([10]))
    kept = list(read_all(log))
    assert jobs_of(kept) == [9, 10]
    assert kept[0] == last
    assert kept[1].recorded > last.recorded


def test_records_are_taken_over_as_they_were_and_only_once(
    new_log: Callable[[], Log], submitted: Submitted, events_in: Callable[..., list[Event]]
) -> None:
    source, target = new_log(), new_log()
    source.append(submitted(range(1100)))
    records = list(read_all(source))
    schemas = {schema_fingerprint(text): text for text in [_schema_of(source, "JobSubmitted")]}
    assert target.append_records(records[:600], origin=source.identity, schemas=schemas) == 600
    assert target.append_records(records, origin=source.identity, schemas=schemas) == 500
    assert target.append_records(records, origin=source.identity, schemas=schemas) == 0
    assert [_placeless(record) for record in read_all(target)] == [_placeless(record) for record in records]
    assert events_in(target) == submitted(range(1100))


def _schema_of(log: Log, kind: str) -> str:
    body = log.read(Position(), 1).records[0].body
    schema = log.writer_schema(int.from_bytes(body[2:10], "little"))
    assert schema is not None
    assert kind in schema
    return schema


def _placeless(record: object) -> object:
    return replace(record, partition=0, offset=0)


def test_records_of_another_log_are_refused(new_log: Callable[[], Log], submitted: Submitted) -> None:
    source, used, imported = new_log(), new_log(), new_log()
    source.append(submitted(range(5)))
    records = list(read_all(source))
    used.append(submitted([1]))
    with pytest.raises(InputError, match=r"holds (other events|events of its own)"):
        used.append_records(records, origin=source.identity, schemas={})
    assert len(list(read_all(used))) == 1
    imported.append_records(records, origin=source.identity, schemas={})
    with pytest.raises(InputError, match=r"other events|was imported from"):
        imported.append_records(records, origin=uuid.uuid4(), schemas={})


def test_a_log_that_went_on_by_itself_takes_no_later_records(
    new_log: Callable[[], Log], submitted: Submitted
) -> None:
    source, target = new_log(), new_log()
    source.append(submitted(range(5)))
    records = list(read_all(source))
    target.append_records(records[:3], origin=source.identity, schemas={})
    target.append(submitted([100]))
    assert target.append_records(records[:3], origin=source.identity, schemas={}) == 0
    with pytest.raises(InputError, match="has gone on since"):
        target.append_records(records, origin=source.identity, schemas={})


def test_appending_after_an_import_stores_the_schema_of_today(
    new_log: Callable[[], Log], submitted: Submitted, events_in: Callable[..., list[Event]]
) -> None:
    source, target = new_log(), new_log()
    source.append(submitted([1]))
    target.append_records(list(read_all(source)), origin=source.identity, schemas={})
    target.append(submitted([2]))
    assert _schema_of(target, "JobSubmitted")
    assert events_in(target) == submitted([1, 2])


def test_a_redacted_event_keeps_its_envelope_and_loses_its_body(
    new_log: Callable[[], Log], submitted: Submitted
) -> None:
    log = new_log()
    log.append(submitted(range(5), site="secret"))
    before = list(read_all(log))
    assert log.redact(before[1:3], TOMBSTONE) == 2
    assert log.redact(before[1:3], TOMBSTONE) == 0
    assert log.redaction_pending()
    log.settle_redaction()
    assert not log.redaction_pending()
    after = list(read_all(log))
    assert [record.body == TOMBSTONE for record in after] == [False, True, True, False, False]
    assert [replace(r, body=b"") for r in after] == [replace(r, body=b"") for r in before]
    assert "Redacted" in (log.writer_schema(TOMBSTONE_FINGERPRINT) or "")


def test_redacted_bytes_are_nowhere_in_the_files_while_the_log_stays_open(
    tmp_path: Path, submitted: Submitted
) -> None:
    with closing(SqliteLog.open(tmp_path / "log.db")) as log:
        log.append(submitted(range(3000), site="harmless"))
        log.append(submitted(range(3000, 3600), site="hunter2"))
        assert _files_with(tmp_path, b"hunter2")
        secret = list(read_all(log))[3000:]
        assert log.redact(secret, TOMBSTONE) == 600
        assert not _files_with(tmp_path, b"hunter2")
        assert _files_with(tmp_path, b"harmless")
    assert not _files_with(tmp_path, b"hunter2")


def test_a_reader_that_holds_the_old_bytes_is_told_and_redacting_again_completes(
    tmp_path: Path, submitted: Submitted
) -> None:
    path = tmp_path / "log.db"
    with closing(SqliteLog.open(path, patience=0.2)) as log:
        log.append(submitted(range(10), site="hunter2"))
        with closing(SqliteLog.open(path, read_only=True)) as reader:
            reader._reading.execute("BEGIN")
            reader._reading.execute("SELECT body FROM events").fetchone()
            with pytest.raises(UnavailableError, match=r"locked|log\.db-wal"):
                log.redact(list(read_all(log)), TOMBSTONE)
            reader._reading.execute("COMMIT")
        assert log.redaction_pending()
        assert log.redact([], TOMBSTONE) == 0
        assert not _files_with(tmp_path, b"hunter2")


def test_a_log_opened_for_reading_lets_go_of_nothing(tmp_path: Path, submitted: Submitted) -> None:
    path = tmp_path / "log.db"
    with closing(SqliteLog.open(path)) as log:
        log.append(submitted([1]))
    with closing(SqliteLog.open(path, read_only=True)) as log:
        for change in (
            lambda: log.truncate_before(Position({0: 1})),
            lambda: log.redact(list(read_all(log)), TOMBSTONE),
            lambda: log.append_records([], origin=uuid.uuid4(), schemas={}),
        ):
            with pytest.raises(LogError, match="opened for reading only"):
                change()


def _files_with(folder: Path, secret: bytes) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and secret in path.read_bytes()]
