"""Reading a log that another program writes, rotates and truncates meanwhile."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.pegasus.submit_directory.growing_log import GrowingLog


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the log is written."""
    return tmp_path / "w-0.dag.dagman.out"


@pytest.fixture
def log(path: Path) -> Iterator[GrowingLog]:
    """The log, read from its beginning."""
    log = GrowingLog(path)
    yield log
    log.close()


def add(path: Path, written: bytes) -> None:
    with path.open("ab") as file:
        file.write(written)


def rotate(path: Path, ending: str) -> None:
    path.rename(path.with_name(f"{path.name}.{ending}"))


def test_half_a_line_and_half_a_character_wait_for_their_ends(path: Path, log: GrowingLog) -> None:
    text = "one\nzwö".encode()
    add(path, text[:-1])
    assert list(log.lines()) == ["one"]
    add(path, text[-1:])
    assert list(log.lines()) == []
    assert log.rest == "zwö"
    add(path, b"lf\n")
    assert list(log.lines()) == ["zwölf"]


def test_a_log_that_was_rotated_several_times_between_two_looks_is_read_whole(
    path: Path, log: GrowingLog
) -> None:
    add(path, b"one\n")
    assert list(log.lines()) == ["one"]
    add(path, b"two\n")
    rotate(path, "20261122T101500")
    add(path, b"three\n")
    rotate(path, "20261122T111500")
    add(path, b"four\n")
    assert list(log.lines()) == ["two", "three", "four"]
    assert list(log.lines()) == []


def test_a_rotated_log_that_is_overwritten_by_the_next_one_is_not_missed(path: Path, log: GrowingLog) -> None:
    add(path, b"one\n")
    assert list(log.lines()) == ["one"]
    rotate(path, "old")
    add(path, b"two\n")
    rotate(path, "old")
    add(path, b"three\n")
    assert list(log.lines()) == ["two", "three"]


def test_a_log_whose_name_is_free_for_a_moment_goes_on_with_the_new_one(path: Path, log: GrowingLog) -> None:
    add(path, b"one\n")
    assert list(log.lines()) == ["one"]
    add(path, b"two\n")
    rotate(path, "old")
    assert list(log.lines()) == ["two"]
    add(path, b"three\n")
    assert list(log.lines()) == ["three"]


def test_rotated_logs_are_read_before_the_log_in_the_order_of_their_numbers(
    path: Path, log: GrowingLog
) -> None:
    for ending in ("2", "10", "1"):
        path.with_name(f"{path.name}.{ending}").write_bytes(f"{ending}\n".encode())
    path.with_name(f"{path.name}.old").write_bytes(b"old\n")
    add(path, b"now\n")
    assert list(log.lines()) == ["1", "2", "10", "old", "now"]


def test_a_log_that_is_copied_away_and_truncated_is_not_read_twice(path: Path, log: GrowingLog) -> None:
    add(path, b"one\ntwo\n")
    assert list(log.lines()) == ["one", "two"]
    path.with_name(f"{path.name}.001").write_bytes(path.read_bytes())
    path.write_bytes(b"three\n")
    assert list(log.lines()) == ["three"]
    rotate(path, "002")
    add(path, b"four\n")
    assert list(log.lines()) == ["four"]


def test_a_log_that_was_written_anew_and_longer_is_read_from_its_beginning(
    path: Path, log: GrowingLog
) -> None:
    add(path, b"one\n")
    assert list(log.lines()) == ["one"]
    path.write_bytes(b"three\nfour\n")
    assert list(log.lines()) == ["three", "four"]


def test_what_a_network_shows_as_zeros_is_waited_for(path: Path, log: GrowingLog) -> None:
    add(path, b"one\ntw" + bytes(100))
    assert list(log.lines()) == ["one"]
    with path.open("r+b") as file:
        file.seek(6)
        file.write(b"o\nthree\n")
        file.truncate()
    assert list(log.lines()) == ["two", "three"]


def test_zeros_that_a_crash_left_are_passed_over(path: Path, log: GrowingLog) -> None:
    add(path, b"one\n" + bytes(5000))
    assert list(log.lines()) == ["one"]
    add(path, b"two\n")
    assert list(log.lines()) == ["two"]


def test_a_log_that_begins_with_zeros_is_read_once(path: Path, log: GrowingLog) -> None:
    add(path, bytes(100))
    assert list(log.lines()) == []
    add(path, b"one\n")
    assert list(log.lines()) == ["one"]
    add(path, b"two\n")
    assert list(log.lines()) == ["two"]


def test_what_comes_while_it_is_read_is_for_the_next_time(path: Path, log: GrowingLog) -> None:
    add(path, b"one\ntwo\n")
    lines = log.lines()
    assert next(lines) == "one"
    add(path, b"three\n")
    assert list(lines) == ["two"]
    assert list(log.lines()) == ["three"]


def is_open(path: Path) -> bool:
    return any(each.resolve() == path for each in Path("/proc/self/fd").iterdir())


def test_a_paused_log_is_not_kept_open_and_goes_on_where_it_was(path: Path, log: GrowingLog) -> None:
    add(path, b"one\ntw")
    assert list(log.lines()) == ["one"]
    assert is_open(path)
    log.pause()
    assert not is_open(path)
    assert list(log.lines()) == []
    assert log.rest == "tw"
    add(path, b"o\n")
    assert list(log.lines()) == ["two"]


def test_a_paused_log_that_was_rotated_is_read_to_its_end_first(path: Path, log: GrowingLog) -> None:
    add(path, b"one\n")
    assert list(log.lines()) == ["one"]
    log.pause()
    add(path, b"two\n")
    rotate(path, "old")
    add(path, b"three\n")
    assert list(log.lines()) == ["two", "three"]


def test_a_paused_log_that_was_written_anew_is_read_from_its_beginning(path: Path, log: GrowingLog) -> None:
    add(path, b"one\n")
    assert list(log.lines()) == ["one"]
    log.pause()
    path.unlink()
    assert list(log.lines()) == []
    add(path, b"another\n")
    assert list(log.lines()) == ["another"]


def test_a_log_that_cannot_be_read_says_why_and_is_tried_again(path: Path, log: GrowingLog) -> None:
    path.mkdir()
    assert list(log.lines()) == []
    assert log.trouble is None
    long = GrowingLog(path / ("x" * 300))
    assert list(long.lines()) == []
    assert long.trouble is not None
    long.close()
