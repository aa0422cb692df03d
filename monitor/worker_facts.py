"""What a worker says about one attempt: its facts file, line by line, checked against its shape.

Times are microseconds since the epoch (UTC), durations microseconds.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from eventlog.errors import HoofprintError


class DamagedFactsError(HoofprintError):
    """A facts file is there but does not say what a worker says."""


class WorkerStarted(msgspec.Struct, frozen=True, tag_field="fact", tag="started"):
    """The worker began; ``ram`` in bytes, ``cpu_speed`` in MHz."""

    time: int
    pid: int
    user: str
    hostname: str
    directory: str
    ip: str = ""
    system: str = ""
    release: str = ""
    machine: str = ""
    cpu_count: int | None = None
    cpu_speed: float | None = None
    cpu_vendor: str = ""
    cpu_model: str = ""
    ram: int | None = None


class FileTransferred(msgspec.Struct, frozen=True, tag_field="fact", tag="transfer"):
    """A file was brought to its destination, or could not be."""

    time: int
    lfn: str
    source: str
    source_site: str
    destination: str
    destination_site: str
    protocol: str
    ok: bool
    size: int | None = None
    duration: int | None = None
    tries: int = 1
    linked: bool = False
    message: str | None = None


class DigestComputed(msgspec.Struct, frozen=True, tag_field="fact", tag="computed"):
    """The digest of a file became known; ``role`` is input or output."""

    time: int
    lfn: str
    path: str
    site: str
    sha256: str
    role: str
    size: int | None = None
    duration: int | None = None


class DigestVerified(msgspec.Struct, frozen=True, tag_field="fact", tag="verified"):
    """A file was held against its known digest; ``found`` is None where it was missing."""

    time: int
    lfn: str
    path: str
    site: str
    ok: bool
    role: str
    expected: str | None = None
    found: str | None = None
    size: int | None = None
    duration: int | None = None


class TaskInvoked(msgspec.Struct, frozen=True, tag_field="fact", tag="invocation"):
    """A task ran; ``exit_raw`` is the wait status, ``maxrss`` in KiB."""

    time: int
    sequence: int
    task: str
    transformation: str
    executable: str
    argv: tuple[str, ...]
    start: int
    duration: int
    exit_raw: int
    utime: int | None = None
    stime: int | None = None
    maxrss: int | None = None
    inblock: int | None = None
    outblock: int | None = None
    minflt: int | None = None
    majflt: int | None = None
    nvcsw: int | None = None
    nivcsw: int | None = None
    pid: int | None = None


class SaidTag(msgspec.Struct, frozen=True):
    """One key with its value, as the task wrote it."""

    key: str
    value: str | bool | int | float


class MetadataSaid(msgspec.Struct, frozen=True, tag_field="fact", tag="metadata"):
    """A task tagged its job, or with ``target`` file the output ``name``."""

    time: int
    target: str
    tags: tuple[SaidTag, ...]
    name: str | None = None


class FileRemoval(msgspec.Struct, frozen=True, tag_field="fact", tag="removed"):
    """A file that nobody needs any more is gone, or could not be removed."""

    time: int
    site: str
    url: str
    ok: bool
    lfn: str | None = None


class ReplicaRegistered(msgspec.Struct, frozen=True, tag_field="fact", tag="registered"):
    """A replica is there; size and digest as far as they are known."""

    time: int
    lfn: str
    site: str
    url: str
    size: int | None = None
    sha256: str | None = None


class ProblemTold(msgspec.Struct, frozen=True, tag_field="fact", tag="problem"):
    """What went wrong, for a person."""

    time: int
    phase: str
    message: str


class WorkerFinished(msgspec.Struct, frozen=True, tag_field="fact", tag="finished"):
    """The job ended; ``phase`` is the one that failed, None if none did."""

    time: int
    exit_raw: int
    phase: str | None = None
    stderr_tail: str | None = None


WorkerFact = (
    WorkerStarted
    | FileTransferred
    | DigestComputed
    | DigestVerified
    | TaskInvoked
    | MetadataSaid
    | FileRemoval
    | ReplicaRegistered
    | ProblemTold
    | WorkerFinished
)

_DECODER: msgspec.json.Decoder[WorkerFact] = msgspec.json.Decoder(WorkerFact)


class AttemptAccount(msgspec.Struct, frozen=True):
    """All that a worker said about one attempt, in its order, between its first and its last fact."""

    started: WorkerStarted
    facts: Sequence[WorkerFact]
    finished: WorkerFinished


def read_account(path: Path) -> AttemptAccount | None:
    """Read a facts file; None where there is none (a worker writes it whole, at its end).

    Raises DamagedFactsError that names file and line.
    """
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DamagedFactsError(f"{path}: cannot be read: {error.strerror}") from error
    facts = [_decode(line, path, number) for number, line in enumerate(lines, start=1)]
    if len(facts) < 2 or not isinstance(facts[0], WorkerStarted) or not isinstance(facts[-1], WorkerFinished):
        raise DamagedFactsError(f"{path}: must begin with a fact 'started' and end with 'finished'")
    return AttemptAccount(facts[0], facts[1:-1], facts[-1])


def _decode(line: bytes, path: Path, number: int) -> WorkerFact:
    try:
        return _DECODER.decode(line)
    except msgspec.MsgspecError as error:
        raise DamagedFactsError(f"{path}, line {number}: no fact of a worker: {error}") from error
