"""Positions: vectors over partitions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlog.errors import InputError
from eventlog.log import Position

POSITIONS = st.dictionaries(st.integers(0, 5), st.integers(0, 10)).map(Position)


@given(POSITIONS)
def test_a_position_survives_its_text_form(position: Position) -> None:
    assert Position.parse(str(position)) == position


@given(POSITIONS, POSITIONS)
def test_the_joined_position_is_the_smallest_that_reaches_both(one: Position, other: Position) -> None:
    joined = one.joined(other)
    assert joined.reaches(one)
    assert joined.reaches(other)
    for partition, offset in joined.offsets.items():
        assert offset in (one.offset(partition), other.offset(partition))


@given(POSITIONS, POSITIONS)
def test_positions_that_reach_one_another_are_the_same_place(one: Position, other: Position) -> None:
    if one.reaches(other) and other.reaches(one):
        assert all(one.offset(partition) == other.offset(partition) for partition in range(6))


def test_partitions_move_apart_from_one_another() -> None:
    one, other = Position({0: 5, 1: 0}), Position({0: 0, 1: 5})
    assert not one.reaches(other)
    assert not other.reaches(one)
    assert one.joined(other) == Position({0: 5, 1: 5})


@pytest.mark.parametrize("text", ["1", "a:b", "1:2:3", "0:1;1:2", "0:-1", "0:1,1:2,0:3"])
def test_a_text_that_is_no_position_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="no position"):
        Position.parse(text)
