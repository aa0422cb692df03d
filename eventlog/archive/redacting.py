"""Redacts an archive: segments that hold a secret are written anew, and the old ones removed."""

import uuid
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from eventlog.archive.container import read_records, writer_schemas
from eventlog.archive.manifest import Manifest, Segment, changing, read_manifest, sweep, write_manifest
from eventlog.archive.segments import Schemas, SegmentWriter

Target = tuple[str, uuid.UUID]
"""Key and id of an event that is redacted."""


def redact_archive(folder: Path, targets: Collection[Target], tombstone: bytes) -> int:
    """Put a tombstone in place of these events' bodies; returns how many had another body.

    The new generation of the archive takes the place of the old one at once. Calling it again after a crash
    removes what was left of the old one. Raises LogError or NotFoundError for a damaged or missing segment.
    """
    with changing(folder):
        manifest = read_manifest(folder)
        sweep(folder, manifest)
        replaced = 0
        segments: list[Segment] = []
        for segment in manifest.segments:
            found = _found(folder, segment, targets, tombstone)
            replaced += len(found)
            segments.append(_rewritten(folder, manifest, segment, found, tombstone) if found else segment)
        if replaced:
            fresh = replace(manifest, generation=manifest.generation + 1, segments=tuple(segments))
            write_manifest(folder, fresh)
            sweep(folder, fresh)
        return replaced


def _found(folder: Path, segment: Segment, targets: Collection[Target], tombstone: bytes) -> set[Target]:
    if not any(segment.may_hold(key) for key, _ in targets):
        return set()
    return {
        (record.key, record.id)
        for record in read_records(folder / segment.file)
        if (record.key, record.id) in targets and record.body != tombstone
    }


def _rewritten(
    folder: Path, manifest: Manifest, segment: Segment, found: Collection[Target], tombstone: bytes
) -> Segment:
    known = writer_schemas(folder / segment.file)
    schemas = Schemas(_Known(known), known)
    writer = SegmentWriter(
        folder,
        schemas,
        log=manifest.log,
        partition=segment.partition,
        first=segment.first,
        generation=manifest.generation + 1,
    )
    try:
        for record in read_records(folder / segment.file):
            kept = replace(record, body=tombstone) if (record.key, record.id) in found else record
            readable, _ = schemas.admit(kept)
            writer.add(kept, readable=readable)
    except BaseException:
        writer.abandon()
        raise
    return writer.finish(segment.end)


class _Known:
    """The schemas of a container file, as a log gives them."""

    def __init__(self, schemas: dict[int, str]) -> None:
        self._schemas = schemas

    def writer_schema(self, fingerprint: int) -> str | None:
        return self._schemas.get(fingerprint)
