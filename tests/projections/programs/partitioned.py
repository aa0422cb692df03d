"""A log of several partitions, each an SQLite log, and a process that follows or rebuilds from it."""

import signal
import sys
import threading
import uuid
from collections.abc import Sequence
from pathlib import Path
from zlib import crc32

from eventlog.event import Event
from eventlog.log import Appended, Batch, Position, Record
from eventlog.sqlite import SqliteLog


class PartitionedLog:
    """Keyed as on a broker: one workflow tree in one partition, no order between partitions."""

    def __init__(self, folder: Path, partitions: int = 4) -> None:
        folder.mkdir(exist_ok=True)
        self._parts = [SqliteLog.open(folder / f"{number}.db") for number in range(partitions)]

    @property
    def identity(self) -> uuid.UUID:
        """The first partition's."""
        return self._parts[0].identity

    def append(self, events: Sequence[Event]) -> Appended:
        """Append each event to its key's partition."""
        for number, part in enumerate(self._parts):
            part.append([event for event in events if crc32(event.key.encode()) % len(self._parts) == number])
        return Appended(self.head())

    def read(self, after: Position, limit: int, *, key: str | None = None) -> Batch:
        """Up to ``limit`` records, those of the lowest partitions first."""
        records: list[Record] = []
        offsets: dict[int, int] = {}
        for number, part in enumerate(self._parts):
            batch = part.read(Position({0: after.offset(number)}), limit - len(records), key=key)
            records += [_in_partition(record, number) for record in batch.records]
            offsets[number] = batch.position.offset(0)
        return Batch(records, Position(offsets))

    def head(self) -> Position:
        """The position behind the last event of every partition."""
        return Position({number: part.head().offset(0) for number, part in enumerate(self._parts)})

    def earliest(self) -> Position:
        """Nothing leaves."""
        return Position(dict.fromkeys(range(len(self._parts)), 0))

    def writer_schema(self, fingerprint: int) -> str | None:
        """The schema, whichever partition knows it."""
        found = (part.writer_schema(fingerprint) for part in self._parts)
        return next((schema for schema in found if schema is not None), None)

    def close(self) -> None:
        """Close every partition."""
        for part in self._parts:
            part.close()


def _in_partition(record: Record, partition: int) -> Record:
    import dataclasses

    return dataclasses.replace(record, partition=partition)


def main(what: str, folder: str, location: str) -> None:
    """Follow until SIGTERM, or rebuild the runs views in small steps."""
    from projections.follower import Follower
    from projections.groups import RUNS
    from projections.projector import Projector
    from projections.store import ViewStore

    log, store = PartitionedLog(Path(folder)), ViewStore.open(location)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    if what == "follow":
        follower = Follower(log, store, hangs_after=3.0)
        follower.run(stop, lambda beat: print("beat", *beat.partitions, flush=True), every=0.2)
    else:
        print("beat", flush=True)
        Projector(log, store, batch_size=10).rebuild(RUNS)
    store.close()
    log.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
