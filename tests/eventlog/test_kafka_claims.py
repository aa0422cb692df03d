"""Who redacts a log: what a row of messages says of it."""

import uuid
from collections.abc import Callable

import pytest

from eventlog.kafka.claims import SHOWS_LIFE_MS, Claims, began, ended, goes_on, settled
from eventlog.kafka.message import Incoming, Outgoing

ONE, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)
Said = Callable[..., Claims]


@pytest.fixture
def said() -> Said:
    """The claims after some messages, each with the broker's time in milliseconds."""

    def hear(*messages: tuple[int, Outgoing]) -> Claims:
        claims = Claims()
        for offset, (time, message) in enumerate(messages):
            claims.take(Incoming(0, offset, time, message.key, message.value, message.headers))
        return claims

    return hear


def test_the_first_of_two_holds_until_it_ends(said: Said) -> None:
    begun = (0, began(ONE)), (1, began(OTHER))
    assert (said(*begun).holds(ONE), said(*begun).holds(OTHER)) == (True, False)
    assert said(*begun, (2, ended(ONE)), (3, began(OTHER))).holds(OTHER)
    assert said(*begun, (2, ended(OTHER))).holds(ONE)


def test_a_claim_of_which_nothing_is_heard_is_taken_over_and_one_that_shows_life_is_not(said: Said) -> None:
    late = SHOWS_LIFE_MS
    assert said((0, began(ONE)), (late, began(OTHER))).holds(OTHER)
    alive = (0, began(ONE)), (late - 1, goes_on(ONE)), (late, began(OTHER))
    assert said(*alive).holds(ONE)
    taken = said((0, began(ONE)), (late, began(OTHER)), (late + 1, goes_on(ONE)), (late + 2, ended(ONE)))
    assert taken.holds(OTHER)


def test_every_redaction_that_held_is_pending_until_it_is_settled(said: Said) -> None:
    late = SHOWS_LIFE_MS
    killed = (0, began(ONE)), (late, began(OTHER))
    assert said(*killed).pending == {ONE, OTHER}
    assert said(*killed).left() == {ONE}
    assert said(*killed, (late, ended(OTHER)), (late, settled(ONE))).left() == {OTHER}
    refused = said((0, began(ONE)), (1, began(OTHER)), (2, ended(ONE)), (3, settled(ONE)))
    assert refused.pending == set()
