"""Imports an archive into an empty log: ids, order, ``recorded`` and bodies as they were."""

from itertools import islice
from pathlib import Path

from eventlog.archive.manifest import read_manifest
from eventlog.archive.progress import Listener, Walk
from eventlog.archive.reading import all_records, archived_schemas
from eventlog.archive.verify import check_digest
from eventlog.errors import InputError
from eventlog.log import Position
from eventlog.upkeep import ImportableLog

_BATCH = 2000


def import_archive(folder: Path, log: ImportableLog, *, progress: Listener | None = None) -> int:
    """Append what the archive holds and the log does not have yet; returns how many events that was.

    An import that was killed is completed by the next. Raises InputError where the log holds other events,
    LogError or NotFoundError for a segment that is damaged or missing (nothing is imported then).
    """
    manifest = read_manifest(folder)
    if manifest.log == log.identity:
        raise InputError(
            f"{folder} is the archive of this very log: name another log to import it, or the archive "
            "(HOOFPRINT_ARCHIVE) to read both as one"
        )
    for segment in manifest.segments:
        check_digest(folder, segment)
    schemas = archived_schemas(folder, manifest)
    total = sum(segment.events for segment in manifest.segments)
    records, passed, added = all_records(folder, manifest), 0, 0
    while batch := list(islice(records, _BATCH)):
        added += log.append_records(batch, origin=manifest.log, schemas=schemas)
        passed += len(batch)
        if progress is not None:
            progress(Walk(passed, Position({0: passed}), Position({0: total})))
    return added
