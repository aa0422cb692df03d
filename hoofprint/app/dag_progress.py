"""Shows how far the DAGs of a Pegasus submit directory are that nobody has imported."""

from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from hoofprint.app.output import console, error_console, print_json, printable, table
from monitor.pegasus.dagman_status import (
    SUFFIX,
    DagProgress,
    SubmitDirectoryProgress,
    submit_directory_progress,
)

_COLUMNS = (
    "unready",
    "ready",
    "pre",
    "in queue",
    "post",
    "done",
    "failed",
    "futile",
    "% done",
    "state",
    "DAG",
)


def is_submit_directory(reference: str) -> bool:
    """Whether a DAGMan wrote its log in that folder."""
    folder = Path(reference)
    return "\0" not in reference and folder.is_dir() and any(folder.glob(f"*{SUFFIX}"))


def show_submit_directory(reference: str, as_json: bool) -> None:
    """Print each DAG of the folder and their sum; with the names of pegasus-status' columns in JSON."""
    progress = submit_directory_progress(Path(reference))
    if as_json:
        print_json({"totals": _told(progress.totals), "dags": [_told(each) for each in progress.dags]})
        return
    _print(console(), progress)
    error_console().print(f"not imported; hoofprint import {printable(reference)} tells more", soft_wrap=True)


def _told(dag: DagProgress) -> dict[str, object]:
    return {**asdict(dag), "percent_done": dag.percent_done}


def _print(out: Console, progress: SubmitDirectoryProgress) -> None:
    rows = [_row(each) for each in progress.dags]
    if len(rows) > 1:
        rows.append(_row(progress.totals))
    out.print(table(_COLUMNS, rows))


def _row(dag: DagProgress) -> tuple[object, ...]:
    counts = (dag.unready, dag.ready, dag.pre, dag.queued, dag.post, dag.succeeded, dag.failed, dag.futile)
    name = dag.name if dag.folder == "." else f"{dag.folder}/{dag.name}"
    return (*counts, f"{dag.percent_done:.2f}", dag.state, name)
