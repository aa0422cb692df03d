"""How the views stand to the log: what is folded, what lags, who looks after it, what could not be folded."""

from collections.abc import Mapping
from dataclasses import dataclass

from eventlog.clock import now
from eventlog.log import EventLog, Position
from projections.bookkeeping import count_dead_letters, read_pulses, read_unhandled
from projections.groups import GROUPS
from projections.store import ViewStore


@dataclass(frozen=True, slots=True)
class ViewStanding:
    """One group: everything before ``position`` is folded, ``lag`` offsets of the log are not.

    ``lag_time`` is how old the last folded event of the partition furthest behind is (microseconds; 0 where
    nothing is left to fold); ``seen_at`` when a projector last looked after a partition; ``batch_events`` and
    ``batch_time`` belong to the last batch; ``unhandled`` counts events of types that no group folds.
    """

    group: str
    position: Position
    lag: int
    dead_letters: int
    lag_time: int
    seen_at: int | None
    batch_events: int
    batch_time: int
    unhandled: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Standing:
    """The log's head and every group."""

    head: Position
    views: tuple[ViewStanding, ...]


def standing_of(log: EventLog, store: ViewStore) -> Standing:
    """How the views stand now. Raises UnavailableError where log or views are out of reach."""
    head = log.head()
    return Standing(head, tuple(_view(store, group.name, head) for group in GROUPS))


def _view(store: ViewStore, group: str, head: Position) -> ViewStanding:
    position, asked = store.checkpoint(group).position, now()
    behind = {p: offset - position.offset(p) for p, offset in head.offsets.items()}
    with store.reading(group) as connection:
        pulses = read_pulses(connection)
        letters, unhandled = count_dead_letters(connection), read_unhandled(connection)
    last = max(pulses, key=lambda pulse: pulse.seen_at, default=None)
    late = [max(0, asked - pulse.recorded) for pulse in pulses if behind.get(pulse.partition, 0) > 0]
    return ViewStanding(
        group=group,
        position=position,
        lag=sum(max(0, offsets) for offsets in behind.values()),
        dead_letters=letters,
        lag_time=max(late, default=0),
        seen_at=last.seen_at if last else None,
        batch_events=last.batch_events if last else 0,
        batch_time=last.batch_time if last else 0,
        unhandled=unhandled,
    )
