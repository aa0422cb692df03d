"""The port: what every log of events can do, whatever keeps it."""

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, Self

from eventlog.errors import InputError
from eventlog.event import Event

BEYOND = (1 << 63) - 1
"""An offset that no log reaches: who stands there in a partition is given nothing of it."""

_POSITION = re.compile(r"\d{1,19}:\d{1,19}(?:,\d{1,19}:\d{1,19})*", re.ASCII)


@dataclass(frozen=True, slots=True, eq=False)
class Position:
    """Where a reader stands: for each partition the offset of the next event to read.

    A partition that is not named stands at its start: positions are equal where they say the same, whether
    they name it or not. Offsets of a log may have gaps.
    """

    offsets: Mapping[int, int] = field(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Position) and self.reaches(other) and other.reaches(self)

    def __hash__(self) -> int:
        return hash(frozenset((partition, offset) for partition, offset in self.offsets.items() if offset))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text form ``partition:offset,partition:offset``; empty is the start of the log.

        Raises InputError for another text.
        """
        if text and not _POSITION.fullmatch(text):
            raise InputError(f"{text!r} is no position in a log: it reads partition:offset,partition:offset")
        pairs = [part.split(":") for part in text.split(",") if part]
        offsets = {int(partition): int(offset) for partition, offset in pairs}
        if len(offsets) < len(pairs):
            raise InputError(f"{text!r} is no position in a log: it names a partition twice")
        return cls(offsets)

    def __str__(self) -> str:
        return ",".join(f"{partition}:{offset}" for partition, offset in sorted(self.offsets.items()))

    def offset(self, partition: int) -> int:
        """The next offset to read in a partition."""
        return self.offsets.get(partition, 0)

    def reaches(self, other: "Position") -> bool:
        """Whether everything before ``other`` lies before this position too."""
        return all(self.offset(partition) >= offset for partition, offset in other.offsets.items())

    def joined(self, other: "Position") -> "Position":
        """The smallest position that reaches both."""
        partitions = self.offsets.keys() | other.offsets.keys()
        return Position({p: max(self.offset(p), other.offset(p)) for p in partitions})


@dataclass(frozen=True, slots=True)
class Record:
    """One event as a log keeps it: envelope, place and undecoded body.

    ``body`` is Avro single-object encoding; ``recorded`` the log's own time of appending (microseconds).
    """

    partition: int
    offset: int
    recorded: int
    id: uuid.UUID
    type: str
    source: str
    subject: str
    time: int
    namespace: str
    actor: str
    key: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """Records in log order (per partition) and the position after the last of them."""

    records: Sequence[Record]
    position: Position


@dataclass(frozen=True, slots=True)
class Appended:
    """The events are durable; ``position`` is the first position that has them all behind it.

    ``duplicates`` counts events whose id was there already (they were not appended again), and
    ``conflicts`` those of them whose body differed: the first stays.
    """

    position: Position
    duplicates: int = 0
    conflicts: int = 0


@dataclass(frozen=True, slots=True)
class Spooled:
    """The log is out of reach; the events are durable in this host's spool, up to ``sequence``."""

    sequence: int


class EventLog(Protocol):
    """An append-only log of events, totally ordered per key."""

    @property
    def identity(self) -> uuid.UUID:
        """This log's own UUID; checkpoints carry it, so that a view never mixes two logs."""
        ...

    def append(self, events: Sequence[Event]) -> Appended | Spooled:
        """Append events in order, all of them durable when it returns.

        Raises LogError for an event above 900 KB, SchemaError for a fact whose values do not fit its fields;
        nothing of the call is appended then.
        """
        ...

    def read(self, after: Position, limit: int, *, key: str | None = None) -> Batch:
        """Up to ``limit`` records from position ``after`` on; with ``key``, those of that key alone.

        The batch's position may lie beyond the last record, where a log has gaps. Of a partition in which
        ``after`` lies beyond the end nothing is read.
        """
        ...

    def head(self) -> Position:
        """The position behind the last event; it names every partition."""
        ...

    def earliest(self) -> Position:
        """The first position that can still be read."""
        ...

    def writer_schema(self, fingerprint: int) -> str | None:
        """The Avro schema (JSON) of this CRC-64-AVRO fingerprint, None where the log never saw it."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


def read_all(log: EventLog, *, key: str | None = None, batch_size: int = 5000) -> Iterable[Record]:
    """Every record from the start of the log to the head it had when asked, batch by batch."""
    position, head = log.earliest(), log.head()
    while not position.reaches(head):
        batch = log.read(position, batch_size, key=key)
        yield from batch.records
        if batch.position == position:
            return
        position = batch.position
