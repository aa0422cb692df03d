"""Runs a plan directory on this machine: checks it, locks it, and lets an engine bring it to its end."""

import os
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from eventlog.clock import now
from eventlog.errors import InputError, NotFoundError
from eventlog.event import Observer
from eventlog.log import EventLog
from monitor.local.engine import Engine
from monitor.local.journal import Journal
from monitor.local.plan_lock import plan_lock
from monitor.local.schedule import Schedule
from monitor.local.stopping import Stop, stop_on_signals
from monitor.local.workers import Workers
from monitor.own_events import read_state
from monitor.progress import JobCounts, ProgressListener, RunOutcome
from planner.directory import read_plan
from planner.executable import ExecutableWorkflow, JobKind, PlannedJob
from planner.unicode_text import is_utf8

_LONGEST_NAME = 200  # bytes; file systems take 255, and the names of an attempt's files add to it
_NESTED = (JobKind.SUB_WORKFLOW, JobKind.SUB_DAG)


def run_plan(
    plan_directory: Path,
    log: EventLog,
    *,
    python: Path,
    worker: Path,
    actor: str,
    cores: int | None = None,
    clock: Callable[[], int] = now,
    progress: ProgressListener | None = None,
    stop: Stop | None = None,
) -> RunOutcome:
    """Run what is left of a plan, and state all that happens on the log.

    ``python`` is the interpreter that runs the ``worker`` (.pyz); ``cores`` all of this machine's where None.
    ``stop`` asks for an early end; without one, SIGINT, SIGTERM and SIGHUP of this process do. A plan that
    ran before goes on: nothing that succeeded is done again; jobs that failed get fresh retries, unless their
    engine was killed before its run ended. A plan whose jobs all succeeded is left alone.

    Raises InputError for a plan that cannot run here, NotFoundError for a missing interpreter or worker,
    PlanBusyError when another engine runs it, and UnavailableError when the log fails.
    """
    directory = plan_directory.resolve()
    workers_command = _command(python, worker)
    plan = read_plan(directory)
    _check(plan, directory)
    with plan_lock(directory), _stopping(stop) as asked:
        state = read_state(log, plan.header)
        if state.complete:
            return _nothing_left(plan)
        workers = Workers(workers_command, clock)
        try:
            return Engine(
                plan,
                directory,
                journal=Journal(log, _observer(plan, actor), state),
                schedule=Schedule(plan.jobs, plan.header.throttles, cores or _own_cores()),
                workers=workers,
                clock=clock,
                stop=asked,
                listener=progress,
            ).run()
        finally:
            workers.close()


def _stopping(stop: Stop | None) -> AbstractContextManager[Stop]:
    return stop_on_signals() if stop is None else nullcontext(stop)


def _observer(plan: ExecutableWorkflow, actor: str) -> Observer:
    return Observer(
        source=f"hoofprint@{socket.gethostname()}",
        actor=actor,
        root=plan.header.root,
        namespace=plan.header.namespace,
    )


def _own_cores() -> int:
    return len(os.sched_getaffinity(0))


def _command(python: Path, worker: Path) -> tuple[str, ...]:
    if not os.access(python, os.X_OK):
        raise NotFoundError(f"{python}: no interpreter that can be executed; name a Python of 3.6 or newer")
    if not worker.is_file():
        raise NotFoundError(f"{worker}: the worker is not there; build it anew")
    # Not resolved: a virtual environment's interpreter is a link whose place matters.
    return (str(python.absolute()), "-I", str(worker.resolve()), "run")


def _check(plan: ExecutableWorkflow, directory: Path) -> None:
    if not is_utf8(str(directory)):
        raise InputError(f"{str(directory)!r}: its path is not UTF-8, which orders and events are; move it")
    names: set[str] = set()
    for position, job in enumerate(plan.jobs):
        complaint = _complaint(job, position, names)
        if complaint:
            raise InputError(f"{directory}: job {position + 1}, {job.name!r}, {complaint}")
        names.add(job.name)


def _complaint(job: PlannedJob, position: int, names: set[str]) -> str:
    if job.kind in _NESTED:
        return "is a workflow of its own, which this engine cannot run"
    if job.name in names:
        return "has the name of another job: the plan is damaged; plan the workflow again"
    if "/" in job.name or job.name in ("", ".", "..") or len(os.fsencode(job.name)) > _LONGEST_NAME:
        return f"cannot name a file: a name must be 1 to {_LONGEST_NAME} bytes without '/'"
    if any(not 0 <= parent < position for parent in job.parents):
        return "comes before one of its parents: the plan is damaged; plan the workflow again"
    return ""


def _nothing_left(plan: ExecutableWorkflow) -> RunOutcome:
    total = len(plan.jobs)
    counts = JobCounts(total, succeeded=total, failed=0, running=0, ready=0, waiting=0, cut_off=0)
    return RunOutcome(plan.header.run, 0, "", counts)
