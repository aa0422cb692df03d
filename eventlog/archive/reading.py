"""Reads an archive's events in order, from any position."""

from collections.abc import Generator, Iterator
from heapq import merge
from operator import attrgetter
from pathlib import Path

from eventlog.archive.container import read_records, writer_schemas
from eventlog.archive.manifest import Manifest
from eventlog.log import Record


def partition_records(
    folder: Path, manifest: Manifest, partition: int, *, start: int = 0, key: str | None = None
) -> Generator[Record, None, None]:
    """The archived events of one partition from an offset on; with ``key``, those of that key alone.

    Raises LogError or NotFoundError for a segment that is damaged or missing.
    """
    for segment in manifest.segments:
        if segment.partition != partition or segment.end <= start or not segment.may_hold(key):
            continue
        for record in read_records(folder / segment.file):
            if record.offset >= start and key in (None, record.key):
                yield record


def all_records(folder: Path, manifest: Manifest, *, key: str | None = None) -> Iterator[Record]:
    """Every archived event, each partition in its order, the partitions merged by ``recorded``."""
    partitions = sorted(manifest.end.offsets)
    streams = [partition_records(folder, manifest, partition, key=key) for partition in partitions]
    return merge(*streams, key=attrgetter("recorded"))


def archived_schemas(folder: Path, manifest: Manifest) -> dict[int, str]:
    """The schemas, by fingerprint, that wrote the archived bodies."""
    found: dict[int, str] = {}
    for segment in manifest.segments:
        found |= writer_schemas(folder / segment.file)
    return found
