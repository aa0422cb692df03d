"""Exports a log to an archive, segment by segment; an export that was killed goes on after the last one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from eventlog.archive.manifest import Manifest, changing, read_manifest, sweep, write_manifest
from eventlog.archive.progress import Listener, Walk
from eventlog.archive.segments import Schemas, SegmentWriter
from eventlog.errors import InputError, LogError, NotFoundError
from eventlog.log import EventLog, Position, Record

SEGMENT_EVENTS = 100_000
SEGMENT_BYTES = 64_000_000
_READ = 2000


@dataclass(frozen=True, slots=True)
class Bounds:
    """When a segment is full: at so many events, or bytes before compression."""

    events: int = SEGMENT_EVENTS
    size: int = SEGMENT_BYTES


def export_log(
    log: EventLog,
    folder: Path,
    *,
    until: Position | None = None,
    key: str | None = None,
    bounds: Bounds | None = None,
    progress: Listener | None = None,
) -> Manifest:
    """Archive what the log holds up to ``until`` (its head where None) and the archive does not have yet.

    With ``key`` the archive is of that key's events alone. Raises InputError for an archive of another log or
    key, LogError where events between archive and log are gone, UnavailableError where another process
    changes the archive.
    """
    with changing(folder):
        manifest = _manifest(folder, log, key)
        sweep(folder, manifest)
        export = _Export(log, folder, manifest, bounds or Bounds())
        with export.closing():
            export.run(_target(log.head(), until), progress)
        return export.manifest


def _manifest(folder: Path, log: EventLog, key: str | None) -> Manifest:
    try:
        manifest = read_manifest(folder)
    except NotFoundError:
        manifest = Manifest(log=log.identity, key=key)
        write_manifest(folder, manifest)
        return manifest
    if manifest.log != log.identity:
        raise InputError(
            f"{folder} is the archive of log {manifest.log}, this is log {log.identity}: name an empty folder"
        )
    if manifest.key != key:
        held = f"the events of {manifest.key} alone" if manifest.key else "a whole log"
        raise InputError(f"{folder} is the archive of {held}: name another folder for this one")
    earliest = log.earliest()
    if manifest.segments and not manifest.end.reaches(earliest):
        raise LogError(
            f"the archive {folder} ends at {manifest.end}, the log begins at {earliest}: a gap lies between"
        )
    return manifest


def _target(head: Position, until: Position | None) -> Position:
    if until is None:
        return head
    return Position({p: min(offset, until.offset(p)) for p, offset in head.offsets.items()})


class _Export:
    def __init__(self, log: EventLog, folder: Path, manifest: Manifest, bounds: Bounds) -> None:
        self.manifest = manifest
        self._log, self._folder, self._bounds = log, folder, bounds
        self._schemas = Schemas(log)
        self._open: dict[int, SegmentWriter] = {}
        self._covered = dict(manifest.end.joined(log.earliest()).offsets)

    def run(self, target: Position, progress: Listener | None) -> None:
        position, events = Position(dict(self._covered)), 0
        while not position.reaches(target):
            batch = self._log.read(position, _READ, key=self.manifest.key)
            for record in batch.records:
                if record.offset < target.offset(record.partition):
                    self._add(record)
                    events += 1
            if batch.position == position:
                break
            position = batch.position
            if progress is not None:
                progress(Walk(events, position, target))
        for partition, offset in target.offsets.items():
            self._finish(partition, min(offset, position.offset(partition)))

    def _add(self, record: Record) -> None:
        readable, is_news = self._schemas.admit(record)
        if is_news and record.partition in self._open:
            # the header of the file that is open does not have this schema
            self._close(record.partition, record.offset)
        segment = self._open.get(record.partition) or self._begin(record.partition)
        segment.add(record, readable=readable)
        if segment.events >= self._bounds.events or segment.size >= self._bounds.size:
            self._close(record.partition, record.offset + 1)

    def _begin(self, partition: int) -> SegmentWriter:
        self._open[partition] = segment = SegmentWriter(
            self._folder,
            self._schemas,
            log=self.manifest.log,
            partition=partition,
            first=self._covered.get(partition, 0),
            generation=self.manifest.generation,
        )
        return segment

    def _close(self, partition: int, end: int) -> None:
        segment = self._open.pop(partition).finish(end)
        self._covered[partition] = end
        manifest = self.manifest.with_segment(segment)
        write_manifest(self._folder, manifest)
        self.manifest = manifest

    def _finish(self, partition: int, end: int) -> None:
        """End a partition's last segment; a whole log's archive covers offsets without events too."""
        is_behind = self._covered.get(partition, 0) < end
        if partition not in self._open and is_behind and self.manifest.key is None:
            self._begin(partition)
        if partition in self._open:
            self._close(partition, end)

    @contextmanager
    def closing(self) -> Iterator[None]:
        """Let go of unfinished files, whatever happened."""
        try:
            yield
        finally:
            for segment in self._open.values():
                segment.abandon()
