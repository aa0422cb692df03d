"""A batch of decoded events, sorted by type: what projections fold."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar, cast

from eventlog.event import Event
from eventlog.facts import Fact

F = TypeVar("F", bound=Fact)


class FactBatch:
    """Events by the type of their fact, each type in log order."""

    __slots__ = ("_by_type",)
    _by_type: dict[type, list[tuple[Event, Fact]]]

    def __init__(self, events: Iterable[Event]) -> None:
        self._by_type = {}
        for event in events:
            self._by_type.setdefault(type(event.fact), []).append((event, event.fact))

    @property
    def counts(self) -> Mapping[type, int]:
        """How many events of each type there are."""
        return {fact_type: len(events) for fact_type, events in self._by_type.items()}

    def of(self, fact_type: type[F]) -> Sequence[tuple[Event, F]]:
        """The events of one type, each with its fact."""
        return cast("Sequence[tuple[Event, F]]", self._by_type.get(fact_type, ()))
