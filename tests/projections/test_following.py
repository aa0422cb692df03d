"""Followers: what comes is visible soon, work is shared, kills and hangs change nothing."""

import dataclasses
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from eventlog.errors import UnavailableError
from eventlog.log import EventLog
from projections.follower import Beat, Follower
from projections.groups import GROUPS, RUNS, Group
from projections.store import ViewStore
from projections.verify import verify_views

Start = Callable[..., subprocess.Popen[str]]


def _append_runs(log: EventLog, story: Callable[..., object], numbers: Sequence[int]) -> None:
    for number in numbers:
        log.append(story(f"run-{number}", start=number * 1000).planned().ran().events)  # type: ignore[attr-defined]


def _wait_until_folded(store: ViewStore, log: EventLog, seconds: float = 30.0) -> None:
    end, head = time.monotonic() + seconds, log.head()
    while not all(store.checkpoint(group.name).position.reaches(head) for group in GROUPS):
        assert time.monotonic() < end, [str(store.checkpoint(group.name).position) for group in GROUPS]
        time.sleep(0.02)


@pytest.fixture
def views(location: str) -> Iterator[ViewStore]:
    """The views, opened by the test itself."""
    with closing(ViewStore.open(location)) as store:
        yield store


@contextmanager
def following(log: EventLog, store: ViewStore) -> Iterator[list[Beat]]:
    """What a follower in a thread tells; it has ended afterwards, also where the test failed."""
    stop, beats = threading.Event(), list[Beat]()
    follower = Follower(log, store)
    thread = threading.Thread(target=follower.run, args=(stop, beats.append), kwargs={"every": 0.05})
    thread.start()
    try:
        yield beats
    finally:
        stop.set()
        thread.join(30)
    assert not thread.is_alive()


def test_what_is_appended_is_folded_within_a_moment_and_stopping_ends_the_follower(
    views: ViewStore, partitioned: EventLog, story: Callable[..., object]
) -> None:
    with following(partitioned, views) as beats:
        for number in range(3):
            _append_runs(partitioned, story, [number])
            _wait_until_folded(views, partitioned)
        told, end = (sum(partitioned.head().offsets.values()), 0), time.monotonic() + 30
        # what is visible is told only with the next beat
        while (beats[-1].events, beats[-1].lag) != told and time.monotonic() < end:
            time.sleep(0.02)
    assert (beats[-1].events, beats[-1].lag) == told
    assert beats[0].partitions == (0, 1, 2, 3)
    assert all(verdict.holds for verdict in verify_views(partitioned, views))


