"""Dead letters: kept, listed, retried with their rows; texts that one database could not keep."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from sqlalchemy import select

from eventlog.errors import HoofprintError, NotFoundError, UnavailableError
from eventlog.event import Event
from eventlog.facts import JobFinished, ScriptFinished
from eventlog.memory import MemoryLog
from projections import groups
from projections.bookkeeping import read_unhandled
from projections.dead_letters import list_dead_letters, retry_dead_letters
from projections.digest import digest_group
from projections.groups import GROUPS, RUNS
from projections.projector import Projector
from projections.runs import attempts
from projections.runs.attempts import ATTEMPTS, SCRIPTS
from projections.store import ViewStore
from projections.verify import verify_views


@pytest.fixture
def poisoned(story: Callable[..., object]) -> MemoryLog:
    """A log with two scripts of a kind that no projection knows yet."""
    log = MemoryLog()
    told = story("run-1").planned().ran()  # type: ignore[attr-defined]
    names = {"run": "run-1", "job": "cut_ID1", "attempt": 2, "script": "midway", "exit_raw": 0}
    told.say(50, *(ScriptFinished(**names, ordinal=ordinal) for ordinal in (7, 8)))
    log.append(told.events)
    return log


def _know_midway(monkeypatch: pytest.MonkeyPatch) -> None:
    """A newer version that folds such scripts, too."""
    known = attempts._scripts

    def scripts(batch: object) -> object:
        events = [
            dataclasses.replace(event, fact=dataclasses.replace(fact, script="post"))
            for event, fact in batch.of(ScriptFinished)  # type: ignore[attr-defined]
        ]
        return known(groups.FactBatch(events))

    monkeypatch.setattr(attempts, "_scripts", scripts)


def test_dead_letters_are_listed_with_place_type_and_reason(store: ViewStore, poisoned: MemoryLog) -> None:
    Projector(poisoned, store).catch_up()
    letters = list_dead_letters(store)
    end = poisoned.head().offset(0)
    assert [(one.group, one.position, one.type) for one in letters] == [
        ("runs", f"0:{end - 2}", "ScriptFinished"),
        ("runs", f"0:{end - 1}", "ScriptFinished"),
    ]
    assert all("midway" in one.error for one in letters)


def test_a_letter_that_fails_again_stays_and_leaves_no_row(store: ViewStore, poisoned: MemoryLog) -> None:
    Projector(poisoned, store).catch_up()
    before = list_dead_letters(store)
    assert all("midway" in one.error for one in retry_dead_letters(poisoned, store))
    assert list_dead_letters(store) == before
    assert all(verdict.holds for verdict in verify_views(poisoned, store))


def test_a_letter_that_can_be_folded_now_goes_together_with_the_rows_it_brings(
    store: ViewStore, poisoned: MemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    Projector(poisoned, store).catch_up()
    first, second = list_dead_letters(store)
    _know_midway(monkeypatch)
    (done,) = retry_dead_letters(poisoned, store, event_id=first.event_id)
    assert (done.letter, done.error) == (first, "")
    assert list_dead_letters(store) == [second]
    with store.reading("runs") as connection:
        rows = connection.execute(select(SCRIPTS.c.ordinal).where(SCRIPTS.c.ordinal > 6)).scalars().all()
    assert rows == [7]
    retry_dead_letters(poisoned, store)
    assert list_dead_letters(store) == []
    assert all(verdict.holds for verdict in verify_views(poisoned, store))


def test_a_retry_of_an_event_that_is_no_dead_letter_says_so(store: ViewStore, poisoned: MemoryLog) -> None:
    with pytest.raises(NotFoundError, match="no dead letter is of event nothing"):
        retry_dead_letters(poisoned, store, event_id="nothing")


def test_more_dead_letters_than_allowed_stop_the_projector_before_them(
    store: ViewStore, poisoned: MemoryLog
) -> None:
    with pytest.raises(HoofprintError, match="2 events could not be folded into the runs views, 1 may"):
        Projector(poisoned, store, max_dead_letters=1).catch_up()
    assert list_dead_letters(store) == []
    assert not store.checkpoint("runs").position.reaches(poisoned.head())


def _with_nul(events: Sequence[Event]) -> list[Event]:
    """The same, but jobs say ``\\0`` in their problems, and two jobs differ in nothing else."""
    told = []
    for event in events:
        if isinstance(event.fact, JobFinished):
            event = dataclasses.replace(
                event,
                fact=dataclasses.replace(event.fact, problem="a\0b", stderr_tail="\0", job="a\0"),
            )
        told.append(event)
    return told


def test_a_text_with_a_nul_is_kept_alike_on_both_databases(
    store: ViewStore, complete: Sequence[Event], tmp_path: Path
) -> None:
    log = MemoryLog()
    log.append(_with_nul(complete))
    Projector(log, store).catch_up()
    other = ViewStore.open(tmp_path / "other")
    Projector(log, other, batch_size=3).catch_up()
    digests = []
    for views in (store, other):
        with views.reading("runs") as runs, views.reading("data") as data:
            digests.append([digest_group(runs, GROUPS[0]), digest_group(data, GROUPS[1])])
    other.close()
    assert digests[0] == digests[1]
    assert list_dead_letters(store) == []
    with store.reading("runs") as connection:
        problems = set(connection.execute(select(ATTEMPTS.c.problem)).scalars())
        assert "a\ufffdb" in problems
        assert connection.execute(select(ATTEMPTS.c.job).where(ATTEMPTS.c.job == "a\ufffd")).first()


def test_types_that_no_group_folds_are_counted(
    store: ViewStore, poisoned: MemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = groups.handled_types() - {JobFinished}
    monkeypatch.setattr("projections.folding.handled_types", lambda: known)
    Projector(poisoned, store, batch_size=5).catch_up()
    for group in GROUPS:
        with store.reading(group.name) as connection:
            assert read_unhandled(connection) == {"JobFinished": 4}


def test_a_database_that_stays_away_stops_the_projector_with_one_clear_error(
    tmp_path: Path, poisoned: MemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.projector._RETRY_SECONDS", (0.0, 0.0))
    store = ViewStore.open(tmp_path / "views")
    with store.storage.writing(RUNS, store.live(RUNS)) as connection:
        connection.exec_driver_sql("DROP TABLE attempts")
        connection.exec_driver_sql("CREATE VIEW attempts AS SELECT 1")
    with pytest.raises(UnavailableError, match="cannot be written"):
        Projector(poisoned, store).catch_up()
    store.close()
