"""How the views stand to the log: what is folded, what lags, what could not be folded."""

from dataclasses import dataclass

from eventlog.log import EventLog, Position
from projections.bookkeeping import count_dead_letters
from projections.groups import GROUPS
from projections.store import ViewStore


@dataclass(frozen=True, slots=True)
class ViewStanding:
    """One group: everything before ``position`` is folded, ``lag`` offsets of the log are not."""

    group: str
    position: Position
    lag: int
    dead_letters: int


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
    position = store.checkpoint(group).position
    lag = sum(max(0, offset - position.offset(partition)) for partition, offset in head.offsets.items())
    with store.reading(group) as connection:
        return ViewStanding(group, position, lag, count_dead_letters(connection))
