"""Redacts a log on Kafka: one process at a time gives it a new topic, and removes what dead ones left."""

import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager

from eventlog.errors import UnavailableError
from eventlog.kafka.admin import topics_of
from eventlog.kafka.claims import began, ended, goes_on, settled
from eventlog.kafka.generation import Redaction, is_closed, open_topic, rewrite
from eventlog.kafka.ledger import Ledger
from eventlog.kafka.location import KafkaLocation
from eventlog.kafka.sender import Sender
from eventlog.redaction import TOMBSTONE_FINGERPRINT, TOMBSTONE_SCHEMA

SHOW_LIFE_EVERY = 10.0
FOLLOW_SECONDS = 2.0
"""How long the old topic, closed, stays: who appends to it in this time is refused at once and goes on."""


class Redactor:
    """The one process that redacts a log now."""

    def __init__(self, location: KafkaLocation, ledger: Ledger, partitions: int, sender: Sender) -> None:
        self._location = location
        self._ledger = ledger
        self._partitions = partitions
        self._sender = sender
        self._claim = uuid.uuid4()
        self._shown = time.monotonic()

    def begin(self) -> None:
        """Be the one, or raise UnavailableError."""
        self._ledger.write(self._sender, began(self._claim))
        self._require_held()

    def rewrite(self, redaction: Redaction) -> None:
        """Give the log a topic without the bodies; the old one is closed and stays."""
        self._ledger.require_schemas({TOMBSTONE_FINGERPRINT: TOMBSTONE_SCHEMA}, self._sender)
        rewrite(self._location, self._ledger, self._partitions, redaction, self.show_life)
        time.sleep(FOLLOW_SECONDS)

    def clean_up(self) -> None:
        """Delete the topics that are not the log's any more, and open the one that is."""
        with topics_of(self._location) as topics:
            for topic in self._ledger.obsolete():
                topics.delete(topic)
            if is_closed(topics, self._ledger.topic):
                open_topic(topics, self._ledger.topic)

    def end(self) -> None:
        """Let others redact."""
        self._ledger.write(self._sender, ended(self._claim))

    def show_life(self) -> None:
        """Say now and then that this process lives, and learn whether it was taken for dead."""
        if time.monotonic() - self._shown > SHOW_LIFE_EVERY:
            self._ledger.write(self._sender, goes_on(self._claim))
            self._require_held()
            self._shown = time.monotonic()

    def _require_held(self) -> None:
        if not self._ledger.claims().holds(self._claim):
            raise UnavailableError(
                f"another process redacts {self._location.name}, or did until a moment ago: try again in a "
                "minute"
            )


@contextmanager
def redacting(location: KafkaLocation, ledger: Ledger, partitions: int) -> Iterator[Redactor]:
    """Be the one process that redacts a log; afterwards nothing is left of what dead ones began."""
    with closing(Sender(location)) as sender:
        redactor = Redactor(location, ledger, partitions, sender)
        redactor.begin()
        try:
            yield redactor
            redactor.clean_up()
        finally:
            redactor.end()


def settle(location: KafkaLocation, ledger: Ledger, claims: set[uuid.UUID]) -> None:
    """Say that everything that was made of what these redactions took away is gone too."""
    with closing(Sender(location)) as sender:
        ledger.write(sender, *(settled(claim) for claim in sorted(claims)))
