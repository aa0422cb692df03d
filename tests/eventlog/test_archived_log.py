"""Archive and log as one: whatever was let go of, a reader sees every event."""

from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from eventlog.archive.archived_log import ArchivedLog
from eventlog.archive.export import Bounds, export_log
from eventlog.archive.redacting import redact_archive
from eventlog.archive.release import release
from eventlog.codec import Codec
from eventlog.errors import InputError, LogError
from eventlog.event import Event
from eventlog.log import Position, Record, read_all
from eventlog.memory import MemoryLog
from eventlog.redaction import Redacted, encode_tombstone

Submitted = Callable[..., list[Event]]
SMALL = Bounds(events=100)


@pytest.fixture
def log(submitted: Submitted) -> MemoryLog:
    """A log whose jobs are of two runs in turn."""
    log = MemoryLog()
    for job in range(0, 600, 10):
        log.append(submitted(range(job, job + 10), run=f"run-{job // 10 % 2}"))
    return log


@pytest.fixture
def everything(log: MemoryLog) -> list[Record]:
    return list(read_all(log))


@pytest.fixture
def folder(tmp_path: Path, log: MemoryLog) -> Path:
    """An archive of the first 450 events."""
    export_log(log, tmp_path / "archive", until=Position({0: 450}), bounds=SMALL)
    return tmp_path / "archive"


@pytest.mark.parametrize("released", [0, 1, 250, 450])
@pytest.mark.parametrize("batch", [7, 100, 5000])
def test_every_event_is_read_whatever_was_released(
    log: MemoryLog, everything: list[Record], folder: Path, released: int, batch: int
) -> None:
    release(folder, log, Position({0: released}))
    both = ArchivedLog(folder, log)
    assert both.identity == log.identity
    assert both.earliest() == Position({0: 0})
    assert both.head() == log.head()
    assert list(read_all(both, batch_size=batch)) == everything
    for key in ("run-0", "run-1", "run-2"):
        of_key = [record for record in everything if record.key == key]
        assert list(read_all(both, key=key, batch_size=batch)) == of_key
    both.close()


@pytest.mark.parametrize("start", [0, 99, 100, 249, 250, 449, 450, 599, 600])
def test_reading_starts_at_any_position(
    log: MemoryLog, everything: list[Record], folder: Path, start: int
) -> None:
    release(folder, log, Position({0: 300}))
    both = ArchivedLog(folder, log)
    batch = both.read(Position({0: start}), 40)
    assert batch.records == everything[start : start + len(batch.records)]
    assert batch.position.offset(0) == start + len(batch.records)
    assert batch.records or start == 600
    assert both.read(Position({0: start}), 0).records == []
    both.close()


def test_readers_side_by_side_each_see_everything(
    log: MemoryLog, everything: list[Record], folder: Path
) -> None:
    release(folder, log, Position({0: 450}))
    both = ArchivedLog(folder, log)
    seen: list[list[Record]] = [[] for _ in range(12)]
    threads = [
        Thread(target=lambda found, size: found.extend(read_all(both, batch_size=size)), args=(found, 3 + n))
        for n, found in enumerate(seen)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(found == everything for found in seen)
    both.close()


def test_what_is_released_while_a_reader_reads_is_read_from_the_archive(
    log: MemoryLog, everything: list[Record], folder: Path
) -> None:
    both = ArchivedLog(folder, log)
    seen = list(both.read(Position(), 50).records)
    release(folder, log, Position({0: 200}))
    seen += both.read(Position({0: 50}), 50).records
    export_log(log, folder)
    release(folder, log, Position({0: 600}))
    position = Position({0: 100})
    while not position.reaches(both.head()):
        batch = both.read(position, 30)
        seen += batch.records
        position = batch.position
    assert seen == everything
    both.close()


def test_events_that_neither_has_are_an_error_and_not_a_gap(
    log: MemoryLog, everything: list[Record], folder: Path
) -> None:
    log.truncate_before(Position({0: 500}))
    both = ArchivedLog(folder, log)
    read = read_all(both)
    assert [next(read) for _ in range(450)] == everything[:450]
    with pytest.raises(LogError, match="between 0:450 and 0:500 are not in the log any more"):
        next(read)
    both.close()


def test_a_redaction_is_seen_by_who_reads_already(log: MemoryLog, folder: Path) -> None:
    release(folder, log, Position({0: 300}))
    both = ArchivedLog(folder, log)
    target = both.read(Position({0: 10}), 5).records[3]
    tombstone = encode_tombstone(Redacted(reason="test"))
    redact_archive(folder, {(target.key, target.id)}, tombstone)
    assert both.read(Position({0: 13}), 1).records[0].body == tombstone
    both.close()


def test_schemas_that_only_the_archive_has_decode_its_events(
    log: MemoryLog, everything: list[Record], folder: Path
) -> None:
    release(folder, log, Position({0: 300}))
    log._schemas.clear()
    both = ArchivedLog(folder, log)
    fingerprint = int.from_bytes(everything[0].body[2:10], "little")
    assert "JobSubmitted" in (both.writer_schema(fingerprint) or "")
    assert both.writer_schema(1) is None
    assert Codec(both).decode(everything[0]).subject == everything[0].subject
    both.close()


def test_appending_goes_into_the_log(log: MemoryLog, folder: Path, submitted: Submitted) -> None:
    both = ArchivedLog(folder, log)
    both.append(submitted([1000]))
    assert log.head() == both.head() == Position({0: 601})
    both.close()


def test_the_archive_of_another_log_or_of_one_run_is_refused(
    log: MemoryLog, folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"HOOFPRINT_ARCHIVE: .* is the archive of log"):
        ArchivedLog(folder, MemoryLog())
    export_log(log, tmp_path / "run", key="run-0")
    with pytest.raises(InputError, match="is the archive of run-0 alone"):
        ArchivedLog(tmp_path / "run", log)
