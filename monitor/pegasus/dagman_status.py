"""How far the DAGs of a submit directory are, as their ``dagman.out`` say it: no import, no scheduler asked.

DAGMan writes a table of nodes every few seconds: done, pre, queued, post, ready, unready, failed and, since
HTCondor 25, futile (nodes that a failure has made unreachable). The last table of each file counts. A DAG
that was started again runs, though its last table is still that of the run before.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Literal

from eventlog.errors import InputError, NotFoundError

DagState = Literal["Running", "Success", "Failure"]

SUFFIX = ".dag.dagman.out"
_COUNTED = ("unready", "ready", "pre", "queued", "post", "succeeded", "failed", "futile", "total")
_LINE_AT_MOST = 1 << 16
_STAMP = (
    rb"^\s*(?:\d{1,2}/\d{1,2}(?:/\d+)?\s+\d{1,2}:\d\d:\d\d(?:\.\d+)?"
    rb"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"
    rb"|\d{9,11}(?:\.\d+)?|\(\d{9,11}\))"
    rb"(?:\s*\([A-Za-z_]+[^)]*\))*\s"
)
"""Local time with or without a year, ISO, or seconds since the epoch; then what HTCondor was told to add."""
_TABLE = re.compile(_STAMP + rb"\s*((?:\d+\s+){6,7}\d+)\s*$")
_DAG_STATUS = re.compile(_STAMP + rb"DAG status: (\d+)")
_TOTAL = re.compile(rb"Of (\d+) nodes total:")
_EXIT = re.compile(rb"EXITING WITH STATUS (-?\d+)")
_START = re.compile(rb"\(CONDOR_DAGMAN\) STARTING UP")


@dataclass(frozen=True, slots=True)
class DagProgress:
    """One DAG: how many of its nodes are in which state; ``folder`` is relative to the submit directory."""

    name: str
    folder: str = "."
    unready: int = 0
    ready: int = 0
    pre: int = 0
    queued: int = 0
    post: int = 0
    succeeded: int = 0
    failed: int = 0
    futile: int = 0
    total: int = 0
    state: DagState = "Running"

    @property
    def percent_done(self) -> float:
        """Nodes done of all, in per cent with two decimals; 0 while there is no table."""
        return round(100 * self.succeeded / self.total, 2) if self.total else 0.0


@dataclass(frozen=True, slots=True)
class SubmitDirectoryProgress:
    """The DAGs of a submit directory: the root's first, then those of its sub-workflows by path."""

    dags: tuple[DagProgress, ...]

    @property
    def totals(self) -> DagProgress:
        """The DAGs added up; their common state is the root's."""
        sums = {name: sum(getattr(each, name) for each in self.dags) for name in _COUNTED}
        return replace(DagProgress("TOTALS", state=self.dags[0].state), **sums)


def submit_directory_progress(folder: Path) -> SubmitDirectoryProgress:
    """Reads every ``*.dag.dagman.out`` below ``folder``; links to folders are not followed.

    Raises ``NotFoundError`` where there is none, ``InputError`` where one cannot be read.
    """
    found = sorted(_dagman_files(folder), key=lambda path: (path.parent != folder, path))
    if not found:
        raise NotFoundError(f"{folder}: no *{SUFFIX} in it: not a submit directory, or nothing was submitted")
    return SubmitDirectoryProgress(tuple(read_dag_progress(path, folder) for path in found))


def _dagman_files(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        yield from (Path(parent, name) for name in names if name.endswith(SUFFIX))


def read_dag_progress(path: Path, root: Path | None = None) -> DagProgress:
    """Reads one ``dagman.out``; ``root`` is the submit directory its folder is named from."""
    folder = "." if root is None else os.path.relpath(path.parent, root)
    try:
        with path.open("rb") as file:
            return _last_word(file, DagProgress(path.name.removesuffix(SUFFIX) + ".dag", folder))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error


def _last_word(file: BinaryIO, progress: DagProgress) -> DagProgress:
    failed = False
    total = 0
    while line := file.readline(_LINE_AT_MOST):
        if found := _TOTAL.search(line):
            total = int(found[1])
        elif found := _DAG_STATUS.match(line):
            failed = found[1] != b"0"
        elif found := _TABLE.match(line):
            progress = _with_table(progress, [int(each) for each in found[1].split()], total, failed=failed)
        elif found := _EXIT.search(line):
            progress = replace(progress, state="Failure" if int(found[1]) else "Success")
        elif _START.search(line):
            failed, progress = False, replace(progress, state="Running")
    return progress


def _with_table(progress: DagProgress, counts: list[int], total: int, *, failed: bool) -> DagProgress:
    succeeded, pre, queued, post, ready, unready, broken = counts[:7]
    total = total or sum(counts)
    state: DagState = "Failure" if failed else "Success" if succeeded == total else "Running"
    return replace(
        progress,
        unready=unready,
        ready=ready,
        pre=pre,
        queued=queued,
        post=post,
        succeeded=succeeded,
        failed=broken,
        futile=counts[7] if len(counts) > 7 else 0,
        total=total,
        state=state,
    )
