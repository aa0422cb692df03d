"""What the SQLite log promises beyond the contract: its file, its clock, its turns."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from eventlog.errors import InputError, LogError, NotFoundError, UnavailableError
from eventlog.event import Event
from eventlog.log import Position, read_all
from eventlog.sqlite import SqliteLog

Submitted = Callable[..., list[Event]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


@pytest.fixture
def log(path: Path) -> Iterator[SqliteLog]:
    with closing(SqliteLog.open(path)) as log:
        yield log


def test_the_folder_of_a_new_log_is_made(tmp_path: Path) -> None:
    SqliteLog.open(tmp_path / "new" / "home" / "log.db").close()
    assert (tmp_path / "new" / "home" / "log.db").exists()


def test_an_empty_file_becomes_a_log(path: Path) -> None:
    # What a process leaves behind that was killed while it made the log.
    path.touch()
    with closing(SqliteLog.open(path)) as log:
        assert log.head() == Position({0: 0})


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.write_text("Dear diary, " * 500, encoding="utf-8")
    with pytest.raises(InputError, match=r"log\.db is no event log .*HOOFPRINT_LOG"):
        SqliteLog.open(path)


def test_the_database_of_another_program_is_refused_and_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as foreign, foreign:
        foreign.execute("CREATE TABLE bookmarks (url TEXT)")
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"log\.db is an SQLite file of another program"):
        SqliteLog.open(path)
    assert path.read_bytes() == before


def test_a_log_of_a_newer_format_is_refused(path: Path, log: SqliteLog) -> None:
    log.close()
    with closing(sqlite3.connect(path)) as newer:
        newer.execute("PRAGMA user_version = 2")
    for read_only in (False, True):
        with pytest.raises(InputError, match=r"written by a newer version \(format 2\): .* up to 1"):
            SqliteLog.open(path, read_only=read_only)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UnavailableError, match=r"file/log\.db cannot be opened"):
        SqliteLog.open(tmp_path / "file" / "log.db")


def test_a_damaged_log_is_told(path: Path, log: SqliteLog, submitted: Submitted) -> None:
    log.append(submitted(range(400)))
    log.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(LogError, match=r"log\.db is damaged"):
        SqliteLog.open(path)


def test_every_append_is_synced_to_disk(log: SqliteLog) -> None:
    synchronous = log._writer._connection.execute("PRAGMA synchronous").fetchone()  # type: ignore[union-attr]
    assert synchronous == (2,)


def test_a_reader_needs_a_log_that_is_there(path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"there is no event log at .*log\.db"):
        SqliteLog.open(path, read_only=True)
    assert not path.exists()


def test_a_reader_follows_a_writer_and_cannot_append(
    path: Path, log: SqliteLog, submitted: Submitted
) -> None:
    with closing(SqliteLog.open(path, read_only=True)) as reader:
        log.append(submitted(range(3)))
        assert len(list(read_all(reader))) == 3
        assert reader.identity == log.identity
        with pytest.raises(LogError, match="opened for reading only"):
            reader.append(submitted([4]))
        with pytest.raises(LogError, match="opened for reading only"):
            reader.append([])


def test_recorded_goes_on_when_the_clock_goes_back(path: Path, submitted: Submitted) -> None:
    times = iter([1000, 1000, 5, 2000])
    with closing(SqliteLog.open(path, clock=lambda: next(times))) as log:
        for start in range(4):
            log.append(submitted([2 * start, 2 * start + 1]))
        assert [record.recorded for record in read_all(log)] == [
            1000,
            1001,
            1002,
            1003,
            1004,
            1005,
            2000,
            2001,
        ]


def test_a_writer_that_waits_in_vain_says_who_is_in_the_way(
    path: Path, log: SqliteLog, submitted: Submitted
) -> None:
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as other,
        closing(SqliteLog.open(path, patience=0.05)) as impatient,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(UnavailableError, match=r"log\.db is locked by another process"):
            impatient.append(submitted([1]))
        other.execute("ROLLBACK")
        impatient.append(submitted([1]))
    assert len(list(read_all(log))) == 1


def test_a_transaction_that_fails_leaves_no_trace_and_no_wrong_numbers(
    path: Path, log: SqliteLog, submitted: Submitted, events_in: Callable[[SqliteLog], list[Event]]
) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(
            "CREATE TRIGGER refusal BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'disk on fire'); END"
        )
        with pytest.raises(LogError, match="disk on fire"):
            log.append(submitted([1], run="first"))
        other.execute("DROP TRIGGER refusal")
    with closing(SqliteLog.open(path)) as another:
        another.append(submitted([1], run="second"))
    log.append(submitted([1], run="first"))
    assert events_in(log) == [*submitted([1], run="second"), *submitted([1], run="first")]
    assert {record.key for record in read_all(log)} == {"first", "second"}


def test_a_snapshot_is_not_torn_by_a_writer_of_many_keys(log: SqliteLog, submitted: Submitted) -> None:
    for number in range(50):
        log.append(submitted([number], run=f"run-{number}"))
    assert [record.key for record in read_all(log, batch_size=7)] == [f"run-{number}" for number in range(50)]
