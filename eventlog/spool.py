"""The spool: a producer goes on while its log is out of reach, and its events follow when the log is back.

What is spooled is durable on this host. While events of a key wait, all events of that key from this host
wait behind them, so that no event overtakes another of its key. Events leave the spool only after the log has
acknowledged them: a crash in between appends them again, under the ids that they had.
"""

import logging
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from threading import Lock

from eventlog.errors import HoofprintError, UnavailableError
from eventlog.event import Event
from eventlog.log import Appended, Batch, EventLog, Position, Spooled
from eventlog.news import wait_for_news
from eventlog.spool_file import Bounds, SpoolFile, SpoolState

BATCH_EVENTS = 500
BATCH_BYTES = 4_000_000
PATIENCE = 30.0
"""How long an append waits for room in a full spool, in seconds."""
_LOOK_AGAIN = 0.05

_logger = logging.getLogger("hoofprint.spool")

OpenLog = Callable[[], EventLog]
"""Opens the log behind a spool; raises UnavailableError while it is out of reach."""


class _Backoff:
    """When to try the log again: at once while it answers, more and more seldom while it does not."""

    _FIRST, _LONGEST = 0.5, 10.0

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._pause = 0.0
        self._next = 0.0

    @property
    def failing(self) -> bool:
        """Whether the last try failed."""
        return self._pause > 0

    def due(self) -> bool:
        """Whether it is time to try."""
        return self._clock() >= self._next

    def failed(self) -> None:
        """Wait longer than the last time."""
        self._pause = min(max(self._FIRST, 2 * self._pause), self._LONGEST)
        self._next = self._clock() + self._pause

    def succeeded(self) -> None:
        """Try at once from now on."""
        self._pause = self._next = 0.0


class _Behind:
    """The log behind a spool, opened when it is first reached; reading passes through to it."""

    def __init__(self, open_log: OpenLog) -> None:
        self._open_log = open_log
        self._opened: EventLog | None = None
        self._opening = Lock()

    @property
    def log(self) -> EventLog:
        """The log itself; raises UnavailableError while it cannot be opened."""
        with self._opening:
            if self._opened is None:
                self._opened = self._open_log()
            return self._opened

    @property
    def identity(self) -> uuid.UUID:
        """The UUID of the log behind."""
        return self.log.identity

    def read(self, after: Position, limit: int, *, key: str | None = None) -> Batch:
        """Records of the log behind; what is spooled cannot be read."""
        return self.log.read(after, limit, key=key)

    def head(self) -> Position:
        """The position behind the last event of the log behind."""
        return self.log.head()

    def earliest(self) -> Position:
        """The first position of the log behind that can still be read."""
        return self.log.earliest()

    def wait_for_news(self, after: Position, seconds: float) -> bool:
        """Whether the log behind has events from here on, or gets some within so many seconds."""
        return wait_for_news(self.log, after, seconds)

    def writer_schema(self, fingerprint: int) -> str | None:
        """The Avro schema (JSON) of this fingerprint that the log behind holds."""
        return self.log.writer_schema(fingerprint)

    def close(self) -> None:
        """Let go of the log behind, where it was opened."""
        with self._opening:
            if self._opened is not None:
                self._opened.close()


