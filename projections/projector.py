"""The projector: reads the log batch by batch, decodes once, and folds into every group of views."""

import logging
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from eventlog.collector import collector_paused
from eventlog.errors import HoofprintError, LogError, UnavailableError
from eventlog.log import BEYOND, Batch, EventLog, Position
from projections.bookkeeping import (
    Checkpoint,
    StaleCheckpointError,
    count_dead_letters,
    hold_checkpoints,
    read_checkpoint,
)
from projections.decoding import Decoder
from projections.folding import Step, describe, fold_step, is_transient
from projections.groups import GROUPS, Group
from projections.past import Moment, PastLog
from projections.reading import LARGEST_STEP, ReadAhead, Told, in_bounds
from projections.storage import (
    BusyError,
    GenerationGoneError,
    generation_number,
    generation_version,
    is_current,
)
from projections.store import ViewStore

T = TypeVar("T")
logger = logging.getLogger(__name__)

BATCH_SIZE = 10_000
MAX_DEAD_LETTERS = 1000
_LOOK_AGAIN = 0.2
_DROP_PATIENCE = 5.0
_RETRY_SECONDS = (0.1, 0.5, 2.0, 5.0)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a projector is: events folded by this call so far, and the positions it runs between."""

    events: int
    position: Position
    head: Position


@dataclass(frozen=True, slots=True)
class Target:
    """A generation of a group that is folded into."""

    group: Group
    generation: str


@dataclass(frozen=True, slots=True)
class Advance:
    """How many events a step folded, how many offsets of its partitions are left, and where it ended.

    ``position`` lies beyond the end of every partition that is not the step's.
    """

    events: int
    lag: int
    position: Position


class Projector:
    """Folds one log into one store; any number may run, each batch counts once."""

    def __init__(
        self,
        log: EventLog,
        store: ViewStore,
        *,
        batch_size: int = BATCH_SIZE,
        max_dead_letters: int = MAX_DEAD_LETTERS,
    ) -> None:
        self._log = log
        self._store = store
        self._decoder = Decoder(log)
        self._batch_size = batch_size
        self._max_dead_letters = max_dead_letters

    def catch_up(self, progress: Callable[[Progress], None] | None = None) -> int:
        """Fold what the log holds when asked and the views do not; returns how many events that were.

        Views of another version are built anew beside the old ones and then shown. Raises LogError for a
        store folded from another log or a log that lost its beginning, SchemaError for a schema that the
        log does not know, UnavailableError where the database stays out of reach.
        """
        events = 0
        while True:
            targets = self.live_targets(progress)
            try:
                events += self._fold(targets, self._log.head(), progress)
            except GenerationGoneError:
                if targets == self.live_targets():
                    raise
            if targets == self.live_targets():
                return events

    def live_targets(self, progress: Callable[[Progress], None] | None = None) -> list[Target]:
        """What readers see now; views of another version are built anew first."""
        return [Target(group, self._renewed(group, progress)) for group in GROUPS]

    def advance(self, targets: Sequence[Target], partitions: Collection[int], limit: int) -> Advance:
        """Fold up to ``limit`` events of these partitions, and no others, into every target.

        Raises GenerationGoneError for a target that was dropped, otherwise what ``catch_up`` raises.
        """
        head = self._log.head()
        checkpoints = {target: _of_partitions(self._checkpoint(target), partitions) for target in targets}
        start = _earliest([checkpoint.position for checkpoint in checkpoints.values()])
        # of the other partitions nothing is fetched: whatever comes there is somebody else's
        after = Position({**dict.fromkeys(head.offsets, BEYOND), **{p: start.offset(p) for p in partitions}})
        self._require_readable(after)
        batch = in_bounds(self._log.read(after, limit), after, LARGEST_STEP)
        records = [record for record in batch.records if record.partition in partitions]
        until = Position({p: batch.position.offset(p) for p in partitions if batch.position.offset(p)})
        if not start.reaches(until):
            with collector_paused():
                told = Told(start, until, *self._decoder.decode(Batch(records, until)), records=len(records))
                self._advance_all(checkpoints, told)
        lag = sum(max(0, head.offset(p) - until.offset(p)) for p in partitions)
        return Advance(len(records), lag, after.joined(until))

    def rebuild(
        self,
        group: Group,
        progress: Callable[[Progress], None] | None = None,
        *,
        resume: bool = True,
        grace: float = 0.0,
    ) -> None:
        """Build a group's views anew beside the live ones, swap when they are not behind, drop the old ones.

        With ``resume`` a rebuild that was killed goes on where it stood; without, and where it cannot, what
        it left is dropped. ``grace`` is how long, in seconds, the old views stay for who still reads them.
        Raises BusyError, which says who, while another rebuild of the group runs.
        """
        storage = self._store.storage
        with storage.rebuilding(group):
            fresh = Target(group, self._begun(group, resume=resume) or storage.create(group))
            self._fold([fresh], self._log.head(), progress)
            while not self._swap(fresh):
                self._fold([fresh], self._log.head(), progress)
            time.sleep(grace)
            self._drop_others(group, fresh.generation)

    def _begun(self, group: Group, *, resume: bool) -> str | None:
        """The generation that a killed rebuild left; what cannot be gone on with is dropped."""
        storage, live = self._store.storage, self._store.live(group)
        begun = None
        for name in reversed(storage.generations(group)):
            if generation_number(name) <= generation_number(live):
                break
            if resume and begun is None and self._can_resume(group, name):
                begun = name
            else:
                storage.drop(group, name)
        return begun

    def _can_resume(self, group: Group, name: str) -> bool:
        if not is_current(group, name):
            return False
        with self._store.storage.reading(group, name) as connection:
            return read_checkpoint(connection).log in (None, self._log.identity)

    def _swap(self, fresh: Target) -> bool:
        """Show the fresh generation, unless the live one is ahead of it in some partition."""
        storage, live = self._store.storage, self._store.live(fresh.group)
        with storage.writing(fresh.group, live) as connection:
            # nobody folds into the live one meanwhile, so that readers never step back
            hold_checkpoints(connection)
            ahead = read_checkpoint(connection)
            standing = self._checkpoint(fresh).position
            if ahead.log == self._log.identity and not standing.reaches(ahead.position):
                return False
            storage.activate(fresh.group, fresh.generation)
        return True

    def _drop_others(self, group: Group, live: str) -> None:
        storage, until = self._store.storage, time.monotonic() + _DROP_PATIENCE
        for name in storage.generations(group):
            while name != live and not storage.drop(group, name):
                if time.monotonic() > until:
                    logger.warning("%s is still being read; the next rebuild drops it", name)
                    break
                time.sleep(_LOOK_AGAIN)

    def _renewed(self, group: Group, progress: Callable[[Progress], None] | None) -> str:
        """The live views of a group, which are of this version: older ones are built anew, or waited for.

        Raises UnavailableError for views of a newer version: whoever made them would make them again.
        """
        while not is_current(group, live := self._store.live(group)):
            if generation_version(live) > group.version:
                raise UnavailableError(
                    f"the {group.name} views in {self._store.storage.location} are {live}, of a newer "
                    f"version of Hoofprint; this one makes version {group.version}: upgrade it (to go back, "
                    f"`hoofprint views rebuild {group.name}`)"
                )
            try:
                self.rebuild(group, progress)
            except BusyError:
                time.sleep(_LOOK_AGAIN)
        return live

    def fold_into(self, targets: Sequence[Target], until: Position) -> int:
        """Fold into these generations up to a position; returns how many events were read."""
        return self._fold(targets, until, None)

    def _fold(
        self, targets: Sequence[Target], head: Position, progress: Callable[[Progress], None] | None
    ) -> int:
        checkpoints = {target: self._checkpoint(target) for target in targets}
        past, events = PastLog(self._log, Moment(head)), 0
        with ReadAhead(partial(self._tell, past), ahead=self._store.storage.folds_side_by_side) as reading:
            while True:
                with collector_paused():
                    told = reading.at(_earliest([checkpoint.position for checkpoint in checkpoints.values()]))
                    if told is None:
                        return events
                    checkpoints = self._advance_all(checkpoints, told)
                    events, until = events + told.records, told.until
                    # gone before the collector is back, which would walk over all of it
                    del told
                if progress is not None:
                    progress(Progress(events, until, head))

    def _tell(self, past: PastLog, position: Position) -> Told | None:
        """What the log told next after a position, None where that is its end."""
        if position.reaches(past.head()):
            return None
        self._require_readable(position)
        batch = in_bounds(past.read(position, self._batch_size), position, LARGEST_STEP)
        if batch.position == position:
            return None
        return Told(position, batch.position, *self._decoder.decode(batch), records=len(batch.records))

    def _checkpoint(self, target: Target) -> Checkpoint:
        checkpoint = self._patiently(lambda: self._read_checkpoint(target), "read")
        if checkpoint.log not in (None, self._log.identity):
            raise LogError(
                f"the {target.group.name} views in {self._store.storage.location} were folded from log "
                f"{checkpoint.log}, this is log {self._log.identity}: name the right log, or an empty place "
                "for the views (HOOFPRINT_LOG, HOOFPRINT_VIEWS)"
            )
        return checkpoint

    def _require_readable(self, position: Position) -> None:
        earliest = self._log.earliest()
        if position.reaches(earliest):
            return
        raise LogError(
            f"the views stand at {position}, the log begins at {earliest}: events between were removed. "
            "Name their archive (HOOFPRINT_ARCHIVE), then go on"
        )

    def _advance_all(self, checkpoints: dict[Target, Checkpoint], told: Told) -> dict[Target, Checkpoint]:
        if not self._store.storage.folds_side_by_side or len(checkpoints) == 1:
            return {target: self._advance(target, at, told) for target, at in checkpoints.items()}
        with ThreadPoolExecutor(len(checkpoints)) as threads:
            waiting = {
                target: threads.submit(self._advance, target, at, told) for target, at in checkpoints.items()
            }
        return {target: advanced.result() for target, advanced in waiting.items()}

    def _advance(self, target: Target, checkpoint: Checkpoint, told: Told) -> Checkpoint:
        """Fold into one target what it has not folded yet, in one transaction."""
        position = checkpoint.position
        if position.reaches(told.until):
            return checkpoint
        new, after = told.after(position), position.joined(told.until)
        step = Step(self._log.identity, position, after, new.decoded, new.undecodable, new.redacted)
        try:
            self._patiently(lambda: self._commit(target, step), "written")
        except StaleCheckpointError:
            # another projector was faster: go on where it stands
            return self._checkpoint(target)
        return Checkpoint(self._log.identity, after)

    def _read_checkpoint(self, target: Target) -> Checkpoint:
        with self._store.storage.reading(target.group, target.generation) as connection:
            return read_checkpoint(connection)

    def _commit(self, target: Target, step: Step) -> None:
        with self._store.storage.writing(target.group, target.generation) as connection:
            if fold_step(connection, target.group, step):
                self._refuse_too_many(connection, target.group)

    def _patiently(self, action: Callable[[], T], what: str) -> T:
        """Do it again, after growing pauses, where the database is in trouble that may pass."""
        pauses = iter(_RETRY_SECONDS)
        while True:
            try:
                return action()
            except DBAPIError as error:
                pause = next(pauses, None)
                if pause is None or not is_transient(error):
                    raise UnavailableError(
                        f"the views in {self._store.storage.location} cannot be {what}: {describe(error)}"
                    ) from error
                logger.warning("trying again in %s s: %s", pause, describe(error))
            time.sleep(pause)

    def _refuse_too_many(self, connection: Connection, group: Group) -> None:
        letters = count_dead_letters(connection)
        if letters > self._max_dead_letters:
            raise HoofprintError(
                f"{letters} events could not be folded into the {group.name} views, "
                f"{self._max_dead_letters} may: the projector stops here. `hoofprint views dead-letters` "
                "lists those before; retry or accept them (--max-dead-letters), then go on"
            )


def _of_partitions(checkpoint: Checkpoint, partitions: Collection[int]) -> Checkpoint:
    offsets = checkpoint.position.offsets
    return Checkpoint(checkpoint.log, Position({p: offsets[p] for p in partitions if p in offsets}))


def _earliest(positions: Sequence[Position]) -> Position:
    """The position that none of these has passed."""
    partitions = {partition for position in positions for partition in position.offsets}
    lowest = {p: min(position.offset(p) for position in positions) for p in partitions}
    return Position({partition: offset for partition, offset in lowest.items() if offset})
