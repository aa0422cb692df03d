"""Locks on files beside the views in SQLite: they end with the process that holds them, however it ends."""

import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from projections.groups import Group
from projections.storage import BusyError, ClaimsLostError, process_name


@contextmanager
def rebuilding(folder: Path, group: Group) -> Iterator[None]:
    """Hold the lock of a group's rebuild; raises BusyError that says who has it."""
    with (folder / f"{group.name}.rebuild").open("a+", encoding="utf-8") as lock:
        if not _try(lock):
            lock.seek(0)
            holder = lock.read().strip()
            raise BusyError(f"{holder or 'somebody'} rebuilds the {group.name} views; try again afterwards")
        lock.truncate(0)
        lock.write(process_name())
        lock.flush()
        yield


class SqliteClaims:
    """Claims as locked files in a folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self._member = folder / f"member-{uuid.uuid4().hex}"
        # locked before it has its name: nobody ever sees a member that looks dead
        fresh = self._member.with_suffix(".new")
        self._locks: dict[int, IO[str]] = {}
        self._lock = fresh.open("w")
        _try(self._lock)
        os.replace(fresh, self._member)

    def members(self) -> int:
        """How many members hold their file; those of the dead are taken away."""
        if not self._member.exists():
            raise ClaimsLostError("other followers took over the partitions of this one, since it hung")
        alive = 1
        for path in self._folder.glob("member-*"):
            if path.suffix or path == self._member:
                continue
            try:
                with path.open("r") as other:
                    if _try(other):
                        path.unlink(missing_ok=True)
                    else:
                        alive += 1
            except FileNotFoundError:
                continue
        return alive

    def take(self, partition: int) -> bool:
        """Claim a partition; False where another follower has it."""
        path = self._partition(partition)
        lock = path.open("a+", encoding="ascii")
        # whoever was expelled holds a file that has no name any more
        if _try(lock) and path.exists() and path.stat().st_ino == os.fstat(lock.fileno()).st_ino:
            lock.truncate(0)
            lock.write(self._member.name)
            lock.flush()
            self._locks[partition] = lock
            return True
        lock.close()
        return False

    def release(self, partition: int) -> None:
        """Let others have a partition."""
        self._locks.pop(partition).close()

    def expel(self, partition: int, idle: float) -> None:
        """Take the names of its files from whoever has this partition.

        A write transaction that it has begun ends with its process alone.
        """
        del idle
        path = self._partition(partition)
        with suppress(FileNotFoundError):
            holder = path.read_text(encoding="ascii")
            for other in self._folder.glob("partition-*"):
                if other.read_text(encoding="ascii") == holder:
                    other.unlink(missing_ok=True)
            if holder:
                (self._folder / holder).unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of every claim."""
        for partition in list(self._locks):
            self.release(partition)
        self._member.unlink(missing_ok=True)
        self._lock.close()

    def _partition(self, partition: int) -> Path:
        return self._folder / f"partition-{partition}"


def _try(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
