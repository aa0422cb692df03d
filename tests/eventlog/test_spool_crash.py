"""The spool under outages and crashes: what was acknowledged is in the log in the end, each key in order."""

import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from eventlog.errors import UnavailableError
from eventlog.event import Event, Observer
from eventlog.facts import JobSubmitted
from eventlog.log import Appended, Spooled, read_all
from eventlog.memory import MemoryLog
from eventlog.spool import SpoolingLog
from eventlog.spool_file import Bounds, SpoolFile
from eventlog.sqlite import SqliteLog

PROGRAM = Path(__file__).parent / "programs" / "spool_batches.py"
CHECKOUT = Path(__file__).parents[2]
KEYS = ("run-1", "run-2", "run-3")


class _Died(BaseException):
    """The process ended here."""


class ShakyLog(MemoryLog):
    """A log in one of several moods; ``deaf`` and ``deadly`` take events without the caller learning it."""

    mood = "well"

    def append(self, events: Sequence[Event]) -> Appended:
        if self.mood == "away":
            raise UnavailableError("out of reach")
        if self.mood == "torn":
            super().append(events[: len(events) // 2])
            raise UnavailableError("connection lost on the way")
        appended = super().append(events)
        if self.mood == "deaf":
            raise UnavailableError("connection lost before the answer")
        if self.mood == "deadly":
            raise _Died
        return appended


class Spooling(RuleBasedStateMachine):
    """Two processes that share a spool, and a log that comes and goes."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.log = ShakyLog()
        self.now = 0.0
        self.said: dict[str, int] = dict.fromkeys(KEYS, 0)
        self.processes = [self._start(), self._start()]

    def _start(self) -> SpoolingLog:
        spool = SpoolFile.open(self.folder / "spool.db")
        return SpoolingLog(
            lambda: self.log, "shaky", spool, bounds=Bounds(60), patience=0, clock=lambda: self.now
        )

    def _restart(self, process: int) -> None:
        self.processes[process].close()
        self.processes[process] = self._start()

    @rule(mood=st.sampled_from(["well", "away", "torn", "deaf", "deadly"]))
    def the_log_changes(self, mood: str) -> None:
        self.log.mood = mood

    @rule(seconds=st.sampled_from([0.3, 5.0, 60.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(process=st.integers(0, 1), keys=st.lists(st.sampled_from(KEYS), min_size=1, max_size=6))
    def events_are_appended(self, process: int, keys: list[str]) -> None:
        numbers = dict(self.said)
        events = []
        for key in keys:
            fact = JobSubmitted(run=key, job=f"job-{numbers[key]}", attempt=1)
            events.append(Observer("tests", "tester", key).event(fact, 0))
            numbers[key] += 1
        try:
            acknowledged = self.processes[process].append(events)
        except UnavailableError:
            return
        except _Died:
            self._restart(process)
            return
        assert isinstance(acknowledged, Appended | Spooled)
        self.said = numbers

    @rule(process=st.integers(0, 1), limit=st.integers(1, 20))
    def a_process_drains(self, process: int, limit: int) -> None:
        try:
            with suppress(UnavailableError):
                self.processes[process].drain(limit)
        except _Died:
            self._restart(process)

    @rule(process=st.integers(0, 1))
    def a_process_is_started_anew(self, process: int) -> None:
        self._restart(process)

    @invariant()
    def nothing_overtakes_within_the_log(self) -> None:
        for key in getattr(self, "said", ()):
            jobs = [int(record.subject.split("/")[1][4:]) for record in read_all(self.log, key=key)]
            assert jobs == list(range(len(jobs)))

    def teardown(self) -> None:
        if not hasattr(self, "processes"):
            return
        self.log.mood = "well"
        while self.processes[0].state().events:
            assert sum(process.drain(7) for process in self.processes) > 0
        held = {key: len(list(read_all(self.log, key=key))) for key in KEYS}
        assert all(held[key] >= said for key, said in self.said.items())
        self.nothing_overtakes_within_the_log()
        for process in self.processes:
            process.close()
        shutil.rmtree(self.folder)


TestSpooling = Spooling.TestCase
TestSpooling.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts the program with the spool of the test's folder."""
    with ExitStack() as processes:

        def start(what: str, *arguments: object) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [sys.executable, str(PROGRAM), what, str(tmp_path), *map(str, arguments)],
                stdout=subprocess.PIPE,
                text=True,
                env={"PYTHONPATH": str(CHECKOUT)},
            )
            processes.enter_context(process)
            processes.callback(process.kill)
            return process

        yield start


def lines_before_death(process: subprocess.Popen[str], lines: int, pause: float) -> list[int]:
    """What a process printed before it was killed, some lines and a moment after its start."""
    assert process.stdout is not None
    seen = [process.stdout.readline() for _ in range(lines)]
    time.sleep(pause)
    process.kill()
    seen += process.stdout.readlines()
    process.wait()
    return [int(line) for line in seen if line.endswith("\n")]


@pytest.mark.crash
@pytest.mark.parametrize("seed", range(3))
def test_killed_producers_and_drainers_lose_nothing(
    started: Callable[..., subprocess.Popen[str]], tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    switch = tmp_path / "down"
    switch.touch()
    said = 0
    for _ in range(3):
        producer = started("append", "root", said, 100_000, chance.choice([1, 9, 60]))
        lines = lines_before_death(producer, chance.randrange(3, 12), chance.random() / 50)
        said = max(lines)
        switch.unlink(missing_ok=True)
        drainer = started("drain", chance.choice([3, 40]))
        lines_before_death(drainer, 1, chance.random() / 50)
        if chance.random() < 0.7:
            switch.touch()
    switch.unlink(missing_ok=True)
    assert started("drain", 400).wait(timeout=60) == 0
    log = SqliteLog.open(tmp_path / "log.db")
    jobs = [int(record.subject.split("/")[1][4:]) for record in read_all(log)]
    log.close()
    assert jobs == list(range(len(jobs)))
    assert len(jobs) >= said > 0
