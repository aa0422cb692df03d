"""What tasks do with their files, out of an abstract workflow that somebody names beside a trace.

Event files and databases do not say which task reads and which writes a file; the workflow that was planned
does.
"""

from collections.abc import Iterator
from pathlib import Path

from monitor.pegasus.records import Record, RecordSource
from monitor.pegasus.reports import Reports
from planner.abstract import AbstractJob, Use
from planner.formats.reading import read_workflow

_LINKS = frozenset(("input", "output", "inout", "checkpoint"))
_RUNNING = ("static.end", "xwf.start", "job_inst.", "inv.")


def uses_of(job: AbstractJob) -> Iterator[dict[str, str]]:
    """The fields of a ``file.use`` for every file of a task."""
    streams = {job.stdin: "input", job.stdout: "output", job.stderr: "output"}
    told = {use.lfn for use in job.uses}
    for use in job.uses:
        if use.link in _LINKS:
            yield {"task.id": job.id, **_fields(use)}
    for lfn, link in streams.items():
        if lfn is not None and lfn not in told:
            yield {"task.id": job.id, "lfn.id": lfn, "link": link}


class WithRoles:
    """A source whose tasks' files are told by an abstract workflow.

    They are told of the tasks that the source declares itself, of one run: the first of which it declares
    any. Raises ``InputError`` where the workflow cannot be read.
    """

    def __init__(self, source: RecordSource, workflow: Path, reports: Reports) -> None:
        self._source = source
        self._path = workflow
        self._reports = reports
        self._uses = [fields for job in read_workflow(workflow).jobs for fields in uses_of(job)]

    @property
    def name(self) -> str:
        """What a person calls it."""
        return self._source.name

    def records(self) -> Iterator[Record]:
        """The source's records, and where it is through with the tasks of a run, what these do with files."""
        tasks: dict[str, set[str]] = {}
        for record in self._source.records():
            if record.event == "task.info":
                tasks.setdefault(record.run, set()).add(record.fields.get("task.id", ""))
            elif record.run in tasks and record.event.startswith(_RUNNING):
                yield from self._told(record, tasks.pop(record.run))
            yield record
        if self._uses:
            self._reports.note(f"{self._path}: none of its tasks is in {self.name}")

    def _told(self, before: Record, tasks: set[str]) -> Iterator[Record]:
        fitting = [fields for fields in self._uses if fields["task.id"] in tasks]
        if fitting:
            self._uses = []
        for fields in fitting:
            yield Record("file.use", before.time, before.run, before.root, fields, str(self._path))


def _fields(use: Use) -> dict[str, str]:
    fields = {
        "lfn.id": use.lfn,
        "link": use.link,
        "stage_out": str(use.stage_out),
        "register": str(use.register),
        "optional": str(use.optional),
    }
    return fields if use.size is None else {**fields, "size": str(use.size)}
