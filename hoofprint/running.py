"""Planning and running a written workflow, and asking how it went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import fspath
from pathlib import Path
from typing import Self

from hoofprint.command import Answer, ask
from hoofprint.errors import HoofprintError, WorkflowError
from hoofprint.planner_options import AnyPath, planner_words
from hoofprint.profiles import ProfileValue
from hoofprint.written import WrittenWorkflow

_RUN_FAILED = 1


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan that is ready to run: the run's id, and the directory that holds the plan."""

    run: str
    directory: Path


class Runnable(WrittenWorkflow):
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
        conf: AnyPath | None = None,
        sites: Sequence[str] | None = None,
        output_sites: Sequence[str] = ("local",),
        output_dir: AnyPath | None = None,
        dir: AnyPath | None = None,  # noqa: A002 - the name that scripts written for Pegasus use
        cleanup: str | None = None,
        reuse: str | None = None,
        force: bool = False,
        submit: bool = False,
        **properties: ProfileValue,
    ) -> Self:
        """Plan the workflow, writing it to its default file first if it has not been written.

        Catalogs that are not named are looked for in the current folder and beside the workflow. `conf`: a
        properties file; properties may be given here too: `plan(**{"pegasus.mode": "development"})`.
        `sites`: where jobs may run. `output_sites`: where outputs go, into `output_dir` if it is given.
        `dir`: the directory of the plan. `cleanup`: none, leaf or inplace. `reuse`: a run, or `any`, whose
        files need not be made again. `force`: plan every job. `submit`: run the plan at once.
        """
        if self._path is None:
            self.write()
        catalogs = {
            "--site-catalog": site_catalog,
            "--transformation-catalog": transformation_catalog,
            "--replica-catalog": replica_catalog,
            "--reuse": reuse,
        }
        options = {
            "conf": conf, "sites": sites, "output_sites": output_sites, "output_dir": output_dir, "dir": dir,
            "cleanup": cleanup, "force": force, **properties,
        }  # fmt: skip
        named = [
            word for flag, value in catalogs.items() if value is not None for word in (flag, fspath(value))
        ]
        self._planned = _planned(ask(["plan", str(self.path), *named, *planner_words(options)]))
        return self.run() if submit else self

    def run(self) -> Self:
        """Run the plan to its end. Raises CommandError with exit code 1 when a job failed for good."""
        ask(["run", fspath(self.planned.directory)])
        return self

    def status(self) -> Answer:
        """Return how far the run is."""
        return ask(["status", self.planned.run], accepted=(0, _RUN_FAILED))

    def statistics(self) -> Answer:
        """Return the run's statistics: counts by type, and durations."""
        return ask(["statistics", self.planned.run])

    def analyze(self) -> Answer:
        """Return why jobs failed; the answer of a run without failures says so."""
        return ask(["analyze", self.planned.run], accepted=(0, _RUN_FAILED))


def _planned(answer: Answer) -> Planned:
    run, directory = answer.get("run"), answer.get("directory")
    if not isinstance(run, str) or not isinstance(directory, str):
        raise HoofprintError(f"the planner's answer names no run and directory: {dict(answer)!r:.300}")
    return Planned(run, Path(directory))
