"""How followers share partitions: fair shares, and what happens to one that hangs."""

import uuid
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from eventlog.log import Position
from projections.bookkeeping import advance_checkpoint
from projections.groups import RUNS
from projections.sharing import Share
from projections.storage import Claims, ClaimsLostError
from projections.store import ViewStore

FOUR = [0, 1, 2, 3]
LOG = uuid.uuid4()


class Time:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Members:
    """Claims in memory, of as many followers as there are objects that share a table."""

    def __init__(self, table: dict[int, "Members"], members: int = 2) -> None:
        self._table = table
        self._members = members
        self.lost = False

    def members(self) -> int:
        if self.lost:
            raise ClaimsLostError("lost")
        return self._members

    def take(self, partition: int) -> bool:
        return self._table.setdefault(partition, self) is self

    def release(self, partition: int) -> None:
        del self._table[partition]

    def expel(self, partition: int, idle: float) -> None:
        holder = self._table.get(partition)
        for each in [each for each, owner in self._table.items() if owner is holder]:
            self._table.pop(each).lost = True

    def close(self) -> None:
        """Nothing to let go of."""


def test_partitions_are_shared_out_and_one_that_shows_life_keeps_its_own() -> None:
    table: dict[int, Members] = {}
    time, first, second = Time(), Members(table), Members(table)
    shares = [Share(claims, hangs_after=15.0, clock=time) for claims in (first, second)]
    for share in shares:
        share.balance(FOUR)
    assert [sorted(share.partitions) for share in shares] == [[0, 1], [2, 3]]
    for beat in range(10):
        time.now += 5.0
        assert shares[1].expel_hanging({0: (beat,), 1: (beat,)}, {0, 1}) == []


def test_one_that_shows_no_life_while_news_wait_loses_everything_to_the_others() -> None:
    table: dict[int, Members] = {}
    time, first, second = Time(), Members(table), Members(table)
    hanging, other = (Share(claims, hangs_after=15.0, clock=time) for claims in (first, second))
    hanging.balance(FOUR)
    other.balance(FOUR)
    assert other.expel_hanging({0: (7,), 1: (None,)}, set()) == []
    time.now += 14.9
    assert other.expel_hanging({0: (7,), 1: (None,)}, {1}) == []
    time.now += 0.2
    assert other.expel_hanging({0: (7,), 1: (None,)}, {1}) == [1]
    with pytest.raises(ClaimsLostError):
        hanging.balance(FOUR)
    assert second.take(0)
    assert second.take(1)


@pytest.fixture
def claims(location: str) -> Iterator[list[Claims]]:
    """The claims of two followers, on each database."""
    with ExitStack() as opened:
        stores = [opened.enter_context(closing(ViewStore.open(location))) for _ in range(2)]
        yield [opened.enter_context(closing(store.storage.claims())) for store in stores]


def test_who_was_expelled_is_no_member_any_more_and_hears_of_it(claims: list[Claims]) -> None:
    hanging, other = claims
    assert all(hanging.take(partition) for partition in FOUR)
    assert not other.take(0)
    assert other.members() == 2
    other.expel(3, idle=0)
    assert other.members() == 1
    assert all(other.take(partition) for partition in FOUR)
    with pytest.raises((ClaimsLostError, OperationalError)):
        hanging.members()


def test_a_partition_that_nobody_has_is_nobodys_to_lose(claims: list[Claims]) -> None:
    claims[0].expel(2, idle=0)
    assert [each.members() for each in claims] == [2, 2]


@pytest.mark.postgres
def test_what_an_expelled_follower_had_begun_to_write_is_undone(postgres_url: str) -> None:
    with ExitStack() as opened:
        hanging, other = (opened.enter_context(closing(ViewStore.open(postgres_url))) for _ in range(2))
        assert opened.enter_context(closing(hanging.storage.claims())).take(0)
        relief = opened.enter_context(closing(other.storage.claims()))
        live = other.live(RUNS)

        def fold_while_hanging() -> None:
            with hanging.storage.writing(RUNS, live) as zombie:
                advance_checkpoint(zombie, LOG, Position(), Position({0: 5}))
                relief.expel(0, idle=0)
                with other.storage.writing(RUNS, live) as connection:
                    advance_checkpoint(connection, LOG, Position(), Position({0: 7}))

        with pytest.raises(OperationalError):
            fold_while_hanging()
        assert other.checkpoint("runs").position == Position({0: 7})


def test_members_that_died_are_not_counted(tmp_path: Path) -> None:
    with closing(ViewStore.open(tmp_path)) as store, closing(store.storage.claims()) as alive:
        (tmp_path / "followers" / "member-of-a-dead-process").touch()
        assert alive.members() == 1
