"""What each task does with its files: from the abstract workflow, or from what its job transfers."""

import os
from collections.abc import Iterator
from pathlib import Path

from eventlog.errors import InputError
from monitor.pegasus.abstract_roles import uses_of
from monitor.pegasus.records import Record, make_record
from monitor.pegasus.reports import Reports
from monitor.pegasus.submit_directory.braindump import Braindump
from monitor.pegasus.submit_directory.dag import read_dag
from monitor.pegasus.submit_directory.submit_file import SubmitFile, read_submit_file
from planner.abstract import AbstractWorkflow
from planner.formats.reading import read_workflow


def file_uses(dump: Braindump, time: int, reports: Reports) -> Iterator[Record]:
    """``file.use`` of every task's files, in the order of the workflow."""
    path = _abstract_workflow(dump)
    if path is not None:
        try:
            yield from _of_workflow(dump, time, path, read_workflow(path))
            return
        except InputError as error:
            first = str(error).splitlines()[0]
            reports.note(f"{first}: what tasks do with files is taken from their submit files")
    yield from _of_submit_files(dump, time)


def _abstract_workflow(dump: Braindump) -> Path | None:
    named = dump.get("dax")
    if not named:
        return None
    beside = dump.directory / Path(named).name
    # a relative path was so to where the planner was called
    elsewhere = [Path(named)] if Path(named).is_absolute() else []
    candidates = (beside, dump.directory / "catalogs" / beside.name, *elsewhere)
    # pathlib's own question fails where a folder on the way may not be entered
    return next((path for path in candidates if os.path.isfile(path)), None)


def _of_workflow(dump: Braindump, time: int, path: Path, workflow: AbstractWorkflow) -> Iterator[Record]:
    place = str(path)
    for fields in uses_of(workflow):
        yield make_record("file.use", time, dump.run, dump.root, fields, place)


def _of_submit_files(dump: Braindump, time: int) -> Iterator[Record]:
    try:
        nodes = read_dag(dump.directory / dump.dag).nodes.values()
    except OSError:
        return
    for node in nodes:
        path = dump.here(node.submit_file) if node.submit_file is not None else None
        try:
            told = read_submit_file(path) if path is not None else SubmitFile()
        except OSError:
            continue
        if told.task is not None:
            for lfn, link in _transferred(told):
                yield _record(dump, time, str(path), told.task, {"lfn.id": lfn, "link": link})


def _transferred(told: SubmitFile) -> Iterator[tuple[str, str]]:
    # What Pegasus ships for its own use has a whole path; a file of the workflow has its name alone.
    for lfn in told.transfer_input:
        if "/" not in lfn and "://" not in lfn:
            yield lfn, "input"
    for lfn in told.transfer_output:
        if not lfn.startswith("/"):
            yield lfn, "output"


def _record(dump: Braindump, time: int, place: str, task: str, fields: dict[str, str]) -> Record:
    return Record("file.use", time, dump.run, dump.root, {"task.id": task, **fields}, place)
