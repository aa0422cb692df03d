"""An archive's manifest: which segments it has, of which log; always complete, never half."""

import fcntl
import os
import re
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from eventlog.errors import InputError, LogError, NotFoundError, UnavailableError
from eventlog.log import Position

MANIFEST = "manifest.json"
FORMAT = 1
KEYS_NAMED = 1000
_LOCK, _SEGMENT_SUFFIX, _UNFINISHED_SUFFIX = "lock", ".avro", ".tmp"
_OURS = re.compile(r"(\d{4,}-\d{19}-\d{4,}\.avro(\.tmp)?|manifest\.tmp)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One container file: the events of one partition from offset ``first`` up to, without, ``end``.

    ``sha256`` is that of the file; ``keys`` the event keys in it, None where there are more than 1,000.
    """

    file: str
    partition: int
    first: int
    end: int
    events: int
    sha256: str
    keys: tuple[str, ...] | None

    def may_hold(self, key: str | None) -> bool:
        """Whether events of this key (None: of any) can be in it."""
        return key is None or self.keys is None or key in self.keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What an archive holds: segments of the log ``log``, of one ``key`` alone where it is named.

    ``generation`` is raised by every redaction.
    """

    format: int = FORMAT
    log: uuid.UUID
    key: str | None = None
    generation: int = 1
    segments: tuple[Segment, ...] = ()

    @property
    def start(self) -> Position:
        """The first position that is archived."""
        firsts: dict[int, int] = {}
        for segment in self.segments:
            firsts.setdefault(segment.partition, segment.first)
        return Position(firsts)

    @property
    def end(self) -> Position:
        """The position behind the last event that is archived."""
        return Position({segment.partition: segment.end for segment in self.segments})

    def with_segment(self, segment: Segment) -> "Manifest":
        """This manifest and one segment more."""
        return replace(self, segments=(*self.segments, segment))


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the archive in a folder.

    Raises NotFoundError where there is none, InputError for one of a newer format, LogError for a damaged
    one.
    """
    path = folder / MANIFEST
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError as error:
        raise NotFoundError(f"{folder} holds no archive: `hoofprint log export` makes one") from error
    except NotADirectoryError as error:
        raise InputError(f"{folder} is no folder: an archive is one") from error
    except (OSError, msgspec.MsgspecError) as error:
        raise LogError(f"{path} is damaged: {error}") from error
    if manifest.format > FORMAT:
        raise InputError(f"{path} has format {manifest.format}: this version reads formats up to {FORMAT}")
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Put a manifest in place of the one before, atomically and durably."""
    path = folder / MANIFEST
    fresh = path.with_suffix(_UNFINISHED_SUFFIX)
    with fresh.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    put_in_place(fresh, path)


def put_in_place(fresh: Path, path: Path) -> None:
    """Rename a file that is durable already, durably."""
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def segment_name(partition: int, first: int, generation: int) -> str:
    """The file name of a segment; names of one partition sort by offset."""
    return f"{partition:04}-{first:019}-{generation:04}{_SEGMENT_SUFFIX}"


def unfinished(path: Path) -> Path:
    """Where a segment is written before it is complete."""
    return path.with_name(path.name + _UNFINISHED_SUFFIX)


def named_keys(keys: Iterable[str]) -> tuple[str, ...] | None:
    """The keys of a segment as its manifest names them."""
    known = set(keys)
    return tuple(sorted(known)) if len(known) <= KEYS_NAMED else None


@contextmanager
def changing(folder: Path) -> Iterator[None]:
    """Hold the archive for oneself; raises UnavailableError where another process does."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / _LOCK).open("ab")
    except OSError as error:
        raise UnavailableError(f"the archive {folder} cannot be written: {error}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UnavailableError(f"another process is changing the archive {folder}") from error
        yield


def sweep(folder: Path, manifest: Manifest) -> None:
    """Remove what a killed process left behind: unfinished files, and segments that the manifest lacks."""
    named = {segment.file for segment in manifest.segments}
    for path in folder.iterdir():
        if _OURS.fullmatch(path.name) and path.name not in named:
            path.unlink()
