"""The event mix as a log on disk, made once and kept under ``$XDG_CACHE_HOME/hoofprint/benchmarks``.

python -m benchmarks.kept_log EVENTS

A benchmark that reads ten million events is not to wait for them to be written every time. The file's name
tells what it depends on: the mix and the format of the log. Schemas may have changed since: events of older
versions are read as fast as today's.
"""

import argparse
import fcntl
import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import msgspec

from benchmarks import event_mix as mix
from eventlog.facts import Fact, FilesDeclared, JobsPlanned, JobsReused, TasksDeclared
from eventlog.sqlite import SqliteLog
from eventlog.sqlite_file import FORMAT_VERSION

_NOTED_EVERY = 50_000


@dataclass(frozen=True, slots=True)
class KeptLog:
    """A log that begins with the events of the mix, and where its planning chunks are: place and items."""

    path: Path
    chunks: tuple[tuple[int, int], ...]

    def counted(self, start: int, end: int) -> int:
        """How many events lie between two offsets, where a chunk counts as what it lists."""
        return end - start + sum(items - 1 for place, items in self.chunks if start <= place < end)


def kept_log(events: int) -> KeptLog:
    """A log with at least these many events of the mix; what is missing is made and kept."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hoofprint" / "benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"event-mix-{_dependencies()}.db"
    if _noted(path).events < events:
        with _alone(path):
            _complete(path, events)
    return KeptLog(path, _noted(path).chunks)


def _dependencies() -> str:
    """A digest of all that a kept log depends on."""
    digest = hashlib.sha256(Path(mix.__file__).read_bytes())
    digest.update(bytes([FORMAT_VERSION]))
    return digest.hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class _Noted:
    """How many events a kept log holds at least, and where their chunks are."""

    events: int = 0
    chunks: tuple[tuple[int, int], ...] = ()


def _noted(path: Path) -> _Noted:
    beside = path.with_suffix(".chunks.json")
    return msgspec.json.decode(beside.read_bytes(), type=_Noted) if beside.exists() else _Noted()


def _note(path: Path, noted: _Noted) -> None:
    fresh = path.with_suffix(".tmp")
    fresh.write_bytes(msgspec.json.encode(noted))
    os.replace(fresh, path.with_suffix(".chunks.json"))


def _complete(path: Path, events: int) -> None:
    """Append what is missing."""
    noted = _noted(path)
    print(f"making {max(0, events - noted.events):,} events in {path}", file=sys.stderr)
    log = SqliteLog.open(path)
    told = islice(mix.event_mix(events), noted.events, None)
    # an interrupted one may hold more than is noted: those are duplicates then
    while part := list(islice(told, _NOTED_EVERY)):
        log.append(part)
        items = ((place, _items(event.fact)) for place, event in enumerate(part, start=noted.events))
        chunks = tuple((place, count) for place, count in items if count != 1)
        noted = _Noted(noted.events + len(part), noted.chunks + chunks)
        _note(path, noted)
    log.close()


def _items(fact: Fact) -> int:
    match fact:
        case TasksDeclared():
            return len(fact.tasks)
        case FilesDeclared() | JobsReused():
            return len(fact.files)
        case JobsPlanned():
            return len(fact.jobs)
        case _:
            return 1


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Make the log that benchmarks read.")
    parser.add_argument("events", type=int)
    print(kept_log(parser.parse_args().events).path)
