"""What an engine tells while it runs, and in the end."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class JobCounts:
    """How many jobs stand where; ``never_ran`` are those still waiting for a parent or a free place."""

    total: int
    succeeded: int
    failed: int
    running: int
    ready: int
    waiting: int
    cut_off: int

    @property
    def never_ran(self) -> int:
        """Jobs that did not come to their turn."""
        return self.ready + self.waiting


@dataclass(frozen=True, slots=True)
class JobFailure:
    """An attempt that failed.

    ``exit_raw`` is the wait status, None where only the verdict is known (from before a restart); ``record``
    the path of its record; ``final`` says that it is not tried again.
    """

    job: str
    attempt: int
    exit_raw: int | None
    problem: str
    stderr_tail: str
    record: str
    final: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands: counts, the names of the running jobs, and attempts that had to be repeated."""

    counts: JobCounts
    running: tuple[str, ...]
    retries: int


class ProgressListener(Protocol):
    """Who wants to know how a run goes; called in the engine's own thread, so it must be quick."""

    def progressed(self, progress: Progress) -> None:
        """Something changed."""
        ...

    def failed(self, failure: JobFailure) -> None:
        """An attempt failed."""
        ...


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """How a run ended.

    ``status`` 0 means that every job succeeded; ``reason`` says why not; ``failures`` are the jobs that
    failed for good; ``interrupted`` that somebody asked it to stop before all was done.
    """

    run: str
    status: int
    reason: str
    counts: JobCounts
    failures: tuple[JobFailure, ...] = ()
    interrupted: bool = False
