"""What a log on Kafka knows about itself: identity, partitions, its topic, and the schemas of its bodies.

They are messages of a topic beside the log's, ``TOPIC.meta``, of one partition. Nothing leaves it, and the
first message about a thing counts: whoever writes, all readers agree without a lock.
"""

import json
import uuid
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from threading import Lock

from eventlog.avro import schema_fingerprint
from eventlog.codec import current_format
from eventlog.errors import LogError
from eventlog.kafka.claims import REDACTION, Claims
from eventlog.kafka.location import KafkaLocation
from eventlog.kafka.message import Incoming, Outgoing
from eventlog.kafka.reader import Reader
from eventlog.kafka.sender import Sender

FORMAT = 1
_LOG = b"log"
_SCHEMA = b"schema"
_ORIGIN = b"origin"
_DRAFT = b"draft"
_GENERATION = b"generation"


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
        self._origin: uuid.UUID | None = None
        self._drafts: list[str] = []
        # the topics of the log, each a new generation of the one before it
        self._generations = [location.topic]
        self._claims = Claims()
        self._position = 0
        self._lock = Lock()

    def founding(self) -> Founding | None:
        """What the log was made as; None before anybody wrote it."""
        if self._founding is None:
            self.refresh()
        return self._founding

    def found(self, sender: Sender, partitions: int) -> Founding:
        """Write what the log is made as, unless somebody else was faster; what counts is returned."""
        told = {"format": FORMAT, "identity": str(uuid.uuid4()), "partitions": partitions}
        self.write(sender, Outgoing(_LOG, json.dumps(told).encode(), []))
        founding = self.founding()
        if founding is None:
            raise LogError(f"{self._location.name}: what was written to {self._topic} is not there")
        return founding

    def writer_schema(self, fingerprint: int) -> str | None:
        """The Avro schema (JSON) of this fingerprint, None where the log never saw it."""
        if fingerprint not in self._schemas:
            self.refresh()
        return self._schemas.get(fingerprint)

    def require_current_schemas(self, kinds: Iterable[str], sender: Sender) -> None:
        """Have today's schemas of these event types in the log before their first body is."""
        formats = [current_format(kind) for kind in kinds]
        self.require_schemas({each.fingerprint: each.schema for each in formats}, sender)

    def require_schemas(self, schemas: Mapping[int, str], sender: Sender) -> None:
        """Have these schemas, by fingerprint, in the log."""
        if schemas.keys() <= self._schemas.keys():
            return
        self.refresh()
        missing = {print_: text for print_, text in schemas.items() if print_ not in self._schemas}
        if missing:
            self.write(sender, *(Outgoing(_SCHEMA, text.encode(), []) for text in missing.values()))
            self._schemas.update(missing)

    def origin(self) -> uuid.UUID | None:
        """The log whose records this one took over; None where it took none."""
        if self._origin is None:
            self.refresh()
        return self._origin

    def note_origin(self, origin: uuid.UUID, sender: Sender) -> None:
        """Say whose records are taken over; the first says it for good."""
        self.write(sender, Outgoing(_ORIGIN, str(origin).encode(), []))

    @property
    def topic(self) -> str:
        """The topic that holds the events, as far as was read."""
        return self._generations[-1]

    @property
    def generation(self) -> int:
        """How often the log got a new topic, as far as was read."""
        return len(self._generations) - 1

    def obsolete(self) -> list[str]:
        """Topics that are not the log's any more, or never became so; some may be gone."""
        return [name for name in (*self._generations, *self._drafts) if name != self.topic]

    def note_draft(self, topic: str, sender: Sender) -> None:
        """Say that a topic is made which may become the log's."""
        self.write(sender, Outgoing(_DRAFT, topic.encode(), []))

    def note_generation(self, number: int, topic: str, sender: Sender) -> None:
        """Make a topic the log's, unless another became the one of this number."""
        told = {"number": number, "topic": topic}
        self.write(sender, Outgoing(_GENERATION, json.dumps(told).encode(), []))
        self.refresh()

    def claims(self) -> Claims:
        """Who redacts, and what is pending, as of now."""
        self.refresh()
        return self._claims

    def write(self, sender: Sender, *messages: Outgoing) -> None:
        """Add messages, durably."""
        sender.send(self._topic, {0: messages})

    def refresh(self) -> None:
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
        elif message.key == _ORIGIN and self._origin is None:
            self._origin = uuid.UUID(message.value.decode())
        elif message.key == _DRAFT:
            self._drafts.append(message.value.decode())
        elif message.key == _GENERATION:
            self._take_generation(message)
        elif message.key == REDACTION:
            self._claims.take(message)

    def _take_generation(self, message: Incoming) -> None:
        told = json.loads(message.value)
        if told["number"] == len(self._generations):
            self._generations.append(told["topic"])

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
