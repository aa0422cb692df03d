"""Which attempt is spoken of, and what an observer has to say of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from eventlog.facts import Fact
from planner.executable import PlannedJob


@dataclass(frozen=True, slots=True)
class Attempt:
    """Which attempt is spoken of."""

    run: str
    job: PlannedJob
    number: int


class Stated(NamedTuple):
    """A fact and when it happened (microseconds since the epoch)."""

    fact: Fact
    time: int


@dataclass(frozen=True, slots=True)
class Observed:
    """What an engine saw of an attempt from outside.

    ``record`` is where the worker's record lies; ``local_duration`` (microseconds) the time between launch
    and end, None where the observer did not see both; ``digests`` the sha256 of each LFN that the run knows
    by then.
    """

    record: str
    local_duration: int | None = None
    digests: Mapping[str, str] = field(default_factory=dict)
