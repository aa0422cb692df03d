"""Reading ahead: the next batch is there when it is wanted, and read anew where another one is."""

from uuid import UUID

import pytest

from eventlog.errors import LogError
from eventlog.log import Batch, Position, Record
from projections.folding import Decoded
from projections.reading import ReadAhead, Told, in_bounds


class Pages:
    """Gives ten offsets at a time, up to forty, and remembers where it was asked."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def read(self, position: Position) -> Told | None:
        start = position.offset(0)
        self.asked.append(start)
        if start == 30:
            raise LogError("damaged behind 30")
        return Told(position, Position({0: start + 10}), Decoded.of([]), [], 0)


def test_what_follows_is_read_before_it_is_asked_for_and_once() -> None:
    pages = Pages()
    with ReadAhead(pages.read, ahead=True) as reading:
        first = reading.at(Position())
        assert first is not None
        second = reading.at(first.until)
        assert second is not None
    assert pages.asked == [0, 10, 20]


def test_without_a_thread_nothing_is_read_before_it_is_asked_for() -> None:
    pages = Pages()
    with ReadAhead(pages.read, ahead=False) as reading:
        reading.at(Position())
        assert pages.asked == [0]


def test_another_place_than_expected_is_read_anew() -> None:
    pages = Pages()
    with ReadAhead(pages.read, ahead=True) as reading:
        reading.at(Position())
        told = reading.at(Position({0: 5}))
    assert told is not None
    assert told.until == Position({0: 15})
    assert pages.asked == [0, 10, 5, 15]


def test_an_error_ahead_is_raised_where_its_batch_is_asked_for() -> None:
    with ReadAhead(Pages().read, ahead=True) as reading:
        assert reading.at(Position({0: 20})) is not None
        with pytest.raises(LogError, match="damaged"):
            reading.at(Position({0: 30}))


def _record(partition: int, offset: int, size: int) -> Record:
    body = b"x" * size
    return Record(partition, offset, 0, UUID(int=offset), "JobsPlanned", "s", "r", 0, "n", "a", "k", body)


def test_a_step_ends_where_its_events_are_too_large_together_and_goes_on_there_in_every_partition() -> None:
    records = [_record(0, 10, 40), _record(1, 5, 40), _record(0, 12, 40), _record(1, 6, 40)]
    after = Position({0: 10, 1: 5, 2: 8})
    read = Batch(records, Position({0: 13, 1: 7, 2: 9}))
    assert in_bounds(read, after, 160) == read
    assert in_bounds(read, after, 119) == Batch(records[:2], Position({0: 11, 1: 6, 2: 8}))
    assert in_bounds(read, after, 120) == Batch(records[:3], Position({0: 13, 1: 6, 2: 8}))


def test_an_event_larger_than_a_step_is_a_step_of_its_own() -> None:
    large = Batch([_record(0, 0, 500), _record(0, 1, 500)], Position({0: 2}))
    assert in_bounds(large, Position(), 100) == Batch(large.records[:1], Position({0: 1}))
