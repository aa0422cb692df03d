"""The spool: a producer goes on without its log, and nothing is lost, doubled or overtaken."""

import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest

from eventlog.errors import InputError, LogError, SchemaError, UnavailableError
from eventlog.event import Event
from eventlog.facts import JobSubmitted
from eventlog.log import Appended, EventLog, Position, Spooled
from eventlog.memory import MemoryLog
from eventlog.spool import PromptLog, SpoolingLog, spool_metrics
from eventlog.spool_file import Bounds, SpoolFile, SpoolState
from eventlog.sqlite import SqliteLog

Submitted = Callable[..., list[Event]]
EventsIn = Callable[[EventLog], list[Event]]


class FarLog(MemoryLog):
    """A log with a switch: out of reach, or refusing."""

    def __init__(self) -> None:
        super().__init__()
        self.reachable = True
        self.refuses = False
        self.tries = 0

    def append(self, events: Sequence[Event]) -> Appended:
        self.tries += 1
        if not self.reachable:
            raise UnavailableError("no broker answers")
        if self.refuses:
            raise LogError("too big for this topic")
        return super().append(events)


class Clock:
    """Seconds that pass when somebody sleeps, or a test says so."""

    def __init__(self) -> None:
        self.now = 0.0
        self.while_asleep: Callable[[], None] = lambda: None

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.while_asleep()


@pytest.fixture
def far() -> FarLog:
    return FarLog()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[SpoolFile]:
    file = SpoolFile.open(tmp_path / "spool.db", clock=lambda: 5_000_000)
    yield file
    file.close()


@pytest.fixture
def spooling(far: FarLog, spool: SpoolFile, clock: Clock) -> SpoolingLog:
    return SpoolingLog(lambda: far, "far", spool, bounds=Bounds(20), clock=clock, sleep=clock.sleep)


def test_a_log_in_reach_takes_events_itself(
    spooling: SpoolingLog, far: FarLog, submitted: Submitted, events_in: EventsIn
) -> None:
    assert spooling.append(submitted(range(3))) == Appended(Position({0: 3}))
    assert events_in(far) == submitted(range(3))
    assert spooling.state() == SpoolState(0, 0, None, 0, "")


def test_events_are_spooled_while_the_log_is_out_of_reach_and_drain_in_order_when_it_is_back(
    spooling: SpoolingLog, far: FarLog, submitted: Submitted, events_in: EventsIn
) -> None:
    far.reachable = False
    assert spooling.append(submitted(range(3))) == Spooled(3)
    assert spooling.append(submitted([3, 4])) == Spooled(5)
    far.reachable = True
    assert spooling.drain(100) == 5
    assert events_in(far) == submitted(range(5))
    assert spooling.state().events == 0


def test_sequences_go_on_after_the_spool_was_empty(
    spooling: SpoolingLog, far: FarLog, submitted: Submitted
) -> None:
    far.reachable = False
    spooling.append(submitted([1]))
    far.reachable = True
    spooling.drain(1)
    far.reachable = False
    assert spooling.append(submitted([2])) == Spooled(2)


def test_no_event_overtakes_another_of_its_key(
    spooling: SpoolingLog, far: FarLog, clock: Clock, submitted: Submitted, events_in: EventsIn
) -> None:
    far.reachable = False
    spooling.append(submitted([1]))
    far.reachable = True
    # The back-off is not over: whoever appends now must not pass by the one that waits.
    assert spooling.append(submitted([2])) == Spooled(2)
    clock.now += 60
    assert isinstance(spooling.append(submitted([3])), Appended)
    assert events_in(far) == submitted([1, 2, 3])


def test_a_long_spool_is_drained_batch_by_batch_in_passing_and_its_key_waits(
    far: FarLog, spool: SpoolFile, clock: Clock, submitted: Submitted, events_in: EventsIn
) -> None:
    spooling = SpoolingLog(lambda: far, "far", spool, clock=clock, sleep=clock.sleep)
    far.reachable = False
    spooling.append(submitted(range(1200)))
    far.reachable = True
    clock.now += 60
    assert isinstance(spooling.append(submitted([1200])), Spooled)
    assert len(events_in(far)) == 500
    # Another key has nothing waiting here: its events go straight to the log, and a batch drains behind them.
    assert isinstance(spooling.append(submitted([0], run="another")), Appended)
    assert spooling.state() == SpoolState(201, spooling.state().bytes, 5_000_000, 1, "far")
    assert isinstance(spooling.append(submitted([1201])), Appended)
    assert [e for e in events_in(far) if e.key != "another"] == submitted(range(1202))


