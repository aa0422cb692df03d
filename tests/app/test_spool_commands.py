"""The spool at the command line: put before a log on another host, seen, drained, told at the end."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from eventlog.codec import Codec
from eventlog.errors import InputError, UnavailableError
from eventlog.event import Event, Observer
from eventlog.facts import JobSubmitted
from eventlog.log import Appended, EventLog, Position, Spooled, read_all
from eventlog.memory import MemoryLog
from eventlog.spool import SpoolingLog
from eventlog.sqlite import SqliteLog
from hoofprint.app.house import House
from hoofprint.app.main import main
from hoofprint.app.settings import resolve


class FarLog(MemoryLog):
    reachable = True

    def append(self, events: Sequence[Event]) -> Appended:
        if not self.reachable:
            raise UnavailableError("no broker answers")
        return super().append(events)


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FarLog:
    """What stands behind every location on Kafka; the settings name one."""
    log = FarLog()
    monkeypatch.setattr("hoofprint.app.house.open_log", lambda location: log)
    monkeypatch.setenv("HOOFPRINT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HOOFPRINT_LOG", "kafka://broker:9092/hoofprint?partitions=4")
    monkeypatch.chdir(tmp_path)
    return log


@pytest.fixture
def house_of(tmp_path: Path) -> Iterator[Callable[..., House]]:
    """The house of a process with some settings."""
    opened: list[House] = []

    def make(**flags: str) -> House:
        environment = {"HOOFPRINT_HOME": str(tmp_path / "home"), "HOME": str(tmp_path)}
        opened.append(House(resolve(flags, environment, tmp_path)))
        return opened[-1]

    yield make
    for house in opened:
        house.close()


@pytest.fixture
def events_of() -> Callable[[EventLog], list[Event]]:
    """Everything that a log holds, decoded."""
    return lambda log: [Codec(log).decode(record) for record in read_all(log)]


@pytest.fixture
def spooled(far: FarLog, house_of: Callable[..., House]) -> list[Event]:
    """Three events that a process spooled and left behind."""
    observer = Observer("tests", "tester", "run-1")
    events = [observer.event(JobSubmitted(run="run-1", job=f"job-{n}", attempt=1), n) for n in range(3)]
    far.reachable = False
    house = house_of(log="kafka://broker:9092/hoofprint?partitions=4")
    assert house.log.append(events) == Spooled(3)
    house.close()
    return events


def test_a_log_on_this_host_has_no_spool_before_it(house_of: Callable[..., House], tmp_path: Path) -> None:
    house = house_of()
    assert isinstance(house.log, SqliteLog)
    assert house.prompt_log is house.log
    assert not (tmp_path / "home" / "spool.db").exists()


def test_a_log_on_another_host_has_this_hosts_spool_before_it(
    far: FarLog, house_of: Callable[..., House], tmp_path: Path
) -> None:
    house = house_of(log="kafka://broker:9092/hoofprint")
    assert isinstance(house.log, SpoolingLog)
    assert house.log.head() == Position({0: 0})
    assert (tmp_path / "home" / "spool.db").exists()
    far.reachable = False
    with pytest.raises(UnavailableError, match="no broker answers"):
        house.prompt_log.append([Observer("t", "t", "r").event(JobSubmitted(run="r", job="j", attempt=1), 0)])


def test_what_is_left_in_the_spool_is_told_when_a_process_ends(
    spooled: list[Event], caplog: pytest.LogCaptureFixture
) -> None:
    told = [record.getMessage() for record in caplog.get_records("setup")]
    assert told[-1] == "3 events wait in the spool: hoofprint log drain brings them to the log"


def test_the_bounds_of_the_spool_are_settings(far: FarLog, house_of: Callable[..., House]) -> None:
    for wrong in ("0", "many", "-1", "1.5"):
        with pytest.raises(InputError, match=r"--spool-events: spool_events is .* whole number of 1 or more"):
            house_of(log="kafka://b:1/t", spool_events=wrong).log  # noqa: B018


def test_the_spool_is_shown(spooled: list[Event], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["log", "spool", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown.pop("bytes") > 0
    assert shown.pop("oldest") > 0
    assert shown == {
        "location": str(tmp_path / "home" / "spool.db"),
        "events": 3,
        "keys": 1,
        "destination": "kafka://broker:9092/hoofprint",
    }
    assert main(["log", "spool"]) == 0
    assert "kafka://broker:9092/hoofprint" in capsys.readouterr().out


def test_a_spool_that_was_never_needed_is_shown_empty_and_not_made(
    far: FarLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["log", "spool", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["events"] == 0
    assert not (tmp_path / "home").exists()


def test_draining_says_what_went_and_fails_while_the_log_is_out_of_reach(
    spooled: list[Event],
    far: FarLog,
    capsys: pytest.CaptureFixture[str],
    events_of: Callable[[EventLog], list[Event]],
) -> None:
    assert main(["log", "drain"]) == 4
    assert "no broker answers" in capsys.readouterr().err
    far.reachable = True
    assert main(["log", "drain", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert 0 <= told["drained"] <= 3
    assert events_of(far) == spooled
    assert main(["log", "drain"]) == 0
    assert "0 events went to the log" in capsys.readouterr().out


def test_there_is_nothing_to_drain_for_a_log_on_this_host(
    far: FarLog, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["--log", f"sqlite:{tmp_path / 'log.db'}", "log", "drain"]) == 2
    assert "needs no spool" in capsys.readouterr().err
