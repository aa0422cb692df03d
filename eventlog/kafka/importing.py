"""Takes over another log's records: each once, in their order, with what they were recorded as.

A message of a record that was taken over tells that record's place in its log. Records of one partition there
come in order, so what was taken over of it is known by one offset for each partition here, however often an
import was killed.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from eventlog.errors import InputError
from eventlog.kafka.ledger import Ledger
from eventlog.kafka.location import KafkaLocation
from eventlog.kafka.message import Incoming, is_gap, key_bytes, origin_of, taken_over
from eventlog.kafka.reader import Reader
from eventlog.kafka.sender import Placed, Sender, in_parts, partition_of
from eventlog.log import Record

_AT_ONCE = 2000


class Import:
    """What a log took over so far, as one handle knows it."""

    def __init__(self, location: KafkaLocation, ledger: Ledger, partitions: int) -> None:
        self._location = location
        self._ledger = ledger
        self._partitions = partitions
        # up to where the log was looked through, and what it holds of its own
        self._seen = dict.fromkeys(range(partitions), 0)
        self._own = False
        # by partition here and there: the offset there behind the last record that is here
        self._taken: dict[tuple[int, int], int] = {}

    def add(
        self,
        records: Sequence[Record],
        origin: uuid.UUID,
        schemas: Mapping[int, str],
        reader: Reader,
        sender: Sender,
    ) -> int:
        """Send the records that are not there yet; returns how many that were."""
        self._look(reader)
        self._require_origin(origin, sender)
        self._ledger.require_schemas(schemas, sender)
        new = [(here, record) for here, record in self._placed(records) if not self._has(here, record)]
        if new and self._own:
            raise InputError(
                f"the event log {self._location.name} has gone on since the archive was imported: the "
                "archive's later events would come too late. Import it into an empty log"
            )
        self._send(new, sender)
        return len(new)

    def _placed(self, records: Sequence[Record]) -> Iterator[tuple[int, Record]]:
        return ((partition_of(key_bytes(record.key), self._partitions), record) for record in records)

    def _has(self, here: int, record: Record) -> bool:
        return record.offset < self._taken.get((here, record.partition), 0)

    def _send(self, new: Sequence[tuple[int, Record]], sender: Sender) -> None:
        parts: dict[int, list[Record]] = {}
        for here, record in new:
            parts.setdefault(here, []).append(record)
        for here, records in parts.items():
            waiting = iter(records)
            for part in in_parts([taken_over(record) for record in records]):
                placed = sender.send(self._ledger.topic, {here: part})[here]
                if placed == Placed(self._seen[here], self._seen[here] + len(part)):
                    # nobody else wrote: what was sent need not be read again
                    self._seen[here] += len(part)
                for record in islice(waiting, len(part)):
                    self._taken[here, record.partition] = record.offset + 1

    def _look(self, reader: Reader) -> None:
        """Look through what came since the last look."""
        ends, starts = reader.ends(), reader.starts()
        self._seen = {here: max(offset, starts[here]) for here, offset in self._seen.items()}
        while any(offset < ends[here] for here, offset in self._seen.items()):
            messages, self._seen = reader.read(self._seen, ends, _AT_ONCE)
            for message in messages:
                self._take(message)

    def _take(self, message: Incoming) -> None:
        origin = origin_of(message)
        if origin is not None:
            there, offset = origin
            self._taken[message.partition, there] = offset + 1
        elif not is_gap(message):
            self._own = True

    def _require_origin(self, origin: uuid.UUID, sender: Sender) -> None:
        known = self._ledger.origin()
        if known is None:
            if self._own or self._taken:
                raise InputError(
                    f"the event log {self._location.name} holds events of its own: an archive is imported "
                    "into an empty log (HOOFPRINT_LOG)"
                )
            self._ledger.note_origin(origin, sender)
            known = self._ledger.origin()
        if known != origin:
            raise InputError(
                f"the event log {self._location.name} was imported from log {known}, this archive is of log "
                f"{origin}"
            )
