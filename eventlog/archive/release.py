"""Lets a log go of what its archive verifiably has."""

from pathlib import Path

from eventlog.archive.manifest import changing, read_manifest
from eventlog.archive.progress import Listener
from eventlog.archive.verify import verify_archive
from eventlog.errors import InputError, LogError
from eventlog.log import Position
from eventlog.upkeep import TruncatableLog


def release(
    folder: Path, log: TruncatableLog, until: Position, *, progress: Listener | None = None
) -> Position:
    """Remove the log's events before ``until``, once each was compared with the archive's.

    Returns the first position that the log still has; its last event may stay. Raises InputError for an
    archive of another log, of one run, or that ends earlier, LogError where it does not verify.
    """
    with changing(folder):
        manifest = read_manifest(folder)
        if manifest.log != log.identity:
            raise InputError(f"{folder} is the archive of log {manifest.log}, this is log {log.identity}")
        if manifest.key is not None:
            raise InputError(f"{folder} is the archive of {manifest.key} alone: release needs a whole log's")
        if not (manifest.end.reaches(until) and log.earliest().reaches(manifest.start)):
            raise InputError(
                f"the archive {folder} has events from {manifest.start} to {manifest.end}, not all "
                f"before {until}: `hoofprint log export {folder}` completes it"
            )
        verified = verify_archive(folder, log, until=until, progress=progress)
        if not verified.holds:
            raise LogError(f"nothing was released, the archive does not hold: {'; '.join(verified.problems)}")
        return log.truncate_before(until)
