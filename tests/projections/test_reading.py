"""Reading ahead: the next batch is there when it is wanted, and read anew where another one is."""

import pytest

from eventlog.errors import LogError
from eventlog.log import Position
from projections.folding import Decoded
from projections.reading import ReadAhead, Told


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