def test_a_follower_without_news_looks_at_the_views_once_a_second_and_not_all_the_time(
    views: ViewStore, partitioned: EventLog, story: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, live = list[str](), views.storage.live

    def counted(group: Group) -> str | None:
        looks.append(group.name)
        return live(group)

    monkeypatch.setattr(views.storage, "live", counted)
    _append_runs(partitioned, story, [1])
    with following(partitioned, views):
        _wait_until_folded(views, partitioned)
        time.sleep(0.5)
        before, since = len(looks), time.monotonic()
        time.sleep(1.5)
        seconds = time.monotonic() - since
    # each group when claims are looked at, and now and then to say that somebody looks after it
    assert 0 < len(looks) - before <= 2 * len(GROUPS) * (seconds + 1)


@pytest.mark.crash
def test_two_followers_share_the_partitions_and_one_that_is_killed_leaves_its_own_to_the_other(
    location: str, views: ViewStore, partitioned: EventLog, story: Callable[..., object], start: Start
) -> None:
    _append_runs(partitioned, story, range(8))
    first, second = start("follow", location), start("follow", location)
    shares = set()
    end = time.monotonic() + 20
    while shares != {2} and time.monotonic() < end:
        shares = {len(_beat(process)) for process in (first, second)}
    assert shares == {2}
    assert set(_beat(first)) | set(_beat(second)) == {0, 1, 2, 3}
    first.send_signal(signal.SIGKILL)
    _append_runs(partitioned, story, range(8, 16))
    _wait_until_folded(views, partitioned)
    second.send_signal(signal.SIGTERM)
    assert second.wait(20) == 0
    assert all(verdict.holds for verdict in verify_views(partitioned, views))


def _beat(process: subprocess.Popen[str]) -> list[int]:
    assert process.stdout is not None
    return [int(word) for word in process.stdout.readline().split()[1:]]


@pytest.mark.crash
def test_followers_that_are_killed_again_and_again_fold_everything_once(
    location: str, views: ViewStore, partitioned: EventLog, story: Callable[..., object], start: Start
) -> None:
    for turn in range(3):
        _append_runs(partitioned, story, range(turn * 6, turn * 6 + 6))
        processes = [start("follow", location) for _ in range(2)]
        time.sleep(0.05 * turn)
        for process in processes:
            process.send_signal(signal.SIGKILL)
            process.wait(10)
    survivor = start("follow", location)
    _wait_until_folded(views, partitioned)
    survivor.send_signal(signal.SIGTERM)
    assert survivor.wait(20) == 0
    assert all(verdict.holds for verdict in verify_views(partitioned, views))


@pytest.mark.crash
def test_a_follower_that_hangs_loses_its_partitions_and_when_it_wakes_writes_nothing_twice(
    location: str, views: ViewStore, partitioned: EventLog, story: Callable[..., object], start: Start
) -> None:
    hanging = start("follow", location)
    _append_runs(partitioned, story, range(4))
    _wait_until_folded(views, partitioned)
    other = start("follow", location)
    hanging.send_signal(signal.SIGSTOP)
    _append_runs(partitioned, story, range(4, 16))
    # far from the patience of a lock or an idle transaction
    _wait_until_folded(views, partitioned, seconds=20)
    hanging.send_signal(signal.SIGCONT)
    _append_runs(partitioned, story, range(16, 20))
    _wait_until_folded(views, partitioned)
    for process in (hanging, other):
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert all(verdict.holds for verdict in verify_views(partitioned, views))


@pytest.mark.crash
@pytest.mark.postgres
def test_a_follower_whose_sessions_the_database_ends_goes_on_with_new_ones(
    postgres_url: str, partitioned: EventLog, story: Callable[..., object], start: Start
) -> None:
    with closing(ViewStore.open(postgres_url)) as views:
        follower = start("follow", postgres_url)
        for turn in range(3):
            _append_runs(partitioned, story, range(turn * 3, turn * 3 + 3))
            _end_sessions_of(postgres_url, follower.pid)
            _wait_until_folded(views, partitioned)
        follower.send_signal(signal.SIGTERM)
        assert follower.wait(20) == 0
        assert all(verdict.holds for verdict in verify_views(partitioned, views))


def _end_sessions_of(url: str, process: int) -> None:
    engine = create_engine(url)
    query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE :name"
    with engine.begin() as connection:
        ended = connection.execute(text(query), {"name": f"hoofprint % process {process} on %"}).all()
    engine.dispose()
    assert ended


def test_a_follower_of_an_older_version_leaves_newer_views_alone(
    views: ViewStore, partitioned: EventLog, story: Callable[..., object]
) -> None:
    newer = dataclasses.replace(RUNS, version=RUNS.version + 1)
    views.storage.activate(newer, made := views.storage.create(newer))
    _append_runs(partitioned, story, [1])
    with pytest.raises(UnavailableError, match=f"are {made}, of a newer version .* upgrade it"):
        Follower(partitioned, views, patience=0.3).run(threading.Event(), lambda beat: None)
    assert views.live(RUNS) == made


def test_a_follower_gives_up_on_views_that_stay_out_of_reach(
    views: ViewStore, partitioned: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def out_of_reach(*_: object) -> object:
        raise OperationalError("BEGIN", {}, Exception("no connection"))

    monkeypatch.setattr(views.storage, "claims", out_of_reach)
    with pytest.raises(UnavailableError, match=r"are out of reach: .*no connection"):
        Follower(partitioned, views, patience=0.3).run(threading.Event(), lambda beat: None)
