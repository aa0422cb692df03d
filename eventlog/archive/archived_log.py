"""A log whose beginning lies in its archive: reading starts there and goes on in the log."""

import uuid
from collections import OrderedDict
from collections.abc import Generator, Sequence
from itertools import islice
from pathlib import Path
from threading import Lock

from eventlog.archive.manifest import MANIFEST, Manifest, read_manifest
from eventlog.archive.reading import archived_schemas, partition_records
from eventlog.errors import InputError, LogError
from eventlog.event import Event
from eventlog.log import Appended, Batch, EventLog, Position, Record, Spooled
from eventlog.news import wait_for_news

_CURSORS = 8
"""How many readers can each go on where they stopped, without looking for the place again."""

Cursor = Generator[Record, None, None]
Place = tuple[int, int, str | None]


class ArchivedLog:
    """An event log and its archive as one: what the log let go of is read from the archive.

    Raises InputError for an archive of another log or of one run alone.
    """

    def __init__(self, folder: Path, log: EventLog) -> None:
        self._folder = folder
        self._log = log
        self._cursors: OrderedDict[Place, Cursor] = OrderedDict()
        self._lock = Lock()
        self._manifest = self._load()
        self._schemas: dict[int, str] | None = None

    @property
    def identity(self) -> uuid.UUID:
        """The log's UUID."""
        return self._log.identity

    def append(self, events: Sequence[Event]) -> Appended | Spooled:
        """Append to the log, as it does by itself."""
        return self._log.append(events)

    def read(self, after: Position, limit: int, *, key: str | None = None) -> Batch:
        """Up to ``limit`` records from position ``after`` on; with ``key``, those of that key alone.

        Raises LogError or NotFoundError for a segment that is damaged or missing.
        """
        while limit > 0:
            partition = self._released(after)
            if partition is not None:
                return self._read_archive(after, partition, limit, key)
            batch = self._log.read(after, limit, key=key)
            # what was let go of meanwhile may be missing from the batch
            if self._released(after) is None:
                return batch
        return Batch([], after)

    def head(self) -> Position:
        """The position behind the last event."""
        return self._log.head()

    def earliest(self) -> Position:
        """The first position that can still be read, in the archive or in the log."""
        archived, kept = self._manifest.start, self._log.earliest()
        partitions = archived.offsets.keys() | kept.offsets.keys()
        return Position({p: min(archived.offsets.get(p, kept.offset(p)), kept.offset(p)) for p in partitions})

    def wait_for_news(self, after: Position, seconds: float) -> bool:
        """Whether the log has events from here on, or gets some within so many seconds."""
        return wait_for_news(self._log, after, seconds)

    def writer_schema(self, fingerprint: int) -> str | None:
        """The Avro schema (JSON) of this CRC-64-AVRO fingerprint, None where neither of them has it."""
        schema = self._log.writer_schema(fingerprint)
        if schema is not None:
            return schema
        if self._schemas is None:
            self._schemas = archived_schemas(self._folder, self._manifest)
        return self._schemas.get(fingerprint)

    def close(self) -> None:
        """Close the log and what is open of the archive."""
        with self._lock:
            self._drop_cursors()
        self._log.close()

    def _released(self, after: Position) -> int | None:
        """A partition whose events from this position on the log has let go of.

        Raises LogError where the archive does not have them either.
        """
        kept = self._log.earliest()
        behind = [p for p, first in kept.offsets.items() if after.offset(p) < first]
        if not behind:
            return None
        self._reload()
        start, end = self._manifest.start, self._manifest.end
        for partition in behind:
            if start.offset(partition) <= after.offset(partition) < end.offset(partition):
                return partition
        raise LogError(
            f"the events between {after} and {kept} are not in the log any more, and the archive "
            f"{self._folder} has those from {start} to {end}"
        )

    def _read_archive(self, after: Position, partition: int, limit: int, key: str | None) -> Batch:
        start = after.offset(partition)
        with self._lock:
            cursor = self._cursors.pop((partition, start, key), None)
            if cursor is None:
                cursor = partition_records(self._folder, self._manifest, partition, start=start, key=key)
            records = list(islice(cursor, limit))
            if len(records) < limit:
                end = self._manifest.end.offset(partition)
            else:
                end = records[-1].offset + 1
                self._keep_cursor((partition, end, key), cursor)
        return Batch(records, Position({**after.offsets, partition: end}))

    def _keep_cursor(self, place: Place, cursor: Cursor) -> None:
        self._cursors[place] = cursor
        while len(self._cursors) > _CURSORS:
            self._cursors.popitem(last=False)[1].close()

    def _drop_cursors(self) -> None:
        while self._cursors:
            self._cursors.popitem()[1].close()

    def _reload(self) -> None:
        """See segments that were added or redacted meanwhile."""
        with self._lock:
            if self._stamp() != self._loaded:
                self._drop_cursors()
                self._manifest, self._schemas = self._load(), None

    def _load(self) -> Manifest:
        self._loaded = self._stamp()
        manifest = read_manifest(self._folder)
        if manifest.log != self._log.identity:
            raise InputError(
                f"HOOFPRINT_ARCHIVE: {self._folder} is the archive of log {manifest.log}, "
                f"this is log {self._log.identity}"
            )
        if manifest.key is not None:
            raise InputError(f"HOOFPRINT_ARCHIVE: {self._folder} is the archive of {manifest.key} alone")
        return manifest

    def _stamp(self) -> tuple[int, int] | None:
        try:
            status = (self._folder / MANIFEST).stat()
        except FileNotFoundError:
            return None
        return status.st_ino, status.st_mtime_ns
