"""Rows that are written at once: new or not, whole or in parts, with any text, on both databases."""

from collections.abc import Sequence

import pytest
from sqlalchemy import Connection, select

from projections.bulk import Part
from projections.groups import RUNS
from projections.rows import Peaks, Rows, write_together
from projections.runs.attempts import ATTEMPTS
from projections.runs.integrity import INTEGRITY
from projections.store import ViewStore

SUM = Part(INTEGRITY, order=("version",), values=("role", "count", "failed", "duration"), fresh=True)
SUBMITTED = Part(ATTEMPTS, order=("submit_version",), values=("submission", "submitted_at"))
COUNTS = Part(ATTEMPTS, order=(), values=("started", "evicted"))
FINISHED = Part(ATTEMPTS, order=("finish_version",), values=("finished_at", "exit_raw"))
MANY = 300


def sums(numbers: Sequence[int], *, version: int = 0, role: str = "input") -> Rows:
    rows = Rows(SUM)
    for number in numbers:
        rows.put((1, f"job-{number:04}", 1, "check", 0), (version,), (role, 1, 0, number))
    return rows


def roles(connection: Connection) -> dict[str, str]:
    query = select(INTEGRITY.c.job, INTEGRITY.c.role).order_by(INTEGRITY.c.job)
    return {row.job: row.role for row in connection.execute(query)}


def test_rows_of_which_some_are_there_already_are_all_written(store: ViewStore) -> None:
    with store.storage.writing(RUNS, store.live(RUNS)) as connection:
        sums(range(0, MANY, 7)).write(connection)
        sums(range(MANY), version=1, role="output").write(connection)
    with store.reading("runs") as connection:
        assert roles(connection) == {f"job-{number:04}": "output" for number in range(MANY)}


def test_older_rows_change_nothing_and_new_ones_beside_them_are_written(store: ViewStore) -> None:
    with store.storage.writing(RUNS, store.live(RUNS)) as connection:
        sums(range(MANY), version=1, role="output").write(connection)
        sums(range(MANY + 1), role="input").write(connection)
    with store.reading("runs") as connection:
        found = roles(connection)
    assert found.pop(f"job-{MANY:04}") == "input"
    assert set(found.values()) == {"output"}


@pytest.mark.parametrize("text", ["a\tb", "a\nb\r", "\\N", "\\.", 'quo"ted', "{a,b}", "", "ü\u2028", "a\\"])
def test_any_text_comes_back_from_many_rows_as_it_was(store: ViewStore, text: str) -> None:
    with store.storage.writing(RUNS, store.live(RUNS)) as connection:
        sums(range(MANY), role=text).write(connection)
    with store.reading("runs") as connection:
        assert set(roles(connection).values()) == {text}


def test_parts_written_together_are_as_if_written_one_after_the_other(store: ViewStore) -> None:
    def gathered() -> tuple[Rows, Peaks, Rows]:
        submitted, counts, finished = Rows(SUBMITTED), Peaks(COUNTS), Rows(FINISHED)
        for number in range(0, 30, 2):
            submitted.put((1, f"job-{number:04}", 1), (0,), (number, 5))
        for number in range(0, 30, 3):
            counts.put((1, f"job-{number:04}", 1), (0, -1))
        for number in range(0, 30, 5):
            finished.put((1, f"job-{number:04}", 1), (0,), (9, number % 2))
        return submitted, counts, finished

    with store.storage.writing(RUNS, store.live(RUNS)) as connection:
        write_together(connection, *gathered())
        together = connection.execute(select(ATTEMPTS).order_by(ATTEMPTS.c.job)).all()
        connection.execute(ATTEMPTS.delete())
        for rows in gathered():
            rows.write(connection)
        assert connection.execute(select(ATTEMPTS).order_by(ATTEMPTS.c.job)).all() == together
    assert len(together) == len({n for step in (2, 3, 5) for n in range(0, 30, step)})


def test_a_part_of_which_nothing_is_told_stays_as_it_was(store: ViewStore) -> None:
    key = (1, "cut", 1)
    with store.storage.writing(RUNS, store.live(RUNS)) as connection:
        first, later, counts, other = Rows(SUBMITTED), Rows(FINISHED), Peaks(COUNTS), Rows(SUBMITTED)
        first.put(key, (3,), (7, 5))
        first.write(connection)
        later.put(key, (0,), (9, 256))
        counts.put(key, (2, -1))
        other.put((1, "other", 1), (0,), (8, 6))
        write_together(connection, other, counts, later)
        row = connection.execute(select(ATTEMPTS).where(ATTEMPTS.c.job == "cut")).one()
    assert (row.submit_version, row.submission, row.submitted_at) == (3, 7, 5)
    assert (row.started, row.evicted, row.finished_at, row.exit_raw) == (2, -1, 9, 256)


def test_parts_out_of_the_tables_order_are_refused(store: ViewStore) -> None:
    first, second = Rows(FINISHED), Rows(SUBMITTED)
    for rows in (first, second):
        rows.put((1, "cut", 1), (0,), (1, 1))
    with (
        store.storage.writing(RUNS, store.live(RUNS)) as connection,
        pytest.raises(ValueError, match="order"),
    ):
        write_together(connection, first, second)
