"""Runs whose log goes out of reach: in their midst they go on, spooling; at their start they say so."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from eventlog.errors import UnavailableError
from eventlog.event import Event
from eventlog.facts import JobFinished, JobSubmitted, RunFinished, RunStarted
from eventlog.log import Appended, Batch, Position
from eventlog.memory import MemoryLog
from eventlog.spool import SpoolingLog
from eventlog.spool_file import SpoolFile


class FarLog(MemoryLog):
    """Takes so many appends, and is out of reach from then on."""

    def __init__(self) -> None:
        super().__init__()
        self.left = 0

    def append(self, events: Sequence[Event]) -> Appended:
        self._reach()
        self.left -= 1
        return super().append(events)

    def read(self, after: Position, limit: int, *, key: str | None = None) -> Batch:
        self._reach()
        return super().read(after, limit, key=key)

    def head(self) -> Position:
        self._reach()
        return super().head()

    def _reach(self) -> None:
        if self.left <= 0:
            raise UnavailableError("no broker answers")


@pytest.fixture
def far() -> FarLog:
    return FarLog()


@pytest.fixture
def spooling(far: FarLog, tmp_path: Path) -> Iterator[SpoolingLog]:
    log = SpoolingLog(lambda: far, "far", SpoolFile.open(tmp_path / "spool.db"))
    yield log
    log.close()


def chain(bench) -> None:
    jobs = [bench.job("one"), bench.job("two", parents=[0]), bench.job("three", parents=[1])]
    bench.write(jobs)


def test_a_run_goes_on_while_its_log_is_out_of_reach_and_all_of_it_arrives_in_order(
    bench, far: FarLog, spooling: SpoolingLog
) -> None:
    chain(bench)
    bench.log, far.left = spooling, 2
    outcome = bench.run()
    assert outcome.status == 0
    assert spooling.state().keys == 1
    far.left = 100
    held = bench.facts(JobFinished)
    assert len(held) < 3
    spooling.drain(1_000)
    assert [fact.job for fact in bench.facts(JobSubmitted)] == ["one", "two", "three"]
    assert [fact.job for fact in bench.facts(JobFinished)] == ["one", "two", "three"]
    assert isinstance(bench.all_facts()[0], RunStarted)
    assert isinstance(bench.all_facts()[-1], RunFinished)


def test_a_run_whose_log_is_out_of_reach_at_its_start_says_so_and_starts_nothing(
    bench, far: FarLog, spooling: SpoolingLog
) -> None:
    chain(bench)
    bench.log = spooling
    with pytest.raises(UnavailableError, match="no broker answers"):
        bench.run()
    assert spooling.state().events == 0
    assert not bench.scratch.exists()


def test_a_run_is_gone_on_with_only_when_everything_that_it_said_is_on_the_log(
    bench, far: FarLog, spooling: SpoolingLog
) -> None:
    chain(bench)
    bench.log, far.left = spooling, 2
    bench.run()
    with pytest.raises(UnavailableError, match="no broker answers"):
        bench.run()
    far.left = 100
    outcome = bench.run()
    assert outcome.status == 0
    assert len(bench.facts(RunStarted)) == 1
    assert [fact.job for fact in bench.facts(JobFinished)] == ["one", "two", "three"]
