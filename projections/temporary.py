"""Stores that are thrown away: in the folder for temporary files, in SQLite, gone when they are done with."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from projections.store import ViewStore

_NAME = "hoofprint-views-"


@contextmanager
def temporary_store(purpose: str, folder: Path | None = None) -> Iterator[ViewStore]:
    """An empty store below ``folder`` (by default the one for temporary files), removed at the end.

    What killed processes left there is removed first.
    """
    above = folder or Path(tempfile.gettempdir())
    _sweep(above)
    with _own_folder(f"{_NAME}{purpose}-", above) as place:
        store = ViewStore.open(place)
        try:
            yield store
        finally:
            store.close()


@contextmanager
def _own_folder(prefix: str, above: Path) -> Iterator[Path]:
    """A new folder, locked as long as it is in use; the lock ends with this process, however that ends."""
    place, lock = _claimed(prefix, above)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
        os.close(lock)


def _claimed(prefix: str, above: Path) -> tuple[Path, int]:
    while True:
        place = Path(tempfile.mkdtemp(prefix=prefix, dir=above))
        with suppress(FileNotFoundError):
            lock = _lock(place, fcntl.LOCK_EX)
            # somebody who sweeps may have had the lock first, and then the folder is gone
            if place.exists():
                return place, lock
            os.close(lock)


def _sweep(above: Path) -> None:
    """Remove folders of ours whose processes are gone."""
    for place in above.glob(f"{_NAME}*"):
        with suppress(OSError):
            if place.lstat().st_uid == os.getuid():
                lock = _lock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(place, ignore_errors=True)
                os.close(lock)


def _lock(place: Path, how: int) -> int:
    """Lock a folder; raises OSError where it is gone, is no folder, or another has the lock."""
    folder = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(folder, how)
    except OSError:
        os.close(folder)
        raise
    return folder
