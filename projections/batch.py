"""A batch of decoded events, sorted by type: what projections fold."""

from collections.abc import Iterable, Sequence
from typing import TypeVar, cast

from eventlog.event import Event
from eventlog.facts import Fact

F = TypeVar("F", bound=Fact)


class FactBatch:
    """Events by the type of their fact, each type in log order."""

    __slots__ = ("_by_type",)

    def __init__(self, events: Iterable[Event]) -> None:
        self._by_type: dict[type, list[tuple[Event, Fact]]] = {}
        for event in events:
            self._by_type.setdefault(type(event.fact), []).append((event, event.fact))

    def of(self, fact_type: type[F]) -> Sequence[tuple[Event, F]]:
        """The events of one type, each with its fact."""
        return cast("Sequence[tuple[Event, F]]", self._by_type.get(fact_type, ()))
