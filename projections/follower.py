"""The follower: folds what comes until it is told to stop; any number of them share the partitions."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError

from eventlog.errors import UnavailableError
from eventlog.log import EventLog
from projections.bookkeeping import note_seen, read_pulses
from projections.folding import describe
from projections.projector import MAX_DEAD_LETTERS, Projector
from projections.storage import Claims, GenerationGoneError
from projections.store import ViewStore

logger = logging.getLogger(__name__)

_IDLE = 0.02
_BALANCE_EVERY = 1.0
_SEEN_EVERY = 5.0
_ABANDONED_AFTER = 15.0
_SMALLEST, _LARGEST = 500, 20_000
_QUICK, _SLOW = 0.25, 1.0


@dataclass(frozen=True, slots=True)
class Beat:
    """How a follower stands: its partitions, events folded since it began, and offsets left to fold."""

    partitions: tuple[int, ...]
    events: int
    lag: int


class Follower:
    """Folds the partitions that it claims; claims only spare work, what counts is the checkpoint."""

    def __init__(self, log: EventLog, store: ViewStore, *, max_dead_letters: int = MAX_DEAD_LETTERS) -> None:
        self._log = log
        self._store = store
        self._projector = Projector(log, store, max_dead_letters=max_dead_letters)
        self._claimed: set[int] = set()
        self._adopted: set[int] = set()
        self._size = _SMALLEST
        self._events = self._lag = 0

    def run(self, stop: threading.Event, tell: Callable[[Beat], None], *, every: float = 60.0) -> None:
        """Fold until ``stop`` is set, and then end with the transaction that is under way.

        ``tell`` hears at the beginning and every so many seconds how things stand. Raises UnavailableError
        where log or views stay out of reach, SchemaError and LogError as the projector does.
        """
        try:
            claims = self._store.storage.claims()
            try:
                self._run(claims, stop, tell, every)
            finally:
                claims.close()
        except DBAPIError as error:
            raise UnavailableError(
                f"the views in {self._store.storage.location} are out of reach: {describe(error)}"
            ) from error

    def _run(self, claims: Claims, stop: threading.Event, tell: Callable[[Beat], None], every: float) -> None:
        balance_at = seen_at = tell_at = 0.0
        while not stop.is_set():
            now = time.monotonic()
            if now >= balance_at:
                self._balance(claims)
                balance_at = now + _BALANCE_EVERY
            if now >= seen_at:
                self._say_seen()
                seen_at = now + _SEEN_EVERY
            if now >= tell_at:
                tell(Beat(tuple(sorted(self._claimed)), self._events, self._lag))
                tell_at = now + every
            if not self._step():
                stop.wait(_IDLE)

    def _step(self) -> bool:
        """Fold one batch; False where there was nothing to fold."""
        partitions = self._claimed | self._adopted
        if not partitions:
            return False
        started = time.monotonic()
        try:
            advance = self._projector.advance(self._projector.live_targets(), partitions, self._size)
        except GenerationGoneError:
            # views were swapped: the next step finds those that readers see now
            return False
        self._adapt(advance.events, time.monotonic() - started)
        self._events += advance.events
        self._lag = advance.lag
        return advance.events > 0

    def _adapt(self, events: int, seconds: float) -> None:
        """Larger batches while there is much to do, smaller ones where they keep readers waiting."""
        if seconds > _SLOW:
            self._size = max(_SMALLEST, self._size // 2)
        elif events >= self._size and seconds < _QUICK:
            self._size = min(_LARGEST, self._size * 2)

    def _balance(self, claims: Claims) -> None:
        """Take and give partitions until every follower has its share; look after those nobody moves."""
        partitions = sorted(self._log.head().offsets)
        share = -(-len(partitions) // claims.members())
        for partition in sorted(self._claimed, reverse=True)[: max(0, len(self._claimed) - share)]:
            claims.release(partition)
            self._claimed.discard(partition)
        for partition in partitions:
            if len(self._claimed) >= share:
                break
            if partition not in self._claimed and claims.take(partition):
                self._claimed.add(partition)
        self._adopted = self._abandoned() - self._claimed

    def _abandoned(self) -> set[int]:
        """Partitions that whoever claimed them does not look after: it hangs, but has not ended."""
        head, before = self._log.head(), time.time_ns() // 1000 - int(_ABANDONED_AFTER * 1e6)
        found: set[int] = set()
        for target in self._projector.live_targets():
            with self._store.storage.reading(target.group, target.generation) as connection:
                stale = {pulse.partition for pulse in read_pulses(connection) if pulse.seen_at < before}
            position = self._store.checkpoint(target.group.name).position
            found |= {p for p in stale if position.offset(p) < head.offset(p)}
        return found

    def _say_seen(self) -> None:
        for target in self._projector.live_targets():
            with self._store.storage.writing(target.group, target.generation) as connection:
                note_seen(connection, sorted(self._claimed), time.time_ns() // 1000)
