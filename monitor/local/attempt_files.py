"""Where the files of an attempt lie in a plan directory: jobs/NN/NN/JOB.{order,out,facts,err}.AAA."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_JOBS_PER_FOLDER = 100


@dataclass(frozen=True, slots=True)
class AttemptFiles:
    """The files of one attempt.

    ``order`` is what the worker reads, and the lock that it and its tasks hold as long as any of them lives;
    ``record`` and ``facts`` are what it leaves; ``err`` takes what the interpreter itself has to say.
    """

    order: Path
    record: Path
    facts: Path
    err: Path

    def tidy(self) -> None:
        """Remove what is of no use after a success; what cannot be removed harms nobody."""
        with suppress(OSError):
            self.order.unlink(missing_ok=True)
            if self.err.stat().st_size == 0:
                self.err.unlink()


def attempt_files(plan_directory: Path, position: int, job: str, attempt: int) -> AttemptFiles:
    """The files of an attempt (from 1) of the job at ``position`` in the plan; whether they exist or not."""
    major, minor = divmod(position // _JOBS_PER_FOLDER, 100)
    folder = plan_directory / "jobs" / f"{major:02d}" / f"{minor:02d}"
    number = f"{attempt - 1:03d}"
    return AttemptFiles(
        order=folder / f"{job}.order.{number}",
        record=folder / f"{job}.out.{number}",
        facts=folder / f"{job}.facts.{number}",
        err=folder / f"{job}.err.{number}",
    )
