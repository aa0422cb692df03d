"""``hoofprint follow``: running workflows of Pegasus, into the log as they run."""

import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event as Signal
from typing import Annotated

import typer

from eventlog.errors import InputError, UnavailableError
from eventlog.event import Event
from eventlog.facts import (
    JobAborted,
    JobEvicted,
    JobFinished,
    JobHeld,
    JobReleased,
    JobStarted,
    JobSubmitted,
    PlanStarted,
    RunFinished,
    RunStarted,
)
from hoofprint.app.commands.options import Timezone
from hoofprint.app.following import stopping_on_signals
from hoofprint.app.house import House
from hoofprint.app.output import console, error_console, printable, when
from monitor.pegasus.reports import Reports
from monitor.pegasus.submit_directory import Following, SubmitDirectory, is_submit_directory

_SHOWN_ID = 8
_AGAIN_AFTER = 5.0
_STATES = {
    PlanStarted: "planned",
    RunStarted: "started",
    JobSubmitted: "submitted",
    JobStarted: "executes",
    JobHeld: "held",
    JobReleased: "released",
    JobEvicted: "evicted",
    JobAborted: "aborted",
}
_logger = logging.getLogger("hoofprint.follow")

_Directories = Annotated[
    list[Path],
    typer.Argument(metavar="SUBMIT_DIR…", help="Submit directories of Pegasus, of runs that run or will."),
]
_Interval = Annotated[float, typer.Option(min=0.05, help="Seconds between two looks.")]
_Once = Annotated[bool, typer.Option("--once", help="Read what is there and end.")]
_Wait = Annotated[
    bool, typer.Option("--wait", help="Wait for directories in which nothing is planned yet, too.")
]
_UntilFinished = Annotated[bool, typer.Option("--until-finished", help="End when every run has ended.")]


def follow(
    context: typer.Context,
    directories: _Directories,
    timezone: Timezone = None,
    interval: _Interval = 1.0,
    once: _Once = False,
    until_finished: _UntilFinished = False,
    wait: _Wait = False,
) -> None:
    """Follow running workflows of Pegasus: what happens is in the log within a second or two.

    Sub-workflows and restarts are found as they come. Stopped or killed and started again, it goes on where
    the log ends. Without --once or --until-finished it runs until it is told to stop (Ctrl-C, SIGTERM).
    """
    house: House = context.obj
    stranger = next((path for path in directories if not is_submit_directory(path)), None)
    if stranger is not None and (once or not wait or os.path.isfile(stranger)):
        raise InputError(
            f"{stranger}: no submit directory of Pegasus: it has no braindump.yml (--wait waits for one)"
        )
    with stopping_on_signals() as stop:
        while not stop.is_set():
            try:
                with _following(house, directories, timezone, None if once else time.time) as following:
                    _run(following, stop, interval, once=once, until_finished=until_finished)
                return
            except UnavailableError as error:
                if once:
                    raise
                # What was read and not appended is read again: the log knows where it ends.
                _logger.warning("the log cannot be reached, trying again: %s", error)
                stop.wait(_AGAIN_AFTER)


@contextmanager
def _following(
    house: House, directories: Sequence[Path], timezone: str | None, clock: Callable[[], float] | None
) -> Iterator[Following]:
    reports = Reports(lambda message: error_console().print(printable(message), soft_wrap=True))
    sources = [SubmitDirectory(path, reports, timezone, clock) for path in directories]
    following = Following(sources, house.prompt_log, reports, house.settings["namespace"])
    try:
        yield following
    finally:
        following.close()


def _run(following: Following, stop: Signal, interval: float, *, once: bool, until_finished: bool) -> None:
    caught_up = sum(len(events) for events in _until(stop, following.step()))
    if once:
        if following.trouble:
            raise InputError(following.trouble)
        caught_up += sum(len(events) for events in following.finish())
    console().print(f"{caught_up} events of what happened before")
    while not stop.is_set() and not once and (following.is_running or not until_finished):
        stop.wait(interval)
        for events in _until(stop, following.step()):
            _tell(events)


def _until(stop: Signal, batches: Iterator[Sequence[Event]]) -> Iterator[Sequence[Event]]:
    """The batches up to where somebody says stop: what was not read then is read next time."""
    for events in batches:
        yield events
        if stop.is_set():
            return


def _tell(events: Sequence[Event]) -> None:
    for event in events:
        state = _state(event)
        if state is not None:
            name = f"{event.fact.run[:_SHOWN_ID]} {getattr(event.fact, 'job', '')}".rstrip()
            console().print(printable(f"{when(event.time)} {name} {state}"), soft_wrap=True, markup=False)


def _state(event: Event) -> str | None:
    fact = event.fact
    if isinstance(fact, JobFinished):
        return "succeeded" if fact.exit_raw == 0 else f"failed ({fact.exit_raw})"
    if isinstance(fact, RunFinished):
        return f"ended with status {fact.status}"
    return _STATES.get(type(fact))
