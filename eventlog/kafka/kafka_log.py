"""The log on Kafka: keyed topics, durable appends, positions as vectors over partitions."""

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from threading import Lock
from typing import Self, TypeVar

from eventlog.codec import encode
from eventlog.errors import HoofprintError, LogError, UnavailableError
from eventlog.event import Event
from eventlog.kafka.admin import topics_of
from eventlog.kafka.connection import require_reachable
from eventlog.kafka.generation import Redaction
from eventlog.kafka.importing import Import
from eventlog.kafka.ledger import Founding, Ledger
from eventlog.kafka.location import KafkaLocation
from eventlog.kafka.message import Incoming, Outgoing, is_gap, key_bytes, to_message, to_record
from eventlog.kafka.reader import Reader, Watch
from eventlog.kafka.redacting import redacting, settle
from eventlog.kafka.sender import Sender, by_partition, in_parts, partition_of
from eventlog.kafka.topics import require_topics
from eventlog.log import BEYOND, Appended, Batch, Position, Record, read_all

T = TypeVar("T")


class KafkaLog:
    """An event log in a topic; it keeps duplicates, so that an event is at least once in it.

    Safe to share between threads. Each key's events are in one partition, in the order of appending; the
    namespaces, keys and subjects lie in the messages' headers for other programs to read. When a redaction
    gives the log another topic, appending and reading go on there.
    """

    def __init__(self, location: KafkaLocation, founding: Founding, ledger: Ledger, reader: Reader) -> None:
        self._location = location
        self._founding = founding
        self._ledger = ledger
        self._reader = reader
        self._topic = ledger.topic
        self._sender: Sender | None = None
        self._watch: Watch | None = None
        self._import = Import(location, ledger, founding.partitions)
        self._redacted: set[uuid.UUID] = set()
        self._closed = False
        self._read_lock, self._send_lock, self._import_lock = Lock(), Lock(), Lock()
        self._watch_lock = Lock()

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
        ledger = Ledger(place)
        partitions = require_topics(place, ledger)
        with ExitStack() as opened:
            reader = opened.enter_context(closing(Reader(place, ledger.topic, partitions)))
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
        sent then), UnavailableError where the broker does not acknowledge within the delivery timeout, or the
        log is being redacted.
        """
        self._require_open()
        messages = [to_message(event, encode(event.fact)) for event in events]
        if not messages:
            return Appended(self.head())
        kinds = {event.type for event in events}
        return self._sending(lambda sender: self._append(messages, kinds, sender))

    def _append(self, messages: Sequence[Outgoing], kinds: Collection[str], sender: Sender) -> Appended:
        self._ledger.require_current_schemas(kinds, sender)
        ends: dict[int, int | None] = {}
        for part in in_parts(messages):
            placed = sender.send(self._topic, by_partition(part, self._founding.partitions))
            ends |= {partition: place.end for partition, place in placed.items()}
        told = {partition: end for partition, end in ends.items() if end is not None}
        return Appended(Position(told) if len(told) == len(ends) else self.head())

    def read(self, after: Position, limit: int, *, key: str | None = None) -> Batch:
        """Up to ``limit`` records from position ``after`` on; with ``key``, those of that key alone.

        Records come in order within each partition. Nothing is fetched of a partition in which ``after``
        lies beyond the end, or which is not the key's.
        """
        if limit < 1:
            return Batch([], after)
        return self._reading(lambda reader: self._read(reader, after, limit, key))

    def _read(self, reader: Reader, after: Position, limit: int, key: str | None) -> Batch:
        ends = reader.ends()
        starts = {partition: after.offset(partition) for partition in ends}
        if key is not None:
            return self._read_key(reader, key, starts, ends, limit)
        messages, reached = reader.read(starts, ends, limit)
        return Batch(_records(messages), Position(reached))

    def _read_key(
        self, reader: Reader, key: str, starts: Mapping[int, int], ends: Mapping[int, int], limit: int
    ) -> Batch:
        """Records of one key; the other partitions hold none of it and are passed at once."""
        wanted = key_bytes(key)
        home = partition_of(wanted, self._founding.partitions)
        records: list[Record] = []
        at = starts[home]
        while len(records) < limit and at < ends[home]:
            messages, reached = reader.read({home: at}, ends, limit - len(records))
            records += _records(message for message in messages if message.key == wanted)
            at = reached[home]
        passed = {partition: max(start, ends[partition]) for partition, start in starts.items()}
        return Batch(records, Position({**passed, home: at}))

    def head(self) -> Position:
        """The position behind the last event; events of a foreign transaction count when it is committed.

        Every partition is named, those without events too.
        """
        return Position(self._reading(lambda reader: reader.ends()))

    def earliest(self) -> Position:
        """The first position that can still be read; it names every partition."""
        return Position(self._reading(lambda reader: reader.starts()))

    def wait_for_news(self, after: Position, seconds: float) -> bool:
        """Return True as soon as there are events from position ``after`` on, False after so many seconds.

        The broker says when there are; reading and appending go on meanwhile. News of partitions without a
        leader, or of a topic that took the place of this one, may be missed.
        """
        offsets = {p: after.offset(p) for p in range(self._founding.partitions)}
        with self._watch_lock:
            watch = self._open_watch()
            return watch.wait({p: at for p, at in offsets.items() if at != BEYOND}, seconds)

    def writer_schema(self, fingerprint: int) -> str | None:
        """The Avro schema (JSON) of this CRC-64-AVRO fingerprint, None where the log never saw it."""
        return self._ledger.writer_schema(fingerprint)

    def append_records(
        self, records: Sequence[Record], *, origin: uuid.UUID, schemas: Mapping[int, str]
    ) -> int:
        """Append records of the log ``origin`` as they were, save their positions; returns how many were new.

        Keys choose partitions as they always do. Raises InputError where this log holds other events than
        those of ``origin``, otherwise what ``append`` does.
        """
        with self._import_lock:
            return self._sending(
                lambda sender: self._reading(
                    lambda reader: self._import.add(records, origin, schemas, reader, sender)
                )
            )

    def truncate_before(self, position: Position) -> Position:
        """Remove what lies before a position for good; returns the first position that is left."""
        self._require_open()
        starts, ends = self.earliest(), self.head()
        wanted = {p: min(offset, ends.offset(p)) for p, offset in position.offsets.items()}
        further = {p: offset for p, offset in wanted.items() if offset > starts.offset(p)}
        if further:
            with topics_of(self._location) as topics:
                topics.truncate(self._topic, further)
        return self.earliest()

    def redaction_pending(self) -> bool:
        """Whether a redaction began and ``settle_redaction`` has not been called since."""
        return bool(self._ledger.claims().pending)

    def redact(self, records: Sequence[Record], tombstone: bytes) -> int:
        """Put a tombstone in place of these events' bodies; returns how many had another body.

        The log is copied into another topic, which takes the place of this one; appends are refused for the
        seconds that the end of it takes. The old topic is deleted, and the broker removes its files about a
        minute later. Raises UnavailableError while another process redacts this log.
        """
        self._require_open()
        with redacting(self._location, self._ledger, self._founding.partitions) as redactor:
            replaced = self._others_than(records, tombstone, redactor.show_life)
            if replaced:
                redactor.rewrite(Redaction(records, tombstone))
            with self._read_lock:
                self._follow()
        self._redacted = self._ledger.claims().left()
        return replaced

    def _others_than(self, records: Sequence[Record], tombstone: bytes, alive: Callable[[], None]) -> int:
        """How many of these events have another body than the tombstone here."""
        wanted, others = {(record.key, record.id) for record in records}, 0
        for key in {key for key, _ in wanted}:
            for record in read_all(self, key=key):
                others += (record.key, record.id) in wanted and record.body != tombstone
                alive()
        return others

    def settle_redaction(self) -> None:
        """Say that everything that was made of the redacted events is gone too."""
        self._require_open()
        settle(self._location, self._ledger, self._redacted)

    def close(self) -> None:
        """Let go of the connections; appending or reading afterwards is an error."""
        self._drop_sender()
        with self._read_lock:
            self._closed = True
            self._reader.close()
        with self._watch_lock:
            self._drop_watch()

    def _require_open(self) -> None:
        if self._closed:
            raise LogError(f"the event log {self._location.name} is closed")

    def _sending(self, action: Callable[[Sender], T]) -> T:
        """Send something, once more where the log has another topic since."""
        topic = self._topic
        try:
            return self._send(action)
        except UnavailableError:
            with self._read_lock:
                # another thread may have followed already
                if self._topic == topic and not self._follow():
                    raise
            return self._send(action)

    def _send(self, action: Callable[[Sender], T]) -> T:
        self._require_open()
        try:
            return action(self._open_sender())
        except HoofprintError:
            self._drop_sender()
            raise

    def _reading(self, action: Callable[[Reader], T]) -> T:
        """Read something, once more where the log has another topic since."""
        with self._read_lock:
            self._require_open()
            try:
                return action(self._reader)
            except UnavailableError:
                if not self._follow():
                    raise
                return action(self._reader)

    def _follow(self) -> bool:
        """Go on with the log's topic of now; False where that is the one at hand, or nobody can tell."""
        try:
            require_reachable(self._location)
            self._ledger.refresh()
            if self._ledger.topic == self._topic:
                return False
            reader = Reader(self._location, self._ledger.topic, self._founding.partitions)
        except UnavailableError:
            return False
        self._reader.close()
        self._reader, self._topic = reader, self._ledger.topic
        return True

    def _open_watch(self) -> Watch:
        """The watch of the topic at hand, opened when it is first needed."""
        self._require_open()
        if self._watch is None or self._watch.topic != self._topic:
            self._drop_watch()
            require_reachable(self._location)
            self._watch = Watch(self._location, self._topic)
        return self._watch

    def _drop_watch(self) -> None:
        if self._watch is not None:
            self._watch.close()
            self._watch = None

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


def _records(messages: Iterable[Incoming]) -> list[Record]:
    return [to_record(message) for message in messages if not is_gap(message)]
