"""The static part of a run: what the planner wrote down before anything ran."""

from collections.abc import Iterator
from pathlib import Path

from eventlog.errors import InputError
from monitor.pegasus.event_file import EventFile
from monitor.pegasus.records import Record, make_record
from monitor.pegasus.reports import Reports
from monitor.pegasus.submit_directory.braindump import Braindump
from monitor.pegasus.submit_directory.file_roles import file_uses
from monitor.pegasus.submit_directory.scribe import moment
from monitor.pegasus.submit_directory.workflow_metadata import workflow_metadata, workflow_metadata_path

_PLAN_FIELDS = {
    "dax.label": "dax_label",
    "dax.version": "dax_version",
    "dax.index": "dax_index",
    "dax.file": "dax",
    "dag.file.name": "dag",
    "submit.hostname": "submit_hostname",
    "user": "user",
    "planner.version": "planner_version",
}


def planned_records(dump: Braindump, parent: str | None, reports: Reports) -> Iterator[Record]:
    """The plan of one workflow: ``wf.plan``, the planner's ``.static.bp``, and what tasks do with files."""
    time = planned_time(dump)
    place = str(dump.directory / "braindump.yml")
    if dump.problem:
        reports.unreadable(f"{dump.problem}: only its whole lines are read")
    yield Record("wf.plan", time, dump.run, dump.root, _plan(dump, parent), place)
    static = static_path(dump)
    yield Record("static.start", time, dump.run, dump.root, {}, str(static))
    has_metadata = False
    for record in _static_records(static, reports):
        if record.event not in ("static.start", "static.end"):
            yield make_record(record.event, record.time, dump.run, dump.root, record.fields, record.place)
        has_metadata = has_metadata or record.event == "xwf.meta"
    if not has_metadata:
        yield from _metadata(dump, time, reports)
    yield from file_uses(dump, time, reports)
    yield Record("static.end", time, dump.run, dump.root, {}, str(static))


def static_path(dump: Braindump) -> Path:
    """Where the planner's ``.static.bp`` would be."""
    return dump.directory / f"{Path(dump.dag).stem}.static.bp"


def _static_records(static: Path, reports: Reports) -> Iterator[Record]:
    try:
        if static.is_file():
            yield from EventFile(static, reports).records()
            return
        why = "not there"
    except (InputError, OSError) as error:
        why = error.strerror or "unreadable" if isinstance(error, OSError) else "unreadable"
    reports.unreadable(f"{static}: {why}: tasks, jobs and edges of the plan are not known")


def _metadata(dump: Braindump, time: int, reports: Reports) -> Iterator[Record]:
    place = str(workflow_metadata_path(dump))
    for key, value in workflow_metadata(dump, reports).items():
        yield Record("xwf.meta", time, dump.run, dump.root, {"key": key, "value": value}, place)


def planned_time(dump: Braindump) -> int:
    """When the run was planned, in microseconds; where nobody noted it, when the .dag was written."""
    if dump.planned_at is not None:
        return moment(dump.planned_at.isoformat()) or 0
    try:
        return (dump.directory / dump.dag).stat().st_mtime_ns // 1000
    except OSError:
        return 0


def _plan(dump: Braindump, parent: str | None) -> dict[str, str]:
    said = {name: dump.get(key) for name, key in _PLAN_FIELDS.items()}
    said["submit.dir"] = dump.planned_directory
    arguments = dump.get("planner_arguments")
    said["argv"] = arguments.strip('" \t\r\n') if arguments is not None else None
    grid = dump.get("grid_dn")
    said["grid_dn"] = grid if grid != "null" else None
    said["parent.xwf.id"] = parent
    return {name: value for name, value in said.items() if value is not None}
