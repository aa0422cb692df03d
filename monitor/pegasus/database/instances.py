"""The job instances of one workflow of a stampede database, some at a time, with all that hangs on them."""

from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, case, select

from monitor.pegasus.database.access import StampedeTables, value_of
from monitor.pegasus.database.workflow import StoredWorkflow, microseconds

_AT_A_TIME = 200

_SEQUENCE_BITS = 40

_POST_SCRIPT_ENDED = {"POST_SCRIPT_SUCCESS", "POST_SCRIPT_FAILED", "POST_SCRIPT_FAILURE"}
_STOPPED = {"JOB_ABORTED", "SUBMIT_FAILED", "GRID_SUBMIT_FAILED", "GLOBUS_SUBMIT_FAILED"}
# What the monitor makes up for a job that was stopped, and how shells name what did not end by itself.
_STOPPED_EXIT = 1
_NOT_STARTED, _NOT_STARTED_EXIT = -1, 127
_KILLED_EXIT = 128
_SIGNAL = 0x7F

_INSTANCE = (
    *("job_instance_id", "job_submit_seq", "sched_id", "site", "user", "work_dir", "subwf_id", "exitcode"),
    *("cluster_start", "cluster_duration", "local_duration", "multiplier_factor"),
    *("stdin_file", "stdout_file", "stderr_file"),
)
_INVOCATION = (
    *("task_submit_seq", "start_time", "remote_duration", "remote_cpu_time", "exitcode", "maxrss", "avg_cpu"),
    *("transformation", "executable", "argv", "abs_task_id"),
)
_STATE = ("state", "timestamp", "jobstate_submit_seq", "reason")
_CHECK = ("type", "file_type", "count", "duration")
_HOST = {
    "hostname": "hostname",
    "ip": "ip",
    "site": "host_site",
    "uname": "uname",
    "total_memory": "total_memory",
}


@dataclass(frozen=True, slots=True)
class JobInstance:
    """One job instance with everything the database has of it, states in the order they were seen."""

    row: Row[Any]
    states: Sequence[Row[Any]]
    invocations: Sequence[Row[Any]]
    checks: Sequence[Row[Any]]
    tags: Sequence[Row[Any]]

    @property
    def first_seen(self) -> int:
        """When its first state was entered (µs); 0 when none is known."""
        return min((microseconds(each.timestamp) or 0 for each in self.states), default=0)

    @property
    def main_exit_code(self) -> object | None:
        """The raw exit code of the job itself; None where nothing but that it failed is known.

        The loader overwrites it with the post script's: what the job's only process says of it is left then.
        """
        states = {str(each.state) for each in self.states}
        if not states & _POST_SCRIPT_ENDED:
            own: object | None = self.row.exitcode
            return own
        if "JOB_SUCCESS" in states:
            return 0
        if states & _STOPPED and "JOB_TERMINATED" not in states:
            return _STOPPED_EXIT
        processes = [each for each in self.invocations if each.task_submit_seq >= 0]
        return _exit_code_around(processes[0]) if len(processes) == 1 else None


def _exit_code_around(process: Row[Any]) -> int | None:
    """With what a job ended whose only process ended so; None where that one succeeded.

    Kickstart passes the end of its task on as a shell does. Where it left no record, the monitor makes one
    up, which takes as much CPU time as it takes time, with the job's exit code; that of PegasusLite it takes
    for a raw one.
    """
    raw: object = process.exitcode
    if not isinstance(raw, int) or not raw:
        return None
    if raw == _NOT_STARTED:
        return _NOT_STARTED_EXIT << 8
    if process.remote_cpu_time is not None and process.remote_cpu_time == process.remote_duration:
        return raw << 8 if 0 < raw < 1 << 8 else raw
    signal = raw & _SIGNAL
    return (_KILLED_EXIT + signal) << 8 if signal else raw


