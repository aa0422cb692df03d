"""A new generation of a log's topic: every event at its place, some without their bodies.

The topic is copied while events come in. Then it is closed for everybody (no message is small enough for it
any more), the rest is copied, and the ledger names the copy as the log's topic: from that message on whoever
appends or reads is sent there. A process that dies before it leaves the log as it was, save that it may stay
closed until the next redaction. Offsets are kept, so that positions, checkpoints and archives stay valid;
where no event was, a message without one takes the place.
"""

import time
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import repeat

from eventlog.errors import LogError, UnavailableError
from eventlog.kafka.admin import Topics, topics_of
from eventlog.kafka.ledger import Ledger
from eventlog.kafka.location import KafkaLocation
from eventlog.kafka.message import GAP, Incoming, Outgoing, copied, is_gap, key_bytes, to_record
from eventlog.kafka.reader import Reader
from eventlog.kafka.sender import Placed, Sender, in_parts
from eventlog.kafka.topics import SETTINGS
from eventlog.log import Record

SETTLE_SECONDS = 1.0
"""How long a message that was let in before the topic closed may take until it can be read."""
_AT_ONCE = 500
_GAPS_AT_ONCE = 20_000
_SIZE = "max.message.bytes"
_COPIES = "min.insync.replicas"
_PATIENCE = 10.0


class Redaction:
    """Which events lose their bodies, and what takes their place."""

    def __init__(self, records: Collection[Record], tombstone: bytes) -> None:
        self._targets = {(record.key, record.id) for record in records}
        self._keys = {key_bytes(record.key) for record in records}
        self._tombstone = tombstone

    def applied(self, message: Incoming) -> Outgoing:
        """The message that takes the place of one in the copy."""
        if is_gap(message):
            return GAP
        return copied(message, self._tombstone if self._is_meant(message) else message.value)

    def _is_meant(self, message: Incoming) -> bool:
        if message.key not in self._keys:
            return False
        record = to_record(message)
        return (record.key, record.id) in self._targets


def close_topic(topics: Topics, location: KafkaLocation, topic: str, partitions: int) -> None:
    """Let a topic take no messages, whoever sends them; returns when none is on its way either."""
    topics.change(topic, {_SIZE: "0"})
    for partition in range(partitions):
        _await_closed(location, topic, partition)
    time.sleep(SETTLE_SECONDS)


def open_topic(topics: Topics, topic: str) -> None:
    """Let a topic that was closed take messages again."""
    topics.change(topic, {_SIZE: SETTINGS[_SIZE]})


def is_closed(topics: Topics, topic: str) -> bool:
    """Whether a topic was closed and not opened again."""
    return topics.settings(topic).get(_SIZE) == "0"


def rewrite(
    location: KafkaLocation, ledger: Ledger, partitions: int, redaction: Redaction, alive: Callable[[], None]
) -> None:
    """Make a new generation of a log's topic and the ledger name it; ``alive`` is called now and then.

    Raises UnavailableError where a transaction of another program stays open, LogError where offsets cannot
    be kept; the log is as it was then.
    """
    old, number = ledger.topic, ledger.generation + 1
    draft = f"{location.topic}.g{number}-{uuid.uuid4().hex[:8]}"
    with ExitStack() as opened:
        topics = opened.enter_context(topics_of(location))
        sender = opened.enter_context(closing(Sender(location)))
        reader = opened.enter_context(closing(Reader(location, old, partitions)))
        ledger.note_draft(draft, sender)
        _make(topics, draft, partitions, like=old)
        copy = _Copy(reader, sender, draft, redaction, alive)
        starts = reader.starts()
        copy.leave_out(starts)
        copy.run_to(reader.ends())
        with _closed(topics, location, old, partitions):
            _require_no_transaction(topics, reader, old, partitions)
            copy.run_to(reader.ends())
            topics.truncate(draft, {partition: start for partition, start in starts.items() if start})
        # whatever happens from here on, the old topic stays closed: this message may have arrived
        ledger.note_generation(number, draft, sender)
    if ledger.topic != draft:
        raise UnavailableError(f"another process redacted {location.name} meanwhile: redact again")


@contextmanager
def _closed(topics: Topics, location: KafkaLocation, topic: str, partitions: int) -> Iterator[None]:
    """A topic takes no messages inside, nor afterwards, unless that ends with an error."""
    try:
        close_topic(topics, location, topic, partitions)
        yield
    except BaseException:
        open_topic(topics, topic)
        raise


def _make(topics: Topics, topic: str, partitions: int, *, like: str) -> None:
    copies = topics.settings(like).get(_COPIES)
    settings = SETTINGS if copies is None else {**SETTINGS, _COPIES: copies}
    topics.create(topic, partitions, topics.replication(like), settings)
    topics.await_partitions(topic)


def _await_closed(location: KafkaLocation, topic: str, partition: int) -> None:
    """Try until the partition's broker has heard of it; what it takes before that is no event."""
    deadline = time.monotonic() + _PATIENCE
    with closing(Sender(location)) as sender:
        while time.monotonic() < deadline:
            try:
                sender.send(topic, {partition: [GAP]})
            except UnavailableError:
                return
            time.sleep(0.02)
    raise LogError(f"{location.name}: the topic {topic} cannot be closed for the redaction")


def _require_no_transaction(topics: Topics, reader: Reader, topic: str, partitions: int) -> None:
    """A transaction of another program that is open would be cut in two."""
    deadline = time.monotonic() + _PATIENCE
    while topics.ends(topic, partitions) != reader.ends():
        if time.monotonic() > deadline:
            raise UnavailableError(
                f"another program has a transaction open in {topic}: end it, and redact again"
            )
        time.sleep(0.1)


class _Copy:
    """Copies one topic into another, offset by offset."""

    def __init__(
        self, reader: Reader, sender: Sender, topic: str, redaction: Redaction, alive: Callable[[], None]
    ) -> None:
        self._reader, self._sender, self._topic = reader, sender, topic
        self._redaction = redaction
        self._alive = alive
        self._at: dict[int, int] = {}

    def leave_out(self, starts: Mapping[int, int]) -> None:
        """Take the places of what the log let go of."""
        for partition, start in starts.items():
            for at in range(0, start, _GAPS_AT_ONCE):
                self._send(partition, at, [GAP] * min(_GAPS_AT_ONCE, start - at))
        self._at = dict(starts)

    def run_to(self, ends: Mapping[int, int]) -> None:
        """Copy what lies before these offsets."""
        for partition, end in ends.items():
            while (at := self._at[partition]) < end:
                messages, reached = self._reader.read({partition: at}, {partition: end}, _AT_ONCE)
                made = list(self._made(at, messages, reached[partition]))
                for part in in_parts(made):
                    self._send(partition, at, part)
                    at += len(part)
                self._at[partition] = at

    def _made(self, at: int, messages: Iterable[Incoming], reached: int) -> Iterator[Outgoing]:
        """A message for every offset from ``at`` to ``reached``."""
        for message in messages:
            yield from repeat(GAP, message.offset - at)
            yield self._redaction.applied(message)
            at = message.offset + 1
        yield from repeat(GAP, reached - at)

    def _send(self, partition: int, at: int, messages: Sequence[Outgoing]) -> None:
        self._alive()
        placed = self._sender.send(self._topic, {partition: messages})[partition]
        if placed != Placed(at, at + len(messages)):
            raise LogError(
                f"the copy {self._topic} has at {placed.first} what belongs to {partition}:{at}: redact again"
            )