def test_another_process_sees_what_waits_and_does_not_overtake_it(
    spooling: SpoolingLog, far: FarLog, tmp_path: Path, submitted: Submitted, events_in: EventsIn
) -> None:
    far.reachable = False
    spooling.append(submitted([1]))
    far.reachable = True
    other = SpoolingLog(lambda: far, "far", SpoolFile.open(tmp_path / "spool.db"))
    assert isinstance(other.append(submitted([2])), Appended)
    assert events_in(far) == submitted([1, 2])
    other.close()


def test_what_was_spooled_outlives_its_process(
    far: FarLog, tmp_path: Path, submitted: Submitted, events_in: EventsIn
) -> None:
    far.reachable = False
    first = SpoolingLog(lambda: far, "far", SpoolFile.open(tmp_path / "spool.db"))
    first.append(submitted(range(3)))
    first.close()
    far.reachable = True
    second = SpoolingLog(lambda: far, "far", SpoolFile.open(tmp_path / "spool.db"))
    assert second.drain(100) == 3
    assert events_in(far) == submitted(range(3))
    second.close()


def test_a_log_that_cannot_even_be_opened_is_spooled_for(
    spool: SpoolFile, clock: Clock, submitted: Submitted, events_in: EventsIn
) -> None:
    logs: list[MemoryLog] = []

    def open_log() -> EventLog:
        if not logs:
            raise UnavailableError("no broker answers")
        return logs[0]

    spooling = SpoolingLog(open_log, "far", spool, clock=clock)
    assert spooling.append(submitted([1])) == Spooled(1)
    with pytest.raises(UnavailableError, match="no broker answers"):
        spooling.head()
    logs.append(MemoryLog())
    clock.now += 60
    spooling.append(submitted([2]))
    assert events_in(spooling) == submitted([1, 2])


def test_an_outage_is_told_once_and_its_end_too(
    spooling: SpoolingLog, far: FarLog, clock: Clock, submitted: Submitted, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "hoofprint.spool")
    for _ in range(2):
        far.reachable = False
        for job in range(3):
            spooling.append(submitted([job]))
            clock.now += 60
        far.reachable = True
        spooling.append(submitted([3]))
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 4
    assert "far is out of reach; events go to the spool" in told[0]
    assert "no broker answers" in told[0]
    assert told[1] == "the event log far is back"


def test_a_log_that_does_not_answer_is_asked_more_and_more_seldom(
    spooling: SpoolingLog, far: FarLog, clock: Clock, submitted: Submitted
) -> None:
    far.reachable = False
    spooling.append(submitted([0]))
    for _ in range(100):
        spooling.drain_if_due()
        clock.now += 0.1
    assert 3 <= far.tries <= 6
    far.reachable = True
    clock.now += 10
    assert spooling.drain_if_due() == 1


def test_a_full_spool_waits_for_room_and_then_refuses(
    spooling: SpoolingLog, far: FarLog, clock: Clock, submitted: Submitted
) -> None:
    far.reachable = False
    spooling.append(submitted(range(18)))
    with pytest.raises(UnavailableError, match=r"no room: 18 events of .* and it takes 20 of"):
        spooling.append(submitted(range(18, 21)))
    assert 30 <= clock.now <= 31
    assert spooling.state().events == 18
    assert spooling.append(submitted([18, 19])) == Spooled(20)


def test_a_full_spool_is_bounded_in_bytes_too(
    far: FarLog, spool: SpoolFile, clock: Clock, submitted: Submitted
) -> None:
    spooling = SpoolingLog(
        lambda: far, "far", spool, bounds=Bounds(bytes=200), clock=clock, sleep=clock.sleep
    )
    far.reachable = False
    spooling.append(submitted([1]))
    with pytest.raises(UnavailableError, match="no room"):
        spooling.append(submitted(range(2, 9)))


