"""The law of the views: any order, with duplicates, in any batches, gives the same tables."""

import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from eventlog.event import Event
from projections.batch import FactBatch
from projections.digest import digest_group
from projections.groups import GROUPS
from projections.store import ViewStore

Digests = Mapping[str, Mapping[str, str]]


@pytest.fixture
def reference(complete: Sequence[Event], tmp_path: Path) -> Iterator[Digests]:
    """The digests of the stories folded one by one, in order, in SQLite."""
    store = ViewStore.open(tmp_path / "reference")
    yield _fold(store, [[event] for event in complete])
    store.close()


def _fold(store: ViewStore, batches: Sequence[Sequence[Event]]) -> Digests:
    """Fold batches into a generation of their own and digest it."""
    digests = {}
    for group in GROUPS:
        generation = store.storage.create(group)
        for events in batches:
            with store.storage.writing(group, generation) as connection:
                for apply in group.projections:
                    apply(FactBatch(events), connection)
        with store.storage.reading(group, generation) as connection:
            digests[group.name] = digest_group(connection, group)
        store.storage.drop(group, generation)
    return digests


def _shuffled(events: Sequence[Event], seed: int, doubled: float, size: int) -> list[list[Event]]:
    """The events in random order, some of them twice, in batches of up to ``size``."""
    chance = random.Random(seed)
    told = [*events, *(event for event in events if chance.random() < doubled)]
    chance.shuffle(told)
    batches = []
    while told:
        length = chance.randint(1, size)
        batches.append(told[:length])
        told = told[length:]
    return batches


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32),
    doubled=st.sampled_from([0.0, 0.3, 1.0]),
    size=st.sampled_from([1, 5, 1000]),
)
def test_any_permutation_with_duplicates_gives_the_same_digests(
    store: ViewStore, complete: Sequence[Event], reference: Digests, seed: int, doubled: float, size: int
) -> None:
    assert _fold(store, _shuffled(complete, seed, doubled, size)) == reference


def test_the_stories_fill_every_table_so_that_the_law_speaks_of_all(
    store: ViewStore, complete: Sequence[Event]
) -> None:
    empty = []
    for group in GROUPS:
        generation = store.storage.create(group)
        with store.storage.writing(group, generation) as connection:
            for apply in group.projections:
                apply(FactBatch(complete), connection)
            empty += [
                table.name
                for table in group.metadata.sorted_tables
                if connection.execute(select(table).limit(1)).first() is None
            ]
    assert empty == []
