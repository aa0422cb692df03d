"""The log on Kafka: keyed topics, durable appends, positions as vectors over partitions."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from threading import Lock
from typing import Self

from eventlog.codec import encode
from eventlog.errors import HoofprintError, LogError
from eventlog.event import Event
from eventlog.kafka.connection import require_reachable
from eventlog.kafka.ledger import Founding, Ledger
from eventlog.kafka.location import KafkaLocation
from eventlog.kafka.message import Outgoing, key_bytes, to_message, to_record
from eventlog.kafka.reader import Reader
from eventlog.kafka.sender import Sender, by_partition, partition_of
from eventlog.kafka.topics import require_topics
from eventlog.log import Appended, Batch, Position, Record

AT_ONCE_EVENTS = 2000
AT_ONCE_BYTES = 8_000_000
"""How much is sent before it is acknowledged: the delivery timeout is about one such part."""


class KafkaLog:
    """An event log in a topic; it keeps duplicates, so that an event is at least once in it.

    Safe to share between threads. Each key's events are in one partition, in the order of appending; the
    namespaces, keys and subjects lie in the messages' headers for other programs to read.
    """

    def __init__(self, location: KafkaLocation, founding: Founding, ledger: Ledger, reader: Reader) -> None:
        self._location = location
        self._founding = founding
        self._ledger = ledger
        self._reader = reader
        self._sender: Sender | None = None
        self._closed = False
        self._read_lock, self._send_lock = Lock(), Lock()

    @classmethod
    def open(cls, location: str) -> Self:
        """Open the log at ``kafka://HOST:PORT[,HOST:PORT]/TOPIC?option=value``, made where there is none.

        Options are ``partitions`` and ``replication`` (for a topic that is made), ``compression.type``,
        ``bootstrap.timeout.ms``, ``delivery.timeout.ms``, Kafka's ``security.protocol``, ``sasl.*`` and
        ``ssl.*``, and ``properties``, a file with more of them, the only place for passwords.

        Raises InputError for another location or a wrong option, UnavailableError where no broker answers in
        time, LogError for a topic that is no log, would lose events, or changed its number of partitions.
        """
        place = KafkaLocation.parse(location)
        require_reachable(place)
        partitions = require_topics(place)
        ledger = Ledger(place)
        with ExitStack() as opened:
            reader = opened.enter_context(closing(Reader(place, place.topic, partitions)))
            founding = _founding(place, ledger, reader, partitions)
            opened.pop_all()
        return cls(place, founding, ledger, reader)

    @property
    def identity(self) -> uuid.UUID:
        """This log's own UUID, the first that was written beside its topic."""
        return self._founding.identity

    def append(self, events: Sequence[Event]) -> Appended:
        """Append events in order, all of them acknowledged by all in-sync replicas when it returns.

        An append of more than 2,000 events or 8 MB goes in parts. When it fails with UnavailableError some of
        its events may be there, and appending them again puts these there twice: views count them once.

        Raises LogError or SchemaError for an event that is too big or does not fit its schema (nothing is
        sent then), UnavailableError where the broker does not acknowledge within the delivery timeout.
        """
        self._require_open()
        messages = [to_message(event, encode(event.fact)) for event in events]
        if not messages:
            return Appended(self.head())
        try:
            sender = self._open_sender()
            self._ledger.require_schemas({event.type for event in events}, sender)
            ends: dict[int, int | None] = {}
            for part in _parts(messages):
                placed = sender.send(self._location.topic, by_partition(part, self._founding.partitions))
                ends |= {partition: place.end for partition, place in placed.items()}
        except HoofprintError:
            self._drop_sender()
            raise
        told = {partition: end for partition, end in ends.items() if end is not None}
        return Appended(_position(told) if len(told) == len(ends) else self.head())

    def read(self, after: Position, limit: int, *, key: str | None = None) -> Batch:
        """Up to ``limit`` records from position ``after`` on; with ``key``, those of that key alone.

        Records come in order within each partition; a key's partition alone is read for it.
        """
        if limit < 1:
            return Batch([], after)
        with self._read_lock:
            self._require_open()
            ends = self._reader.ends()
            starts = {partition: after.offset(partition) for partition in ends}
            if key is None:
                messages, reached = self._reader.read(starts, ends, limit)
                return Batch([to_record(message) for message in messages], _position(reached))
            return self._read_key(key, starts, ends, limit)

    def _read_key(self, key: str, starts: Mapping[int, int], ends: Mapping[int, int], limit: int) -> Batch:
        """Records of one key; the other partitions hold none of it and are passed at once."""
        wanted = key_bytes(key)
        home = partition_of(wanted, self._founding.partitions)
        records: list[Record] = []
        at = starts[home]
        while len(records) < limit and at < ends[home]:
            messages, reached = self._reader.read({home: at}, ends, limit - len(records))
            records += [to_record(message) for message in messages if message.key == wanted]
            at = reached[home]
        passed = {partition: max(start, ends[partition]) for partition, start in starts.items()}
        return Batch(records, _position({**passed, home: at}))

    def head(self) -> Position:
        """The position behind the last event; events of a foreign transaction count when it is committed."""
        with self._read_lock:
            self._require_open()
            return _position(self._reader.ends())

    def earliest(self) -> Position:
        """The first position that can still be read."""
        with self._read_lock:
            self._require_open()
            return _position(self._reader.starts())

    def writer_schema(self, fingerprint: int) -> str | None:
        """The Avro schema (JSON) of this CRC-64-AVRO fingerprint, None where the log never saw it."""
        return self._ledger.writer_schema(fingerprint)

    def close(self) -> None:
        """Let go of the connections; appending or reading afterwards is an error."""
        self._drop_sender()
        with self._read_lock:
            self._closed = True
            self._reader.close()

    def _require_open(self) -> None:
        if self._closed:
            raise LogError(f"the event log {self._location.name} is closed")

    def _open_sender(self) -> Sender:
        with self._send_lock:
            if self._sender is None:
                require_reachable(self._location)
                self._sender = Sender(self._location)
            return self._sender

    def _drop_sender(self) -> None:
        """Close the sender: after a failure it may hold messages that are not to arrive late, or be spent."""
        with self._send_lock:
            if self._sender is not None:
                sender, self._sender = self._sender, None
                sender.close()


