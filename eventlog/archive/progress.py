"""How far a long walk over a log or an archive is."""

from collections.abc import Callable
from dataclasses import dataclass

from eventlog.log import Position


@dataclass(frozen=True, slots=True)
class Walk:
    """Events passed by this call so far, and the positions it runs between."""

    events: int
    position: Position
    head: Position


Listener = Callable[[Walk], None]
