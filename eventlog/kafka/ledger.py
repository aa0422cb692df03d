"""What a log on Kafka knows about itself: identity, partitions, and the schemas that wrote its bodies.

They are messages of a topic beside the log's, ``TOPIC.meta``, of one partition. Nothing leaves it, and the
first message about a thing counts: whoever writes, all readers agree without a lock.
"""

import json
import uuid
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from threading import Lock

from eventlog.avro import schema_fingerprint
from eventlog.codec import current_format
from eventlog.errors import LogError
from eventlog.kafka.location import KafkaLocation
from eventlog.kafka.message import Incoming, Outgoing
from eventlog.kafka.reader import Reader
from eventlog.kafka.sender import Sender

FORMAT = 1
_LOG = b"log"
_SCHEMA = b"schema"


@dataclass(frozen=True, slots=True)
class Founding:
    """A log's own UUID and the number of partitions that it was made with."""

    identity: uuid.UUID
    partitions: int


def meta_topic(location: KafkaLocation) -> str:
    """The topic beside the log's."""
    return f"{location.topic}.meta"


class Ledger:
    """The meta topic of one log, as far as it was read."""

    def __init__(self, location: KafkaLocation) -> None:
        self._location = location
        self._topic = meta_topic(location)
        self._founding: Founding | None = None
        self._schemas: dict[int, str] = {}
        self._position = 0
        self._lock = Lock()

    def founding(self) -> Founding | None:
        """What the log was made as; None before anybody wrote it."""
        if self._founding is None:
            self._refresh()
        return self._founding

    def found(self, sender: Sender, partitions: int) -> Founding:
        """Write what the log is made as, unless somebody else was faster; what counts is returned."""
        told = {"format": FORMAT, "identity": str(uuid.uuid4()), "partitions": partitions}
        sender.send(self._topic, {0: [Outgoing(_LOG, json.dumps(told).encode(), [])]})
        founding = self.founding()
        if founding is None:
            raise LogError(f"{self._location.name}: what was written to {self._topic} is not there")
        return founding

    def writer_schema(self, fingerprint: int) -> str | None:
        """The Avro schema (JSON) of this fingerprint, None where the log never saw it."""
        if fingerprint not in self._schemas:
            self._refresh()
        return self._schemas.get(fingerprint)

    def require_schemas(self, kinds: Iterable[str], sender: Sender) -> None:
        """Have today's schemas of these event types in the log before their first body is."""
        formats = [current_format(kind) for kind in kinds]
        if all(each.fingerprint in self._schemas for each in formats):
            return
        self._refresh()
        missing = [each for each in formats if each.fingerprint not in self._schemas]
        if missing:
            sender.send(self._topic, {0: [Outgoing(_SCHEMA, each.schema.encode(), []) for each in missing]})
            self._schemas.update((each.fingerprint, each.schema) for each in missing)

    def _refresh(self) -> None:
        """Read what was written since."""
        with self._lock, closing(Reader(self._location, self._topic, 1)) as reader:
            ends = reader.ends()
            while self._position < ends[0]:
                messages, reached = reader.read({0: self._position}, ends, 1000)
                for message in messages:
                    self._take(message)
                self._position = reached[0]

    def _take(self, message: Incoming) -> None:
        if message.key == _SCHEMA:
            schema = message.value.decode()
            self._schemas.setdefault(schema_fingerprint(schema), schema)
        elif message.key == _LOG and self._founding is None:
            self._founding = self._read_founding(message)

    def _read_founding(self, message: Incoming) -> Founding:
        try:
            told = json.loads(message.value)
            version = told["format"]
            founding = Founding(uuid.UUID(told["identity"]), int(told["partitions"]))
        except (KeyError, TypeError, ValueError) as error:
            raise LogError(
                f"{self._location.name} is no log of ours: {self._topic} does not begin with its identity"
            ) from error
        if version != FORMAT:
            raise LogError(
                f"{self._location.name} has format {version}, this version of Hoofprint reads {FORMAT}"
            )
        return founding