def test_an_append_that_waits_for_room_goes_on_when_the_log_is_back(
    spooling: SpoolingLog, far: FarLog, clock: Clock, submitted: Submitted, events_in: EventsIn
) -> None:
    far.reachable = False
    spooling.append(submitted(range(20)))

    def come_back() -> None:
        far.reachable = clock.now > 5

    clock.while_asleep = come_back
    assert isinstance(spooling.append(submitted([20])), Appended)
    assert events_in(far) == submitted(range(21))


def test_one_drains_at_a_time(
    spooling: SpoolingLog, far: FarLog, spool: SpoolFile, tmp_path: Path, submitted: Submitted
) -> None:
    far.reachable = False
    spooling.append(submitted(range(5)))
    far.reachable = True
    other = SpoolFile.open(tmp_path / "spool.db")
    with other.taking() as mine:
        assert mine
        assert spooling.drain(100) == 0
    drained: list[int] = []
    with spool.taking() as mine:
        assert mine
        thread = Thread(target=lambda: drained.append(spooling.drain(100)))
        thread.start()
        thread.join()
    assert drained == [0]
    assert spooling.drain(100) == 5
    other.close()


def test_a_drain_takes_no_more_than_it_was_asked_for(
    spooling: SpoolingLog, far: FarLog, submitted: Submitted, events_in: EventsIn
) -> None:
    far.reachable = False
    spooling.append(submitted(range(10)))
    far.reachable = True
    assert spooling.drain(4) == 4
    assert events_in(far) == submitted(range(4))


def test_draining_without_the_log_says_so_and_keeps_everything(
    spooling: SpoolingLog, far: FarLog, submitted: Submitted
) -> None:
    far.reachable = False
    spooling.append(submitted(range(4)))
    with pytest.raises(UnavailableError, match="no broker answers"):
        spooling.drain(100)
    assert spooling.state().events == 4


def test_an_event_that_the_log_refuses_stays_and_is_told_while_other_keys_go_on(
    spooling: SpoolingLog,
    far: FarLog,
    clock: Clock,
    submitted: Submitted,
    caplog: pytest.LogCaptureFixture,
) -> None:
    far.reachable = False
    spooling.append(submitted([1]))
    far.reachable, far.refuses = True, True
    clock.now += 60
    assert spooling.append(submitted([2])) == Spooled(2)
    assert spooling.append(submitted([3])) == Spooled(3)
    with pytest.raises(LogError, match="too big for this topic"):
        spooling.drain(1)
    assert [r.levelname for r in caplog.records if "cannot be drained" in r.getMessage()] == ["ERROR"]
    far.refuses = False
    assert isinstance(spooling.append(submitted([1], run="another")), Appended)
    assert spooling.state().keys == 1


def test_an_event_that_does_not_fit_its_schema_is_not_spooled(
    spooling: SpoolingLog, far: FarLog, observed: Callable[..., Event], submitted: Submitted, root: str
) -> None:
    far.reachable = False
    wrong = observed(JobSubmitted(run=root, job="job-1", attempt="first"))  # type: ignore[arg-type]
    with pytest.raises(SchemaError, match="attempt"):
        spooling.append([*submitted([1]), wrong])
    assert spooling.state().events == 0


def test_events_of_one_log_are_never_drained_into_another(
    spooling: SpoolingLog, far: FarLog, spool: SpoolFile, clock: Clock, submitted: Submitted
) -> None:
    far.reachable = False
    spooling.append(submitted([1]))
    elsewhere = FarLog()
    other = SpoolingLog(lambda: elsewhere, "elsewhere", spool, clock=clock)
    with pytest.raises(InputError, match="holds events for the log far, not for elsewhere: drain it"):
        other.drain(10)
    elsewhere.reachable = False
    with pytest.raises(InputError, match="HOOFPRINT_SPOOL"):
        other.append(submitted([2], run="another"))
    assert elsewhere.head() == Position({0: 0})
    far.reachable = True
    assert spooling.drain(10) == 1
    assert other.append(submitted([2], run="another")) == Spooled(2)