class SpoolingLog(_Behind):
    """An event log that keeps events in a spool while the log ``destination`` is out of reach.

    Reading passes through to that log, and raises UnavailableError while it is out of reach. Safe to share
    between threads; any number of processes of this host share a spool.
    """

    def __init__(
        self,
        open_log: OpenLog,
        destination: str,
        spool: SpoolFile,
        *,
        bounds: Bounds | None = None,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(open_log)
        self._destination = destination
        self._spool = spool
        self._bounds = bounds or Bounds()
        self._patience = patience
        self._clock = clock
        self._sleep = sleep
        self._outage = _Backoff(clock)
        self._refusal = _Backoff(clock)

    def append(self, events: Sequence[Event]) -> Appended | Spooled:
        """Append events in order; Spooled where the log is out of reach, or earlier events of a key wait.

        Durable when it returns, in the log or in the spool. Raises UnavailableError where the log stays out
        of reach and the spool full for the time of its patience, and what the log raises for unfit events.
        """
        deadline = self._clock() + self._patience
        while True:
            appended = self._append_if_due(events)
            if appended is not None:
                return appended
            sequence = self._spool.add(events, self._destination, self._bounds)
            if sequence is not None:
                return Spooled(sequence)
            if self._clock() >= deadline:
                raise UnavailableError(
                    f"the event log {self._destination} is out of reach, and {self._full()}"
                )
            self._sleep(_LOOK_AGAIN)

    def append_now(self, events: Sequence[Event]) -> Appended:
        """Append events to the log itself; nothing is spooled.

        Raises UnavailableError where the log is out of reach, or earlier events of a key wait in the spool.
        """
        if not self._outage.due():
            raise UnavailableError(f"the event log {self._destination} is out of reach: try again soon")
        if self._overtakes(events):
            raise UnavailableError(
                f"earlier events of the same run wait in the spool {self._spool.path} "
                f"until the event log {self._destination} is back: try again then"
            )
        return self._append_behind(events)

    def drain(self, limit: int) -> int:
        """Append up to ``limit`` spooled events to the log, oldest first; returns how many went.

        Fewer than ``limit`` where no more wait, or another thread or process drains. Raises UnavailableError
        where the log is out of reach, and what the log raises for an event that it does not take.
        """
        drained = 0
        with self._spool.taking() as mine:
            while mine and drained < limit:
                batch = self._spool.first(self._destination, min(BATCH_EVENTS, limit - drained), BATCH_BYTES)
                if batch is None:
                    break
                self._append_behind(batch.events)
                self._spool.remove(batch.last)
                drained += len(batch.events)
        return drained

    def drain_if_due(self) -> int:
        """Drain a batch in passing, unless the log was found out of reach a moment ago; never raises for it.

        Returns how many events went to the log. For whoever has a moment: engines and servers when idle.
        """
        if self._spool.empty() or not self._outage.due() or not self._refusal.due():
            return 0
        try:
            drained = self.drain(BATCH_EVENTS)
        except UnavailableError:
            return 0
        except HoofprintError as error:
            self._note_refusal(error)
            return 0
        self._refusal.succeeded()
        return drained

    def settle(self, key: str | None = None) -> None:
        """Drain until no event waits, or none of a key: reading then shows all that this host said of it.

        Raises UnavailableError where the log is out of reach, or another process drains for too long.
        """
        deadline = self._clock() + self._patience
        while not self._spool.empty() if key is None else self._spool.holds({key}):
            if self.drain(BATCH_EVENTS):
                continue
            if self._clock() >= deadline:
                raise UnavailableError(
                    f"another process still drains the spool {self._spool.path}: try again when it is done"
                )
            self._sleep(_LOOK_AGAIN)

    def state(self) -> SpoolState:
        """What waits in the spool."""
        return self._spool.state()

    def close(self) -> None:
        """Let go of the log and the spool."""
        super().close()
        self._spool.close()

    def _append_if_due(self, events: Sequence[Event]) -> Appended | None:
        """Append to the log where it is in reach and nobody is overtaken."""
        if not self._outage.due() or self._overtakes(events):
            return None
        try:
            appended = self._append_behind(events)
        except UnavailableError:
            return None
        self.drain_if_due()
        return appended

    def _overtakes(self, events: Sequence[Event]) -> bool:
        """Whether earlier events of these keys wait, even after a batch was drained."""
        keys = {event.key for event in events}
        if not self._spool.holds(keys):
            return False
        self.drain_if_due()
        return self._spool.holds(keys)

    def _append_behind(self, events: Sequence[Event]) -> Appended:
        try:
            appended = self.log.append(events)
        except UnavailableError as error:
            self._note_outage(error)
            raise
        if not isinstance(appended, Appended):
            raise TypeError("the log behind a spool spools itself")
        self._note_reached()
        return appended

    def _note_outage(self, error: UnavailableError) -> None:
        if not self._outage.failing:
            _logger.warning(
                "the event log %s is out of reach; events go to the spool %s until it is back: %s",
                self._destination,
                self._spool.path,
                error,
            )
        self._outage.failed()

    def _note_reached(self) -> None:
        if self._outage.failing:
            _logger.warning("the event log %s is back", self._destination)
        self._outage.succeeded()

    def _note_refusal(self, error: HoofprintError) -> None:
        if not self._refusal.failing:
            _logger.error("the spool %s cannot be drained: %s", self._spool.path, error)
        self._refusal.failed()

    def _full(self) -> str:
        held = self._spool.state()
        return (
            f"the spool {self._spool.path} has no room: {held.events:,} events of "
            f"{held.bytes:,} bytes wait, and it takes {self._bounds.events:,} of {self._bounds.bytes:,}"
        )


class PromptLog(_Behind):
    """The log behind a spool for those who must not spool: an append is in the log, or fails.

    Closing it is its spooling log's business.
    """

    def __init__(self, spooling: SpoolingLog) -> None:
        super().__init__(lambda: spooling.log)
        self._spooling = spooling

    def append(self, events: Sequence[Event]) -> Appended:
        """Append events to the log; raises UnavailableError instead of spooling them."""
        return self._spooling.append_now(events)

    def close(self) -> None:
        """Nothing to let go of."""


def spool_metrics(state: SpoolState, now: int) -> Mapping[str, float]:
    """What ``/metrics`` shows of a spool, by name; ``now`` in microseconds since the epoch."""
    age = 0 if state.oldest is None else max(0, now - state.oldest)
    return {
        "hoofprint_spool_events": state.events,
        "hoofprint_spool_bytes": state.bytes,
        "hoofprint_spool_keys": state.keys,
        "hoofprint_spool_oldest_seconds": age / 1e6,
    }
