"""What happened, one fact a JSON line, for whoever runs the worker.

Times are microseconds since the epoch (UTC), durations microseconds.
A fact goes by the name of its class, in lower case.
"""

import json
from typing import Dict, List, NamedTuple, Optional, Tuple, Union

from worker.landing import write_atomically
from worker.places import readable


class Started(NamedTuple):
    """The worker began; `ram` in bytes, `cpu_speed` in MHz."""

    time: int
    pid: int
    user: str
    hostname: str
    ip: str
    system: str
    release: str
    machine: str
    cpu_count: int
    cpu_speed: int
    cpu_vendor: str
    cpu_model: str
    ram: int
    directory: str


class Transfer(NamedTuple):
    """A file was brought to its destination, or could not be; `message` says why not."""

    time: int
    lfn: str
    source: str
    source_site: str
    destination: str
    destination_site: str
    protocol: str
    size: Optional[int]
    duration: int
    tries: int
    ok: bool
    linked: bool
    message: Optional[str]


class Computed(NamedTuple):
    """A digest nobody knew before was computed; `role` is input or output."""

    time: int
    lfn: str
    path: str
    site: str
    sha256: str
    size: int
    duration: int
    role: str


class Verified(NamedTuple):
    """A file was compared with what was expected of it; `role` is input or output."""

    time: int
    lfn: str
    path: str
    site: str
    expected: Optional[str]
    found: str
    size: int
    duration: int
    ok: bool
    role: str


class Invocation(NamedTuple):
    """A task ran: `exit_raw` is the wait status, `maxrss` in KiB."""

    time: int
    sequence: int
    task: str
    transformation: str
    executable: str
    argv: Tuple[str, ...]
    start: int
    duration: int
    exit_raw: int
    utime: int
    stime: int
    maxrss: int
    inblock: int
    outblock: int
    minflt: int
    majflt: int
    nvcsw: int
    nivcsw: int
    pid: int


class Tag(NamedTuple):
    """One key with its value."""

    key: str
    value: Union[str, int, float, bool]


class Metadata(NamedTuple):
    """A task tagged its job, or the file `name`."""

    time: int
    target: str
    name: Optional[str]
    tags: Tuple[Tag, ...]


class Removed(NamedTuple):
    """A file that is no longer needed is gone, or could not be removed."""

    time: int
    lfn: Optional[str]
    site: str
    url: str
    ok: bool


class Registered(NamedTuple):
    """A replica is there; size and digest as far as they are known."""

    time: int
    lfn: str
    site: str
    url: str
    size: Optional[int]
    sha256: Optional[str]


class Problem(NamedTuple):
    """What went wrong, for a person."""

    time: int
    phase: str
    message: str


class Finished(NamedTuple):
    """The job ended; `phase` is the one that failed, None if none did. Always the last fact."""

    time: int
    exit_raw: int
    phase: Optional[str]
    stderr_tail: Optional[str]


Fact = Union[
    Started, Transfer, Computed, Verified, Invocation, Metadata, Removed, Registered, Problem, Finished
]


def _told(value: object) -> object:
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, Tag):
        return {"key": _told(value.key), "value": _told(value.value)}
    if isinstance(value, tuple):
        return [_told(item) for item in value]
    return value


def _line(fact: Fact) -> str:
    values: Dict[str, object] = {"fact": type(fact).__name__.lower()}
    values.update((name, _told(value)) for name, value in fact._asdict().items())
    return json.dumps(values) + "\n"


def write_facts(path: str, facts: List[Fact]) -> None:
    """Write all facts of a job: the file is complete or absent."""
    write_atomically(path, "".join(map(_line, facts)).encode("ascii"))
