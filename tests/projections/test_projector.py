"""The projector: exactly once, forward only, nothing lost silently."""

import dataclasses
from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import select

from eventlog.errors import LogError, SchemaError, UnavailableError
from eventlog.event import Event
from eventlog.facts import ScriptFinished
from eventlog.log import Batch, Position
from eventlog.memory import MemoryLog
from projections.answers.runs import list_runs, progress_of
from projections.bookkeeping import (
    DEAD_LETTERS,
    StaleCheckpointError,
    advance_checkpoint,
    read_checkpoint,
)
from projections.digest import digest_group
from projections.groups import GROUPS, RUNS, Group
from projections.projector import Progress, Projector
from projections.store import ViewStore
from projections.verify import verify_views


@pytest.fixture
def log(complete: Sequence[Event]) -> MemoryLog:
    """A log that holds the stories."""
    log = MemoryLog()
    log.append(complete)
    return log


def _digests(store: ViewStore) -> dict[str, str]:
    digests: dict[str, str] = {}
    for group in GROUPS:
        with store.reading(group.name) as connection:
            digests |= {f"{group.name}.{k}": v for k, v in digest_group(connection, group).items()}
    return digests


def test_catching_up_folds_the_whole_log_and_reports_where_it_is(store: ViewStore, log: MemoryLog) -> None:
    seen: list[Progress] = []
    folded = Projector(log, store, batch_size=7).catch_up(seen.append)
    head = log.head()
    assert folded == head.offset(0)
    assert [p.events for p in seen] == [*range(7, folded, 7), folded]
    assert all(store.checkpoint(group.name).position == head for group in GROUPS)


def test_catching_up_twice_folds_nothing_the_second_time(store: ViewStore, log: MemoryLog) -> None:
    Projector(log, store).catch_up()
    before = _digests(store)
    assert Projector(log, store).catch_up() == 0
    assert _digests(store) == before


def test_the_batch_size_does_not_show_in_the_tables(
    store: ViewStore, log: MemoryLog, complete: Sequence[Event]
) -> None:
    Projector(log, store, batch_size=1).catch_up()
    one_by_one = _digests(store)
    for group in GROUPS:
        Projector(log, store).rebuild(group)
    assert _digests(store) == one_by_one


