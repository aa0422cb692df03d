"""The questions at a campaign's end find what they ask for: each is shown what it must object to."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import delete

from eventlog.event import Event
from eventlog.memory import MemoryLog
from eventlog.opening import open_log
from projections.groups import RUNS
from projections.projector import Projector
from projections.runs.attempts import ATTEMPTS
from projections.store import ViewStore
from tests.chaos import findings
from tests.chaos.actors import Producer
from tests.chaos.cast import Place
from tests.chaos.processes import EndedError, Process
from tests.chaos.stories import story

STORIES = {"ann": 2}


def told(*events: Sequence[Event]) -> MemoryLog:
    log = MemoryLog()
    for part in events:
        log.append(part)
    return log


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ViewStore]:
    """Views with both of Ann's stories."""
    with closing(ViewStore.open(tmp_path / "views")) as store:
        Projector(told(story("ann", 0), story("ann", 1)), store).catch_up()
        yield store


def test_an_event_that_was_acknowledged_and_is_not_there() -> None:
    assert findings.lost_or_overtaken(told(story("ann", 0), story("ann", 1)), STORIES) == []
    (found,) = findings.lost_or_overtaken(told(story("ann", 0), story("ann", 1)[:-1]), STORIES)
    assert found == "the log has ann-1 otherwise than it was told: 1 events are missing"


def test_an_event_that_overtook_another_of_its_key() -> None:
    first, second, *others = story("ann", 1)
    assert findings.lost_or_overtaken(told(story("ann", 0), (second, first, *others)), STORIES)


def test_views_that_lack_a_row(store: ViewStore, tmp_path: Path) -> None:
    log = told(story("ann", 0), story("ann", 1))
    assert findings.unlike_the_stories(store, STORIES, tmp_path / "clean") == []
    with store.storage.writing(RUNS, store.live(RUNS)) as connection:
        connection.execute(delete(ATTEMPTS).where(ATTEMPTS.c.attempt == 2))
    assert findings.unlike_the_stories(store, STORIES, tmp_path / "again") == [
        "runs.attempts is not what was told"
    ]
    # that log has another identity, and the same events at the same places
    assert "attempts" in findings.unlike_the_fold(log, store)[0]


def test_views_that_are_behind(store: ViewStore) -> None:
    log = told(story("ann", 0), story("ann", 1), story("ann", 2))
    assert len(findings.behind(log, store, 0.2)) == 2
    assert findings.behind(told(story("ann", 0)), store, 0.2) == []


def test_what_dead_processes_left(store: ViewStore, monkeypatch: pytest.MonkeyPatch) -> None:
    assert findings.left_behind(store, [0, 1]) == []
    monkeypatch.setattr(findings, "_GONE_WITHIN", 0.1)
    left = store.storage.create(RUNS)
    with closing(store.storage.claims()) as claims, store.storage.rebuilding(RUNS):
        claims.take(1)
        found = findings.left_behind(store, [0, 1])
    assert found[:2] == ["1 followers are still counted", "partitions [1] are still claimed"]
    assert found[2].endswith("rebuilds the runs views; try again afterwards")
    assert found[3] == f"views were left: {[left]}"


def test_a_traceback_that_somebody_saw() -> None:
    assert findings.unexpected_words({"a": "all is well"}, ("Traceback",)) == []
    (found,) = findings.unexpected_words({"a": "…\nTraceback (most recent call last)"}, ("Traceback",))
    assert found.startswith("a said 'Traceback'")


def test_a_producer_that_ended_by_itself(tmp_path: Path) -> None:
    producer = Producer(Process("ann", tmp_path, {"HOOFPRINT_LOG": "nowhere:", "HOME": str(tmp_path)}))
    producer.start()
    with pytest.raises(EndedError, match=r"(?s)ann ended with .*'nowhere:' names no event log"):
        producer.finish()


@pytest.mark.crash
def test_views_of_a_follower_that_moved_the_checkpoint_before_the_rows_and_was_killed(tmp_path: Path) -> None:
    place = Place.in_files(tmp_path)
    with closing(open_log(place.log)) as log, closing(ViewStore.open(place.views)) as store:
        log.append([*story("ann", 0), *story("ann", 1)])
        careless = Process("careless", tmp_path, {**os.environ, **place.settings})
        careless.start("-m", "tests.chaos.programs.careless_follow")
        end = time.monotonic() + 60
        while "moved" not in careless.out.read_text():
            assert time.monotonic() < end, careless.last_words()
            time.sleep(0.05)
        careless.kill()
        Projector(log, store).catch_up()
        assert findings.unlike_the_fold(log, store)
        assert findings.unlike_the_stories(store, STORIES, tmp_path / "told")
