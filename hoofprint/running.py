"""Planning and running a written workflow, and asking how it went."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import Self

from hoofprint.command import Answer, ask
from hoofprint.errors import HoofprintError, WorkflowError
from hoofprint.written import Written

AnyPath = str | PathLike[str]

_RUN_FAILED = 1


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan that is ready to run: the run's id, and the directory that holds the plan."""

    run: str
    directory: Path


class Runnable(Written):
    """A written workflow that `hoofprint` commands plan, run and report on.

    Every method starts a command and raises CommandError, with what the command said, when it fails.
    """

    _planned: Planned | None = None

    @property
    def planned(self) -> Planned:
        """What the last `plan` made. Raises WorkflowError before the first one."""
        if self._planned is None:
            raise WorkflowError("this workflow has no plan yet: call plan() first")
        return self._planned

    def plan(
        self,
        *,
        site_catalog: AnyPath | None = None,
        transformation_catalog: AnyPath | None = None,
        replica_catalog: AnyPath | None = None,
        sites: Sequence[str] | None = None,
        output_sites: Sequence[str] = ("local",),
        output_dir: AnyPath | None = None,
        dir: AnyPath | None = None,  # noqa: A002 - the name that scripts written for Pegasus use
        submit: bool = False,
    ) -> Self:
        """Plan the workflow, writing it to its default file first if it has not been written.

        `sites`: where jobs may run. `output_sites`: where outputs go, below `output_dir` on the local one.
        `dir`: where the plan's directory is made. `submit`: run the plan at once.
        """
        if self._path is None:
            self.write()
        words = ["plan", str(self.path)]
        words += _option("--site-catalog", site_catalog)
        words += _option("--transformation-catalog", transformation_catalog)
        words += _option("--replica-catalog", replica_catalog)
        words += _option("--sites", ",".join(sites) if sites else None)
        words += _option("--output-site", ",".join(output_sites) if output_sites else None)
        words += _option("--output-dir", output_dir)
        words += _option("--dir", dir)
        self._planned = _planned(ask(words))
        return self.run() if submit else self

    def run(self) -> Self:
        """Run the plan to its end. Raises CommandError with exit code 1 when a job failed for good."""
        ask(["run", fspath(self.planned.directory)])
        return self

    def status(self) -> Answer:
        """Return how far the run is."""
        return ask(["status", fspath(self.planned.directory)], accepted=(0, _RUN_FAILED))

    def statistics(self) -> Answer:
        """Return the run's statistics: counts by type, and durations."""
        return ask(["statistics", fspath(self.planned.directory)])

    def analyze(self) -> Answer:
        """Return why jobs failed; the answer of a run without failures says so."""
        return ask(["analyze", fspath(self.planned.directory)], accepted=(0, _RUN_FAILED))


def _option(flag: str, value: AnyPath | None) -> Iterator[str]:
    if value is not None:
        yield from (flag, fspath(value))


def _planned(answer: Answer) -> Planned:
    run, directory = answer.get("run"), answer.get("directory")
    if not isinstance(run, str) or not isinstance(directory, str):
        raise HoofprintError(f"the planner's answer names no run and directory: {dict(answer)!r:.300}")
    return Planned(run, Path(directory))
