"""What each task does with its files: from the abstract workflow, or from what its job transfers."""

import os
from collections.abc import Container, Iterator
from itertools import islice
from pathlib import Path

from eventlog.errors import InputError
from monitor.pegasus.abstract_roles import uses_of
from monitor.pegasus.records import Record, make_record
from monitor.pegasus.reports import Reports
from monitor.pegasus.submit_directory.braindump import Braindump
from monitor.pegasus.submit_directory.dag import read_dag
from monitor.pegasus.submit_directory.submit_file import SubmitFile, read_submit_file
from planner.abstract import AbstractJob
from planner.formats.reading import read_jobs


def file_uses(dump: Braindump, time: int, reports: Reports) -> Iterator[Record]:
    """``file.use`` of every task's files, in the order of the workflow."""
    path = _abstract_workflow(dump)
    if path is None:
        yield from _of_submit_files(dump, time, frozenset())
        return
    told = 0
    try:
        for job in read_jobs(path):
            yield from _of_job(dump, time, path, job)
            told += 1
    except InputError as error:
        first, other = str(error).splitlines()[0], " other" if told else ""
        reports.note(f"{first}: what{other} tasks do with files is taken from their submit files")
        # Asked for where it is wanted alone: the ids of all jobs would be large.
        known = frozenset(job.id for job in islice(read_jobs(path), told))
        yield from _of_submit_files(dump, time, known)


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


def _of_job(dump: Braindump, time: int, path: Path, job: AbstractJob) -> Iterator[Record]:
    place = str(path)
    for fields in uses_of(job):
        yield make_record("file.use", time, dump.run, dump.root, fields, place)


def _of_submit_files(dump: Braindump, time: int, told: Container[str]) -> Iterator[Record]:
    """Of every task but those that were ``told``."""
    try:
        dag = read_dag(dump.directory / dump.dag)
    except OSError:
        return
    for name in dag.names():
        planned = dag.submit_file(name)
        path = dump.here(planned) if planned is not None else None
        try:
            said = read_submit_file(path) if path is not None else SubmitFile()
        except OSError:
            continue
        if said.task is not None and said.task not in told:
            for lfn, link in _transferred(said):
                yield _record(dump, time, str(path), said.task, {"lfn.id": lfn, "link": link})


def _transferred(said: SubmitFile) -> Iterator[tuple[str, str]]:
    # What Pegasus ships for its own use has a whole path; a file of the workflow has its name alone.
    # So has a task's program where it is staged; its uses name it apart from its inputs.
    program = (said.transformation or "").replace("::", "-").replace(":", "-")
    for lfn in said.transfer_input:
        if "/" not in lfn and lfn != program:
            yield lfn, "input"
    for lfn in said.transfer_output:
        if not lfn.startswith("/"):
            yield lfn, "output"


def _record(dump: Braindump, time: int, place: str, task: str, fields: dict[str, str]) -> Record:
    return Record("file.use", time, dump.run, dump.root, {"task.id": task, **fields}, place)
