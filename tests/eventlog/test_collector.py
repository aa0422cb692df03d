"""The search for reference cycles pauses while plain values are made, and only then."""

import gc

import pytest

from eventlog.collector import collector_paused


@collector_paused()
def _fail() -> None:
    raise ValueError("searched" if gc.isenabled() else "paused")


def test_the_collector_runs_again_when_the_last_pause_ends() -> None:
    assert gc.isenabled()
    with collector_paused():
        with collector_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_the_collector_runs_again_after_an_error() -> None:
    with pytest.raises(ValueError, match="paused"):
        _fail()
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with collector_paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