def job_instances(tables: StampedeTables, workflow: StoredWorkflow) -> Iterator[JobInstance]:
    """The workflow's job instances in order of their submission number."""
    numbers = _numbers_in_order(tables, workflow)
    for start in range(0, len(numbers), _AT_A_TIME):
        wanted = [number & ((1 << _SEQUENCE_BITS) - 1) for number in numbers[start : start + _AT_A_TIME]]
        rows = {row.job_instance_id: row for row in tables.rows(_instance_query(tables, wanted))}
        states = _by_instance(tables, "jobstate", _STATE, wanted)
        runs = _by_instance(tables, "invocation", _INVOCATION, wanted)
        checks = _by_instance(tables, "integrity", _CHECK, wanted)
        older = _by_instance(tables, "integrity_metrics", _CHECK, wanted)
        tags = _by_instance(tables, "tag", ("name", "count"), wanted)
        for number in wanted:
            if number in rows:
                seen = _in_order(tables, "jobstate", states[number], "jobstate_submit_seq")
                ran = _in_order(tables, "invocation", runs[number], "task_submit_seq")
                yield JobInstance(rows[number], seen, ran, checks[number] or older[number], tags[number])


def _numbers_in_order(tables: StampedeTables, workflow: StoredWorkflow) -> Sequence[int]:
    """Submission number and row number in one integer each: eight bytes a job instance, however many."""
    instance, job = tables.table("job_instance"), tables.table("job")
    chosen = select(instance.c.job_instance_id, instance.c.job_submit_seq)
    chosen = chosen.join_from(instance, job, instance.c.job_id == job.c.job_id)
    chosen = chosen.where(job.c.wf_id == workflow.number)
    numbers = array(
        "q",
        (
            row.job_submit_seq << _SEQUENCE_BITS | row.job_instance_id
            for page in tables.pages(chosen, instance.c.job_instance_id)
            for row in _in_order(tables, "job_instance", page, "job_submit_seq")
            if isinstance(row.job_instance_id, int)
        ),
    )
    return array("q", sorted(numbers))


def _in_order(
    tables: StampedeTables, table_name: str, rows: Sequence[Row[Any]], column: str
) -> Sequence[Row[Any]]:
    """The rows by their numbers; what has none is reported and left out."""
    numbered = [row for row in rows if isinstance(row._mapping[column], int)]
    for _ in range(len(rows) - len(numbered)):
        tables.reports.unreadable(
            f"{tables.name}: {table_name}: a {column} is no number; its row is left out"
        )
    return sorted(numbered, key=lambda row: row._mapping[column])


def _instance_query(tables: StampedeTables, wanted: list[int]) -> Select[*tuple[Any, ...]]:
    instance, job = tables.table("job_instance"), tables.table("job")
    columns: list[ColumnElement[Any]] = [value_of(instance, name) for name in _INSTANCE]
    columns.append(job.c.exec_job_id)
    failed = value_of(instance, "exitcode") != 0
    texts = ("stdout_text", "stderr_text")
    columns += [case((failed, value_of(instance, name))).label(name) for name in texts]
    joined = instance.join(job, instance.c.job_id == job.c.job_id)
    if tables.has("host") and "host_id" in instance.c:
        host = tables.table("host")
        joined = joined.outerjoin(host, instance.c.host_id == host.c.host_id)
        columns += [value_of(host, name).label(label) for name, label in _HOST.items()]
    return select(*columns).select_from(joined).where(instance.c.job_instance_id.in_(wanted))


def _by_instance(
    tables: StampedeTables, name: str, columns: Sequence[str], wanted: list[int]
) -> defaultdict[int, list[Row[Any]]]:
    found: defaultdict[int, list[Row[Any]]] = defaultdict(list)
    if tables.has(name):
        source = tables.table(name)
        chosen = select(source.c.job_instance_id, *(value_of(source, each) for each in columns))
        for row in tables.rows(chosen.where(source.c.job_instance_id.in_(wanted))):
            found[row.job_instance_id].append(row)
    return found
