"""What mutations do: append events, and wait until the views show them."""

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

from anyio import sleep, to_thread

from api.errors import ConflictError
from eventlog.errors import InputError, UnavailableError
from eventlog.event import Event
from eventlog.log import Appended, EventLog, Position
from projections.groups import GROUPS
from projections.projector import Projector
from projections.store import ViewStore

MAX_WAIT = 10.0
_POLL = 0.01


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of appended events.

    ``position`` has them behind it; ``duplicate`` when they were there already; ``folded`` when the views
    show them.
    """

    events: tuple[uuid.UUID, ...]
    position: Position
    duplicate: bool
    folded: bool


class Writer:
    """Appends to the log. ``follows`` tells that somebody else folds; otherwise a wait folds itself."""

    def __init__(self, log: EventLog, store: ViewStore, *, follows: bool) -> None:
        self._log = log
        self._store = store
        self._follows = follows
        self._folding = Lock()

    async def append(self, events: Sequence[Event], wait: float) -> Receipt:
        """Append, then wait up to ``wait`` seconds for the views.

        Raises ConflictError when an idempotency key was used before for something else, UnavailableError when
        the log is out of reach: who asked decides whether to ask again, nothing is said behind their back.
        """
        if not 0 <= wait <= MAX_WAIT:
            raise InputError(f"waitSeconds is {wait:g}; it may be 0 to {MAX_WAIT:g}")
        appended = await to_thread.run_sync(self._log.append, events)
        identities = tuple(event.id for event in events)
        if not isinstance(appended, Appended):
            raise UnavailableError("the event log is out of reach: send the same again, with the same key")
        if appended.conflicts:
            raise ConflictError("this idempotency key was used before, to say something else")
        folded = await self._shown(appended.position, wait)
        return Receipt(identities, appended.position, appended.duplicates == len(events), folded)

    async def _shown(self, position: Position, wait: float) -> bool:
        if wait and not self._follows:
            await to_thread.run_sync(self._fold)
        deadline = time.monotonic() + wait
        while not await to_thread.run_sync(self._reaches, position):
            if time.monotonic() >= deadline:
                return False
            await sleep(_POLL)
        return True

    def _fold(self) -> None:
        with self._folding:
            Projector(self._log, self._store).catch_up()

    def _reaches(self, position: Position) -> bool:
        return all(self._store.checkpoint(group.name).position.reaches(position) for group in GROUPS)
