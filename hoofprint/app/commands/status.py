"""``hoofprint status``: how a run stands, and whether its files are intact."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console

from eventlog.errors import NotFoundError
from hoofprint.app.as_of import views_as_of
from hoofprint.app.commands.options import AsOf, Json
from hoofprint.app.dag_progress import is_submit_directory, show_submit_directory
from hoofprint.app.house import House
from hoofprint.app.output import console, error_console, facts, print_json, printable, table, when
from hoofprint.app.submit_reference import run_meant
from projections.answers.integrity import Integrity, integrity_of
from projections.answers.queue import Queue, queues_of
from projections.answers.runs import RunDetail, RunSummary, list_runs, resolve_run, run_detail, tree_of
from projections.store import ViewStore

_SHOWN_ID = 8


def status(
    context: typer.Context,
    reference: Annotated[
        str | None,
        typer.Argument(metavar="[RUN]", help="A run: id, beginning of it, plan directory or 'latest'."),
    ] = None,
    first: Annotated[int, typer.Option("--first", "-n", min=1, help="Without RUN: list so many runs.")] = 20,
    subworkflows: Annotated[
        bool, typer.Option("--subworkflows", help="Without RUN: list the runs of sub-workflows, too.")
    ] = False,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Say how a run stands and whether its files are intact; without RUN, list the latest runs."""
    house: House = context.obj
    folder = reference if reference is not None and is_submit_directory(reference) else None
    reference = run_meant(reference) if reference is not None else None
    store = views_as_of(house, as_of, run=reference)
    if folder is not None and not _is_known(store, reference or folder):
        show_submit_directory(folder, as_json)
        return
    with store.reading("runs") as runs, store.reading("data") as data:
        if reference is None:
            namespaces = [house.settings["namespace"]]
            _list(list_runs(runs, namespaces=namespaces, roots_only=not subworkflows, limit=first), as_json)
            return
        run = resolve_run(runs, reference)
        detail, integrity = run_detail(runs, run), integrity_of(data, run)
        queues = queues_of(runs, tree_of(runs, run))
    if as_json:
        print_json({"run": detail, "integrity": integrity, "queues": queues})
    else:
        _print(console(), detail, integrity)
        _print_queues(console(), queues)


def _is_known(store: ViewStore, reference: str) -> bool:
    with store.reading("runs") as runs:
        try:
            resolve_run(runs, reference)
        except NotFoundError:
            return False
    return True


def _list(found: Sequence[RunSummary], as_json: bool) -> None:
    if as_json:
        print_json({"runs": found})
        return
    if not found:
        error_console().print("no run yet; hoofprint plan WORKFLOW makes one")
        return
    rows = [
        (
            run.ref.run[:_SHOWN_ID],
            run.workflow,
            run.state,
            run.tasks,
            run.jobs,
            when(run.created_at),
            run.user,
        )
        for run in found
    ]
    console().print(table(("run", "workflow", "state", "tasks", "jobs", "planned", "user"), rows))


def _print(out: Console, detail: RunDetail, integrity: Integrity) -> None:
    summary, progress = detail.summary, detail.progress
    states = ("running", "held", "submitted", "evicted", "failed", "aborted", "unsubmitted")
    others = [f"{count} {state}" for state in states if (count := getattr(progress, state))]
    reused = f", {summary.reused_tasks} reused" if summary.reused_tasks else ""
    out.print(
        facts(
            {
                "run": summary.ref.run,
                "workflow": f"{summary.workflow} ({summary.tasks} tasks{reused})",
                "state": summary.state,
                "jobs": ", ".join([f"{progress.succeeded} of {progress.total} succeeded", *others]),
                "integrity": integrity_line(integrity),
                "engines": _engines(detail),
                "directory": summary.submit_directory,
            }
        )
    )
    if progress.failed or progress.aborted or progress.held:
        out.print(printable(f"why: hoofprint analyze {summary.ref.run[:_SHOWN_ID]}"))


def _print_queues(out: Console, queues: Sequence[Queue]) -> None:
    """The run and its sub-workflows in DAGMan's columns, and all together where there are several."""
    columns = ("UNREADY", "READY", "PRE", "IN_Q", "POST", "DONE", "FAIL", "%DONE", "STATE", "DAGNAME")
    rows = [(*_cells(queue), f"{queue.percent_done:.2f}", queue.state, queue.workflow) for queue in queues]
    if len(queues) > 1:
        done, total = (sum(column) for column in zip(*((one.done, one.total) for one in queues), strict=True))
        sums = [
            None if None in column else sum(cell or 0 for cell in column)
            for column in zip(*map(_numbers, queues), strict=True)
        ]
        states = Counter(queue.state for queue in queues)
        told = ", ".join(f"{number} {state}" for state, number in states.items())
        percent = 100 * done / total if total else 0.0
        rows.append((*map(_known, sums), f"{percent:.2f}", "", f"{len(queues)} workflows: {told}"))
    out.print()
    out.print(table(columns, rows, right=columns[:8]))
    if any(queue.pre is None or queue.post is None for queue in queues):
        out.print("- is not known: that a script ran is certain when it has ended")


def _numbers(queue: Queue) -> tuple[int | None, ...]:
    return queue.unready, queue.ready, queue.pre, queue.queued, queue.post, queue.done, queue.failed


def _cells(queue: Queue) -> tuple[str, ...]:
    return tuple(map(_known, _numbers(queue)))


def _known(number: int | None) -> str:
    return "-" if number is None else str(number)


def integrity_line(integrity: Integrity) -> str:
    """One line on a run's checksums; names the first file that was wrong."""
    if not integrity.verified and not integrity.failed:
        return f"no checksum verified yet, {integrity.computed} computed"
    good = f"{integrity.verified} checksums verified, {integrity.computed} computed"
    if not integrity.failed:
        return f"intact: {good}, none wrong"
    first = integrity.mismatches[0] if integrity.mismatches else None
    where = (
        f"; first: {first.lfn or 'unnamed files'} at {first.job} (attempt {first.attempt})" if first else ""
    )
    return f"CORRUPTED: {integrity.failed} wrong, {good}{where}"


def _engines(detail: RunDetail) -> str:
    lines = []
    for engine in detail.engines:
        reason = f" ({engine.reason})" if engine.reason else ""
        if engine.started_at is None:
            lines.append(f"ended at {when(engine.finished_at)} before it began{reason}")
            continue
        ended = f"to {when(engine.finished_at)}" if engine.finished_at else "and has not ended"
        lines.append(f"{engine.engine} on {engine.host} from {when(engine.started_at)} {ended}{reason}")
    return "\n".join(lines)
