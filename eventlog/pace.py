"""How much a bulk writer does in one go where others wait for their turn meanwhile."""

AIM = 0.05
"""Seconds that a transaction may take; what waits for it waits for little more."""
LEAST = 500
MOST = 4_000
"""Events of a transaction; its price is shared by all of them."""


class Pace:
    """How many events go into the next transaction, by the time that the last ones took."""

    def __init__(self) -> None:
        self.events = LEAST

    def note(self, events: int, seconds: float) -> None:
        """A transaction of so many events took so long."""
        if seconds > AIM:
            self.events = max(LEAST, self.events // 2)
        elif events == self.events and seconds < AIM / 2:
            self.events = min(MOST, self.events * 2)