def test_what_an_older_version_spooled_is_drained_as_today_says_it(
    spooling: SpoolingLog,
    far: FarLog,
    submitted: Submitted,
    events_in: EventsIn,
    tmp_path: Path,
    older_body: Callable[..., tuple[str, bytes]],
) -> None:
    far.reachable = False
    spooling.append(submitted([1]))
    schema, body = older_body(submitted([1])[0].fact, without=("route",))
    with closing(sqlite3.connect(tmp_path / "spool.db")) as older, older:
        fingerprint = int.from_bytes(body[2:10], "little", signed=True)
        older.execute("INSERT INTO schemas VALUES (?, ?)", (fingerprint, schema))
        older.execute("UPDATE events SET body = ?", (body,))
    far.reachable = True
    assert spooling.drain(1) == 1
    assert events_in(far) == submitted([1])


def test_a_prompt_log_appends_or_fails_and_never_spools(
    spooling: SpoolingLog, far: FarLog, clock: Clock, submitted: Submitted, events_in: EventsIn
) -> None:
    prompt = PromptLog(spooling)
    assert prompt.append(submitted([0])) == Appended(Position({0: 1}))
    far.reachable = False
    with pytest.raises(UnavailableError, match="no broker answers"):
        prompt.append(submitted([1]))
    with pytest.raises(UnavailableError, match="out of reach: try again soon"):
        prompt.append(submitted([1]))
    assert spooling.state().events == 0
    assert events_in(prompt) == submitted([0])


def test_a_prompt_log_does_not_overtake_what_waits(
    spooling: SpoolingLog, far: FarLog, clock: Clock, submitted: Submitted, events_in: EventsIn
) -> None:
    prompt = PromptLog(spooling)
    far.reachable = False
    spooling.append(submitted([1]))
    far.reachable, far.refuses = True, True
    clock.now += 60
    with pytest.raises(UnavailableError, match="earlier events of the same run wait in the spool"):
        prompt.append(submitted([2]))
    far.refuses = False
    clock.now += 60
    prompt.append(submitted([2]))
    assert events_in(far) == submitted([1, 2])


def test_settling_a_key_drains_until_nothing_of_it_waits(
    spooling: SpoolingLog, far: FarLog, submitted: Submitted, events_in: EventsIn
) -> None:
    far.reachable = False
    spooling.append(submitted(range(9)))
    spooling.append(submitted([0], run="another"))
    spooling.settle("a third")
    with pytest.raises(UnavailableError, match="no broker answers"):
        spooling.settle("another")
    far.reachable = True
    spooling.settle("another")
    assert len(events_in(far)) == 10
    far.reachable = False
    spooling.append(submitted([10]))
    far.reachable = True
    spooling.settle()
    assert spooling.state().events == 0


def test_settling_waits_for_whoever_drains_and_gives_up_in_the_end(
    spooling: SpoolingLog, far: FarLog, clock: Clock, tmp_path: Path, submitted: Submitted, root: str
) -> None:
    far.reachable = False
    spooling.append(submitted([1]))
    other = SpoolFile.open(tmp_path / "spool.db")
    with other.taking(), pytest.raises(UnavailableError, match="another process still drains"):
        spooling.settle(root)
    assert 30 <= clock.now <= 31
    other.close()


def test_metrics_tell_how_much_waits_and_for_how_long() -> None:
    assert spool_metrics(SpoolState(3, 200, 1_000_000, 2, "far"), 3_500_000) == {
        "hoofprint_spool_events": 3,
        "hoofprint_spool_bytes": 200,
        "hoofprint_spool_keys": 2,
        "hoofprint_spool_oldest_seconds": 2.5,
    }
    assert spool_metrics(SpoolState(0, 0, None, 0, ""), 1)["hoofprint_spool_oldest_seconds"] == 0


def test_a_closed_spool_says_so(spooling: SpoolingLog, submitted: Submitted) -> None:
    spooling.close()
    spooling.close()
    with pytest.raises(LogError, match="closed"):
        spooling.append(submitted([1]))
    with pytest.raises(LogError, match="closed"):
        spooling.drain(1)


def test_a_file_of_another_kind_is_no_spool(tmp_path: Path) -> None:
    SqliteLog.open(tmp_path / "log.db").close()
    with pytest.raises(InputError, match=r"another program, no spool: HOOFPRINT_SPOOL"):
        SpoolFile.open(tmp_path / "log.db")
