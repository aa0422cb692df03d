"""The search for reference cycles pauses while plans are made, and only then."""

import gc

import pytest

from planner.collection import without_cyclic_collection


@without_cyclic_collection()
def _fail() -> None:
    raise ValueError("searched" if gc.isenabled() else "paused")


def test_the_search_for_cycles_goes_on_after_an_error() -> None:
    with pytest.raises(ValueError, match="paused"):
        _fail()
    assert gc.isenabled()


def test_a_pause_inside_a_pause_does_not_end_it() -> None:
    with without_cyclic_collection():
        with without_cyclic_collection():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
