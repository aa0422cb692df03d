"""Rebuilds beside living views: readers notice nothing, one at a time, killed ones are gone on with."""

import signal
import subprocess
import threading
import time
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from eventlog.event import Event
from eventlog.log import EventLog, Position
from eventlog.memory import MemoryLog
from projections.bookkeeping import read_checkpoint
from projections.groups import RUNS
from projections.projector import Projector, Target
from projections.runs.attempts import ATTEMPTS
from projections.storage import BusyError
from projections.store import ViewStore
from projections.verify import verify_views

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def log(complete: list[Event]) -> MemoryLog:
    """A log that holds the stories."""
    log = MemoryLog()
    log.append(complete)
    return log


def test_two_rebuilds_of_one_group_refuse_each_other_and_say_who_runs(
    store: ViewStore, log: MemoryLog
) -> None:
    with (
        store.storage.rebuilding(RUNS),
        pytest.raises(BusyError, match=r"process \d+ on .* rebuilds the runs views"),
    ):
        Projector(log, store).rebuild(RUNS)
    Projector(log, store).rebuild(RUNS)
    assert store.storage.generations(RUNS) == [store.live(RUNS)]


def test_a_rebuild_goes_on_where_a_killed_one_stood(store: ViewStore, log: MemoryLog) -> None:
    projector = Projector(log, store)
    projector.catch_up()
    left = store.storage.create(RUNS)
    projector.fold_into([Target(RUNS, left)], Position({0: 10}))
    seen: list[int] = []
    projector.rebuild(RUNS, lambda progress: seen.append(progress.events))
    assert store.live(RUNS) == left
    assert seen[-1] == log.head().offset(0) - 10
    assert store.storage.generations(RUNS) == [left]
    assert all(verdict.holds for verdict in verify_views(log, store))


def test_a_rebuild_from_the_beginning_drops_what_a_killed_one_left(store: ViewStore, log: MemoryLog) -> None:
    projector = Projector(log, store)
    projector.catch_up()
    projector.fold_into([Target(RUNS, store.storage.create(RUNS))], Position({0: 10}))
    seen: list[int] = []
    projector.rebuild(RUNS, lambda progress: seen.append(progress.events), resume=False)
    assert seen[-1] == log.head().offset(0)
    assert store.storage.generations(RUNS) == [store.live(RUNS)]
    assert all(verdict.holds for verdict in verify_views(log, store))


def test_readers_see_no_error_no_empty_answer_and_no_step_back_while_views_are_swapped(
    store: ViewStore, log: MemoryLog
) -> None:
    Projector(log, store).catch_up()
    done, problems, answers = threading.Event(), list[object](), list[int]()

    def read() -> None:
        offset = 0
        while not done.is_set():
            try:
                with store.reading("runs") as connection:
                    rows = connection.execute(select(func.count()).select_from(ATTEMPTS)).scalar_one()
                    now = read_checkpoint(connection).position.offset(0)
            except Exception as error:
                problems.append(error)
                return
            if not rows or now < offset:
                problems.append((rows, offset, now))
            offset = now
            answers.append(rows)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for _ in range(5):
        Projector(log, store).rebuild(RUNS)
    done.set()
    for reader in readers:
        reader.join(20)
    assert problems == []
    assert len(set(answers)) == 1


def test_a_projector_whose_views_are_swapped_goes_on_in_the_new_ones(
    store: ViewStore, log: MemoryLog
) -> None:
    swapped: list[str] = []

    def swap_once(progress: object) -> None:
        if not swapped:
            swapped.append(store.live(RUNS))
            Projector(log, store).rebuild(RUNS)

    Projector(log, store, batch_size=5).catch_up(swap_once)
    assert store.live(RUNS) != swapped[0]
    assert all(verdict.holds for verdict in verify_views(log, store))


@pytest.mark.crash
def test_a_rebuild_that_is_killed_leaves_the_live_views_and_the_next_one_ends_clean(
    location: str, partitioned: EventLog, story: Callable[..., object], start: Start
) -> None:
    for number in range(10):
        partitioned.append(story(f"run-{number}").planned().ran().events)  # type: ignore[attr-defined]
    store = ViewStore.open(location)
    Projector(partitioned, store).catch_up()
    live = store.live(RUNS)
    killed = start("rebuild", location)
    while len(store.storage.generations(RUNS)) < 2:
        time.sleep(0.001)
    killed.send_signal(signal.SIGKILL)
    killed.wait(10)
    assert store.live(RUNS) == live
    Projector(partitioned, store).rebuild(RUNS)
    assert store.storage.generations(RUNS) == [store.live(RUNS)] != [live]
    assert all(verdict.holds for verdict in verify_views(partitioned, store))
    store.close()
