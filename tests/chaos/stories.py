"""What producers tell: the same story for the same name and number, wherever and however often it is told."""

from functools import lru_cache

from eventlog.event import Event
from tests.projections.conftest import Story


@lru_cache(maxsize=64)
def story(producer: str, number: int) -> tuple[Event, ...]:
    """The events of a producer's ``number``-th run, in the order in which they happened."""
    return tuple(Story(run_of(producer, number), start=1000 * number).planned().ran().events)


def run_of(producer: str, number: int) -> str:
    """The run that a story is about, which is the key of all its events."""
    return f"{producer}-{number}"
