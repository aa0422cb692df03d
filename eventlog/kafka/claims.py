"""Who redacts a log, and which redactions are not complete: what a row of messages says, the same to all.

A claim holds while it shows life. Times are the broker's, so that no two clocks are compared.
"""

import json
import uuid
from dataclasses import dataclass, field

from eventlog.kafka.message import Incoming, Outgoing

REDACTION = b"redaction"
SHOWS_LIFE_MS = 60_000
"""A claim of which nothing was heard for so long is another's for the taking."""


def began(claim: uuid.UUID) -> Outgoing:
    """Says that a redaction begins, unless another holds."""
    return _message("began", claim)


def goes_on(claim: uuid.UUID) -> Outgoing:
    """Says that whoever redacts is alive."""
    return _message("goes on", claim)


def ended(claim: uuid.UUID) -> Outgoing:
    """Says that the log itself is done, or that this process gave up."""
    return _message("ended", claim)


def settled(claim: uuid.UUID) -> Outgoing:
    """Says that everything that was made of the redacted events is gone too."""
    return _message("settled", claim)


def _message(state: str, claim: uuid.UUID) -> Outgoing:
    return Outgoing(REDACTION, json.dumps({"state": state, "claim": str(claim)}).encode(), [])


@dataclass(slots=True)
class Claims:
    """What was said so far; ``pending`` are the redactions that began and were not settled."""

    pending: set[uuid.UUID] = field(default_factory=set)
    _holder: uuid.UUID | None = None
    _heard: int = 0

    def take(self, message: Incoming) -> None:
        """Hear one more message."""
        told = json.loads(message.value)
        state, claim = told["state"], uuid.UUID(told["claim"])
        if state == "began" and not self._is_held(message.timestamp):
            self._holder, self._heard = claim, message.timestamp
            self.pending.add(claim)
        elif state == "settled":
            self.pending.discard(claim)
        elif claim == self._holder:
            self._holder, self._heard = (claim, message.timestamp) if state == "goes on" else (None, 0)

    def holds(self, claim: uuid.UUID) -> bool:
        """Whether a claim is the one that counts."""
        return claim == self._holder

    def left(self) -> set[uuid.UUID]:
        """The pending ones that nobody works at."""
        return self.pending - {self._holder}

    def _is_held(self, now: int) -> bool:
        return self._holder is not None and now - self._heard < SHOWS_LIFE_MS
