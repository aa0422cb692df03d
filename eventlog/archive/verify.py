"""Verifies an archive: digests, counts, continuity, and each record against the log where that has it."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from eventlog.archive.container import read_records
from eventlog.archive.manifest import Manifest, Segment, read_manifest
from eventlog.archive.progress import Listener, Walk
from eventlog.errors import LogError, NotFoundError
from eventlog.log import EventLog, Position, Record

_READ = 2000


@dataclass(frozen=True, slots=True)
class Verified:
    """What was looked at and what is wrong; ``compared`` counts the events that the log still has."""

    segments: int
    events: int
    compared: int
    end: Position
    problems: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def verify_archive(
    folder: Path,
    log: EventLog | None = None,
    *,
    until: Position | None = None,
    progress: Listener | None = None,
) -> Verified:
    """Read the archive, up to ``until`` where given, and compare it with ``log`` where that is its log.

    Raises NotFoundError where there is no archive; whatever is wrong with its segments is told together.
    """
    manifest = read_manifest(folder)
    if log is not None and log.identity != manifest.log:
        log = None
    problems, events, compared = list(_gaps(manifest)), 0, 0
    wanted = [s for s in manifest.segments if until is None or s.first < until.offset(s.partition)]
    for segment in wanted:
        try:
            _check_file(folder, segment)
            compared += _compare(folder, segment, log, manifest.key) if log else 0
            events += segment.events
        except (LogError, NotFoundError) as error:
            problems.append(str(error))
        if progress is not None:
            progress(Walk(events, Position({segment.partition: segment.end}), manifest.end))
    return Verified(len(wanted), events, compared, manifest.end, tuple(problems))


def check_digest(folder: Path, segment: Segment) -> None:
    """Raise LogError unless a segment's file is what was written, NotFoundError where it is missing."""
    path = folder / segment.file
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise NotFoundError(f"{path} is missing from the archive") from error
    except OSError as error:
        raise LogError(f"{path} cannot be read: {error}") from error
    if digest != segment.sha256:
        raise LogError(f"{path} is damaged: its SHA-256 is {digest}, the manifest says {segment.sha256}")


def _gaps(manifest: Manifest) -> Iterator[str]:
    ends: dict[int, int] = {}
    for segment in manifest.segments:
        end = ends.get(segment.partition, segment.first)
        if segment.first != end:
            yield f"{segment.file} begins at {segment.first}, the segment before it ends at {end}"
        ends[segment.partition] = segment.end


def _check_file(folder: Path, segment: Segment) -> None:
    check_digest(folder, segment)
    path, events, next_offset = folder / segment.file, 0, segment.first
    for record in read_records(path):
        if record.partition != segment.partition or not next_offset <= record.offset < segment.end:
            raise LogError(f"{path} has event {record.partition}:{record.offset} out of place")
        events, next_offset = events + 1, record.offset + 1
    if events != segment.events:
        raise LogError(f"{path} has {events} events, the manifest says {segment.events}")


def _compare(folder: Path, segment: Segment, log: EventLog, key: str | None) -> int:
    """Compare a segment with the part of it that the log still has; returns how many events that is."""
    start = max(segment.first, log.earliest().offset(segment.partition))
    archived = (record for record in read_records(folder / segment.file) if record.offset >= start)
    compared = 0
    for ours, theirs in zip_longest(archived, _log_range(log, segment, start, key)):
        if ours != theirs:
            offset = min(record.offset for record in (ours, theirs) if record)
            raise LogError(
                f"{folder / segment.file} differs from the log at event {segment.partition}:{offset}"
            )
        compared += 1
    return compared


def _log_range(log: EventLog, segment: Segment, start: int, key: str | None) -> Iterator[Record]:
    partition = segment.partition
    # The other partitions stand at their head: nothing of theirs is read.
    position = Position({**log.head().offsets, partition: start})
    while position.offset(partition) < segment.end:
        batch = log.read(position, _READ, key=key)
        for record in batch.records:
            if record.partition == partition and record.offset < segment.end:
                yield record
        if batch.position.offset(partition) == position.offset(partition):
            return
        position = Position({**position.offsets, partition: batch.position.offset(partition)})
