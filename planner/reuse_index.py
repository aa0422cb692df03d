"""The port: what the planner asks of anyone who remembers files of earlier runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ReusableFile:
    """A registered file that exists and may be used; ``run`` is the run that made it, where known."""

    lfn: str
    pfn: str
    site: str
    run: str | None = None
    sha256: str | None = None
    size: int | None = None


class ReuseIndex(Protocol):
    """Knows which files of earlier runs can be used again."""

    def find(self, lfns: Sequence[str]) -> Mapping[str, ReusableFile]:
        """The reusable file of each LFN that has one; one request, however many LFNs."""
        ...
