"""Reads and decodes a log for the views: the next batch, where that pays, while the last one is written."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from eventlog.log import Batch, Position, Record
from projections.bookkeeping import DeadLetter
from projections.folding import Decoded

LARGEST_STEP = 4_000_000
"""Bytes of event bodies that are folded in one step: a plan's events are fifty times as large as others."""


def in_bounds(batch: Batch, after: Position, most: int) -> Batch:
    """What was read from ``after`` on, until its bodies have ``most`` bytes together; one event at least."""
    size = 0
    for count, record in enumerate(batch.records):
        size += len(record.body)
        if size > most and count:
            kept = batch.records[:count]
            return Batch(kept, after.joined(Position({each.partition: each.offset + 1 for each in kept})))
    return batch


@dataclass(frozen=True, slots=True)
class Told:
    """What was read between two positions, decoded; ``records`` counts redacted ones too."""

    start: Position
    until: Position
    decoded: Decoded
    undecodable: Sequence[DeadLetter]
    records: int

    @property
    def redacted(self) -> int:
        """How many of the records were tombstones."""
        return self.records - len(self.decoded.pairs) - len(self.undecodable)

    def after(self, position: Position) -> "Told":
        """What of it a group that stands here has not folded: nearly always everything."""
        if position == self.start:
            return self
        pairs = [pair for pair in self.decoded.pairs if _is_new(pair[0], position)]
        letters = [letter for letter in self.undecodable if _is_new(letter.record, position)]
        return Told(position, self.until, Decoded.of(pairs), letters, len(pairs) + len(letters))


def _is_new(record: Record, position: Position) -> bool:
    return record.offset >= position.offset(record.partition)


class ReadAhead:
    """Gives what ``read`` reads at a position; with ``ahead``, a thread reads on from where that ends."""

    def __init__(self, read: Callable[[Position], Told | None], *, ahead: bool) -> None:
        self._read = read
        self._threads = ThreadPoolExecutor(1) if ahead else None
        self._next: tuple[Position, Future[Told | None]] | None = None

    def at(self, position: Position) -> Told | None:
        """What begins at a position, None where nothing does. Raises what ``read`` raises."""
        told = self._expected(position)
        if told is not None and self._threads is not None:
            self._next = told.until, self._threads.submit(self._read, told.until)
        return told

    def _expected(self, position: Position) -> Told | None:
        if self._next is None:
            return self._read(position)
        place, reading = self._next
        if place == position:
            return reading.result()
        # somebody else went on from here: what was read is of no use, but two must not read at once
        wait([reading])
        return self._read(position)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._threads is not None:
            self._threads.shutdown()