def _founding(place: KafkaLocation, ledger: Ledger, reader: Reader, partitions: int) -> Founding:
    """What the log was made as; written down where it is new."""
    founding = ledger.founding()
    if founding is None:
        # looked at between two looks at the ledger, since another process may be founding and appending
        used = any(reader.ends().values())
        founding = ledger.founding()
        if founding is None and used:
            raise LogError(
                f"{place.name} holds messages, but nothing says that it is a log of ours: name another topic "
                "(HOOFPRINT_LOG)"
            )
    if founding is None:
        with closing(Sender(place)) as sender:
            founding = ledger.found(sender, partitions)
    if founding.partitions != partitions:
        raise LogError(
            f"{place.name} was made with {founding.partitions} partitions and has {partitions} now: events "
            "of one run would lie in two of them. Name a new topic (HOOFPRINT_LOG)"
        )
    return founding


def _parts(messages: Sequence[Outgoing]) -> Iterator[Sequence[Outgoing]]:
    """How a row of messages is cut into parts that are sent one after the other."""
    start = size = 0
    for number, message in enumerate(messages):
        if number > start and (number - start == AT_ONCE_EVENTS or size > AT_ONCE_BYTES):
            yield messages[start:number]
            start, size = number, 0
        size += len(message.value)
    yield messages[start:]


def _position(offsets: Mapping[int, int]) -> Position:
    """A position that leaves out partitions at their start, so that equal places are equal positions."""
    return Position({partition: offset for partition, offset in sorted(offsets.items()) if offset})
