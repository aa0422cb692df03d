"""Following the log from a process of its own, or from a server's thread."""

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from eventlog.errors import UnavailableError
from hoofprint.app.house import House
from projections.follower import Beat, Follower
from projections.projector import MAX_DEAD_LETTERS

_AGAIN_AFTER = 1.0
_logger = logging.getLogger("hoofprint.following")


def follow(
    house: House,
    stop: threading.Event,
    tell: Callable[[Beat], None],
    *,
    max_dead_letters: int = MAX_DEAD_LETTERS,
) -> None:
    """Fold what is new until told to stop, over connections of its own."""
    own = House(house.settings)
    try:
        Follower(own.log, own.store, max_dead_letters=max_dead_letters).run(stop, tell)
    finally:
        own.close()


def follow_patiently(house: House, stop: threading.Event) -> None:
    """As ``follow``, and again whenever log or views were out of reach, for a server that outlives them.

    A follower gives up after minutes, so that whoever started it can tell; a server has nobody to start its
    thread again, and goes on answering meanwhile. Nor does a follower wait for what cannot even be opened.
    """
    while not stop.is_set():
        try:
            follow(house, stop, lambda beat: _logger.info("%s", beat))
        except UnavailableError as error:
            _logger.warning("cannot fold now, trying again: %s", error)
            stop.wait(_AGAIN_AFTER)


@contextmanager
def stopping_on_signals() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set, in place of what they do otherwise.

    SIGTERM asks for an orderly end; after SIGINT a KeyboardInterrupt follows when all is in order.
    """
    stop, received = threading.Event(), set[int]()

    def note(number: int, frame: object) -> None:
        received.add(number)
        stop.set()

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if signal.SIGINT in received:
        raise KeyboardInterrupt
