"""The follower: folds what comes until it is told to stop; any number of them share the partitions."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError

from eventlog.clock import now
from eventlog.errors import UnavailableError
from eventlog.log import EventLog, Position
from eventlog.news import wait_for_news
from projections.bookkeeping import note_seen, read_checkpoint, read_pulses
from projections.folding import describe, is_transient
from projections.projector import MAX_DEAD_LETTERS, Projector
from projections.sharing import Share, Sign
from projections.storage import ClaimsLostError, GenerationGoneError
from projections.store import ViewStore

logger = logging.getLogger(__name__)

PATIENCE = 300.0
"""How long log or views may stay out of reach before a follower gives up, in seconds."""
HANGS_AFTER = 15.0
"""How long a partition with news shows no sign of life before its follower loses it, in seconds."""

_BALANCE_EVERY = 1.0
_LONGEST_WAIT = 0.25
_SMALLEST, _LARGEST = 500, 20_000
_QUICK, _SLOW = 0.25, 1.0


@dataclass(frozen=True, slots=True)
class Beat:
    """How a follower stands: its partitions, events folded since it began, and offsets left to fold."""

    partitions: tuple[int, ...]
    events: int
    lag: int


class _Outage:
    """How long log or views have been out of reach, and when to try again."""

    _FIRST, _LONGEST = 0.1, 5.0

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._since: float | None = None
        self._pause = self._FIRST
        self._told = False

    def goes_on(self, error: Exception) -> bool:
        """Note another failure; False where patience is at its end."""
        now = time.monotonic()
        if self._since is None:
            self._since, self._pause = now, self._FIRST
            self._told = False
        # views that were swapped are not worth a word, unless no others come
        if not self._told and not isinstance(error, GenerationGoneError):
            reason = describe(error) if isinstance(error, DBAPIError) else error
            logger.warning("cannot fold now, trying again: %s", reason)
            self._told = True
        return now - self._since < self._patience

    def pause(self) -> float:
        """How long to wait now, in seconds: longer each time."""
        pause, self._pause = self._pause, min(2 * self._pause, self._LONGEST)
        return pause

    def ended(self) -> None:
        """Everything is in reach."""
        if self._since is not None:
            self._since = None
            if self._told:
                logger.warning("folding again")


class _Every:
    """Something that is due at once, and then every so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next = 0.0

    def due(self) -> bool:
        """Whether it is time; if so, the time after is later."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + self._seconds
        return True

    def left(self) -> float:
        """How many seconds until it is due."""
        return max(0.0, self._next - time.monotonic())


class Follower:
    """Folds the partitions that it claims, and outlasts what is out of reach for less than its patience."""

    def __init__(
        self,
        log: EventLog,
        store: ViewStore,
        *,
        max_dead_letters: int = MAX_DEAD_LETTERS,
        patience: float = PATIENCE,
        hangs_after: float = HANGS_AFTER,
    ) -> None:
        self._log = log
        self._store = store
        self._projector = Projector(log, store, max_dead_letters=max_dead_letters)
        self._patience = patience
        self._hangs_after = hangs_after
        self._size = _SMALLEST
        self._events = self._lag = 0
        self._standing = Position()

    def run(self, stop: threading.Event, tell: Callable[[Beat], None], *, every: float = 60.0) -> None:
        """Fold until ``stop`` is set, and then end with the transaction that is under way.

        ``tell`` hears at the beginning and every so many seconds how things stand. Raises UnavailableError
        where log or views stay out of reach, SchemaError and LogError as the projector does.
        """
        outage = _Outage(self._patience)
        while not stop.is_set():
            try:
                with closing(self._store.storage.claims()) as claims:
                    self._share_out(Share(claims, hangs_after=self._hangs_after), outage, stop, tell, every)
            except ClaimsLostError as error:
                logger.warning("%s", error)
            except (UnavailableError, DBAPIError) as error:
                if not outage.goes_on(error) or (isinstance(error, DBAPIError) and not is_transient(error)):
                    raise self._unavailable(error) from error
                stop.wait(outage.pause())

    def _share_out(
        self,
        share: Share,
        outage: _Outage,
        stop: threading.Event,
        tell: Callable[[Beat], None],
        every: float,
    ) -> None:
        """Fold one's share until told to stop; claims are taken anew after an error."""
        balancing, telling = _Every(_BALANCE_EVERY), _Every(every)
        showing = _Every(self._hangs_after / 3)
        news = True
        while not stop.is_set():
            try:
                if balancing.due():
                    news |= self._balance(share)
                if showing.due():
                    self._say_seen(share)
                if telling.due():
                    tell(Beat(tuple(sorted(share.partitions)), self._events, self._lag))
                if news:
                    news = self._step(share)
                else:
                    left = min(each.left() for each in (balancing, showing, telling))
                    news = self._wait(share, stop, min(left, _LONGEST_WAIT))
            except GenerationGoneError as error:
                # views were swapped: the next turn finds those that readers see now
                if not outage.goes_on(error):
                    raise
                continue
            outage.ended()

    def _step(self, share: Share) -> bool:
        """Fold one batch; False where there was nothing to fold."""
        if not share.partitions:
            return False
        started = time.monotonic()
        advance = self._projector.advance(self._projector.live_targets(), share.partitions, self._size)
        self._adapt(advance.events, time.monotonic() - started)
        self._events += advance.events
        self._lag, self._standing = advance.lag, advance.position
        return advance.events > 0

    def _wait(self, share: Share, stop: threading.Event, seconds: float) -> bool:
        """Wait for news of one's share, without a look at the views; False where there are none."""
        if not share.partitions:
            stop.wait(seconds)
            return False
        return wait_for_news(self._log, self._standing, seconds)

    def _adapt(self, events: int, seconds: float) -> None:
        """Larger batches while there is much to do, smaller ones where they keep readers waiting."""
        if seconds > _SLOW:
            self._size = max(_SMALLEST, self._size // 2)
        elif events >= self._size and seconds < _QUICK:
            self._size = min(_LARGEST, self._size * 2)

    def _balance(self, share: Share) -> bool:
        """Take one's share; True where it is another than before, or has news."""
        before = set(share.partitions)
        head = self._log.head()
        signs, waiting = self._signs(head)
        for partition in share.expel_hanging(signs, waiting):
            logger.warning("the follower of partition %d hangs: others take over", partition)
        share.balance(sorted(head.offsets))
        return share.partitions != before or not waiting.isdisjoint(share.partitions)

    def _signs(self, head: Position) -> tuple[dict[int, Sign], set[int]]:
        """What each partition shows of whoever looks after it, and the partitions that have news."""
        signs: dict[int, Sign] = dict.fromkeys(head.offsets, ())
        waiting: set[int] = set()
        for target in self._projector.live_targets():
            with self._store.storage.reading(target.group, target.generation) as connection:
                seen = {pulse.partition: pulse.seen_at for pulse in read_pulses(connection)}
                position = read_checkpoint(connection).position
            for partition in signs:
                signs[partition] += (seen.get(partition), position.offset(partition))
            waiting |= {p for p in signs if position.offset(p) < head.offset(p)}
        return signs, waiting

    def _say_seen(self, share: Share) -> None:
        for target in self._projector.live_targets():
            with self._store.storage.writing(target.group, target.generation) as connection:
                note_seen(connection, sorted(share.partitions), now())

    def _unavailable(self, error: Exception) -> UnavailableError:
        if isinstance(error, UnavailableError):
            return error
        return UnavailableError(
            f"the views in {self._store.storage.location} are out of reach: {describe(error)}"
        )