def test_a_step_holds_no_more_than_so_many_bytes_and_the_tables_do_not_show_it(
    store: ViewStore, log: MemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    Projector(log, store).catch_up()
    at_once = _digests(store)
    monkeypatch.setattr("projections.projector.LARGEST_STEP", 1_000)
    seen: list[Progress] = []
    for group in GROUPS:
        Projector(log, store).rebuild(group, seen.append)
    assert _digests(store) == at_once
    steps = [record.body for record in log.read(Position(), 1_000_000).records]
    assert len(seen) > sum(map(len, steps)) / 1_000


def test_views_of_another_log_are_refused(store: ViewStore, log: MemoryLog) -> None:
    Projector(log, store).catch_up()
    with pytest.raises(LogError, match=str(log.identity)):
        Projector(MemoryLog(), store).catch_up()


def test_a_checkpoint_that_somebody_moved_stops_the_batch_and_writes_nothing(store: ViewStore) -> None:
    log = MemoryLog()
    generation = store.live(RUNS)
    with store.storage.writing(RUNS, generation) as connection:
        advance_checkpoint(connection, log.identity, Position(), Position({0: 5}))
    for before in (Position(), Position({0: 3})):
        with (
            pytest.raises(StaleCheckpointError),
            store.storage.writing(RUNS, generation) as connection,
        ):
            advance_checkpoint(connection, log.identity, before, Position({0: 9}))
    assert store.checkpoint("runs").position == Position({0: 5})


def test_a_checkpoint_never_goes_back(store: ViewStore) -> None:
    log = MemoryLog()
    with store.storage.writing(RUNS, store.live(RUNS)) as connection:
        advance_checkpoint(connection, log.identity, Position(), Position({0: 5}))
        with pytest.raises(StaleCheckpointError, match="back"):
            advance_checkpoint(connection, log.identity, Position({0: 5}), Position({0: 4}))


def test_a_poisonous_event_is_found_by_halving_and_the_rest_is_folded(
    store: ViewStore, complete: Sequence[Event], log: MemoryLog
) -> None:
    healthy = MemoryLog()
    healthy.append(complete)
    poison = ScriptFinished(run="run-1", job="cut_ID1", attempt=2, script="midway", exit_raw=0)
    poisoned = MemoryLog()
    poisoned.append([*complete[:20], dataclasses.replace(complete[0], **_envelope(complete[0], poison))])
    poisoned.append(complete[20:])
    Projector(poisoned, store).catch_up()
    with store.reading("runs") as connection:
        letters = connection.execute(select(DEAD_LETTERS)).all()
        assert read_checkpoint(connection).position == poisoned.head()
    assert [(letter.offset, letter.type) for letter in letters] == [(20, "ScriptFinished")]
    assert "midway" in letters[0].error
    assert all(verdict.holds for verdict in verify_views(poisoned, store))


def _envelope(like: Event, fact: ScriptFinished) -> dict[str, object]:
    from eventlog.identity import event_id

    identity = event_id("ScriptFinished", root=like.key, run=fact.run, job=fact.job, attempt=2, ordinal=99)
    return {"id": identity, "type": "ScriptFinished", "fact": dataclasses.replace(fact, ordinal=99)}


class _Foreign:
    """A log in which one record was written by a newer version."""

    def __init__(self, log: MemoryLog, offset: int, **changes: object) -> None:
        self._log, self._offset, self._changes = log, offset, changes

    def __getattr__(self, name: str) -> object:
        return getattr(self._log, name)

    def read(self, after: Position, limit: int, *, key: str | None = None) -> Batch:
        batch = self._log.read(after, limit, key=key)
        records = [
            dataclasses.replace(record, **self._changes) if record.offset == self._offset else record
            for record in batch.records
        ]
        return Batch(records, batch.position)


@pytest.mark.parametrize(
    "changes",
    [{"type": "JobTeleported"}, {"body": b"\xc3\x01" + b"\x07" * 8 + b"body"}],
    ids=["type", "fingerprint"],
)
def test_an_event_of_an_unknown_schema_stops_the_projector_before_it(
    store: ViewStore, log: MemoryLog, changes: dict[str, object]
) -> None:
    with pytest.raises(SchemaError, match="0:9"):
        Projector(_Foreign(log, 9, **changes), store, batch_size=3).catch_up()  # type: ignore[arg-type]
    assert store.checkpoint("runs").position == Position({0: 9})


def test_a_damaged_event_of_a_known_schema_is_a_dead_letter(store: ViewStore, log: MemoryLog) -> None:
    body = log.read(Position({0: 9}), 1).records[0].body[:12]
    Projector(_Foreign(log, 9, body=body), store).catch_up()  # type: ignore[arg-type]
    for group in GROUPS:
        with store.reading(group.name) as connection:
            assert connection.execute(select(DEAD_LETTERS.c.offset)).scalars().all() == [9]


@pytest.mark.parametrize(
    "changes",
    [{"type": ""}, {"type": "", "body": b"{}"}, {"type": "com.example.Noticed", "body": b""}],
    ids=["without a type", "without anything", "of another program's type"],
)
def test_what_another_program_put_into_the_log_is_a_dead_letter(
    store: ViewStore, log: MemoryLog, changes: dict[str, object]
) -> None:
    Projector(_Foreign(log, 9, **changes), store).catch_up()  # type: ignore[arg-type]
    assert store.checkpoint("runs").position == log.head()
    for group in GROUPS:
        with store.reading(group.name) as connection:
            assert connection.execute(select(DEAD_LETTERS.c.offset)).scalars().all() == [9]


def test_a_rebuild_replaces_the_live_generation_and_readers_keep_theirs(
    store: ViewStore, log: MemoryLog
) -> None:
    Projector(log, store).catch_up()
    old = store.live(RUNS)
    before = _digests(store)
    Projector(log, store).rebuild(RUNS)
    assert store.live(RUNS) != old
    assert _digests(store) == before


def test_views_of_another_version_are_refused_to_readers_and_built_anew_by_the_projector(
    store: ViewStore, log: MemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    Projector(log, store).catch_up()
    newer = Group(RUNS.name, RUNS.version + 1, RUNS.metadata, RUNS.projections)
    monkeypatch.setattr("projections.groups.GROUPS", (newer, GROUPS[1]))
    monkeypatch.setattr("projections.projector.GROUPS", (newer, GROUPS[1]))
    with pytest.raises(UnavailableError, match="rebuild runs"), store.reading("runs"):
        pass
    Projector(log, store).catch_up()
    with store.reading("runs") as connection:
        assert len(list_runs(connection)) == 3


def test_verification_finds_a_row_that_somebody_changed(store: ViewStore, log: MemoryLog) -> None:
    Projector(log, store).catch_up()
    assert all(verdict.holds for verdict in verify_views(log, store))
    jobs = RUNS.metadata.tables["jobs"]
    with store.storage.writing(RUNS, store.live(RUNS)) as connection:
        connection.execute(jobs.update().values(site="elsewhere").where(jobs.c.job == "stage_in"))
    runs, data = verify_views(log, store)
    assert runs.different == ("jobs",)
    assert data.holds


def test_a_plan_is_invisible_until_its_last_chunk_is_folded(
    store: ViewStore, story: Callable[..., object]
) -> None:
    events = story("run-9").planned().events  # type: ignore[attr-defined]
    jobs = next(event for event in events if event.type == "JobsPlanned")
    log = MemoryLog()
    log.append([event for event in events if event is not jobs])
    Projector(log, store).catch_up()
    with store.reading("runs") as connection:
        assert list_runs(connection) == []
    log.append([jobs])
    Projector(log, store).catch_up()
    with store.reading("runs") as connection:
        (run,) = list_runs(connection)
        assert run.state == "planned"
        assert progress_of(connection, run.ref).unsubmitted == 3
