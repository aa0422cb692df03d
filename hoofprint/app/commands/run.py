"""``hoofprint run``: run a plan on this machine, or go on with one that was cut off."""

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from eventlog.errors import UnavailableError
from hoofprint.app.commands.options import Json, RunReference
from hoofprint.app.house import House
from hoofprint.app.output import console, print_json, printable
from hoofprint.app.plan_reference import plan_directory
from hoofprint.app.run_progress import showing_progress
from monitor.local import run_plan
from monitor.progress import RunOutcome
from worker.bundle import build_worker

_logger = logging.getLogger("hoofprint.run")

INTERRUPTED = 130
WORKER = "worker.pyz"


def run(
    context: typer.Context,
    reference: RunReference = "latest",
    cores: Annotated[
        int | None, typer.Option("--cores", "-c", min=1, help="Cores to use. Default: all of this machine.")
    ] = None,
    python: Annotated[
        Path | None, typer.Option(help="Interpreter beside the jobs, 3.6 or newer. Default: this one.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
    as_json: Json = False,
) -> None:
    """Run a plan on this machine with the local engine.

    A plan that was cut off, or whose jobs failed, goes on where it was: nothing that succeeded is done again.
    Ctrl-C ends it in order, a second Ctrl-C at once. Exit code 0: every job succeeded; 1: some did not;
    130: interrupted.
    """
    house: House = context.obj
    directory = plan_directory(house, reference)
    with showing_progress(quiet) as listener:
        outcome = run_plan(
            directory,
            house.log,
            python=python or Path(sys.executable),
            worker=_worker(directory),
            actor=house.settings["actor"],
            cores=cores,
            progress=listener,
        )
    _fold(house)
    if as_json:
        print_json({"directory": str(directory), "outcome": outcome})
    else:
        _print(outcome, directory)
    if outcome.interrupted:
        raise typer.Exit(INTERRUPTED)
    if outcome.status != 0:
        raise typer.Exit(1)


def _fold(house: House) -> None:
    """Fold what the run said; a log that is out of reach does not make a run fail that went well."""
    try:
        house.folded()
    except UnavailableError as error:
        _logger.warning("the views do not show this run yet: %s", error)


def _worker(directory: Path) -> Path:
    """The worker beside the plan: built once, so that a plan ends with the worker it began with."""
    worker = directory / WORKER
    if not worker.is_file():
        build_worker(str(worker))
    return worker


def _print(outcome: RunOutcome, directory: Path) -> None:
    out, counts = console(), outcome.counts
    if outcome.status == 0:
        out.print(f"Succeeded: {counts.succeeded} of {counts.total} jobs, run {outcome.run}")
        out.print(f"next: hoofprint status {outcome.run[:8]}, hoofprint statistics {outcome.run[:8]}")
        return
    out.print(
        f"Not all succeeded: {outcome.reason}; {counts.succeeded} of {counts.total} jobs, run {outcome.run}"
    )
    for failure in outcome.failures:
        out.print(printable(f"  {failure.job}: {failure.problem or failure.stderr_tail}"), soft_wrap=True)
    out.print(
        f"why: hoofprint analyze {outcome.run[:8]}; again, with what is left: hoofprint run {directory}"
    )
