"""What ran of one workflow of a stampede database: its records in order of submission.

The states table names what an event said (``POST_SCRIPT_FAILED``: the end of a post script with status -1),
so each row turns back into its event (one that no event is known for into a note), and the invocations,
checks and host of a job instance come where pegasus-monitord says them: before the end of what they belong
to.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Row, select

from monitor.pegasus.database.access import StampedeTables, value_of
from monitor.pegasus.database.instances import JobInstance, job_instances
from monitor.pegasus.database.workflow import StoredWorkflow, microseconds
from monitor.pegasus.job_states import NOTE, WORKFLOW_EVENTS, event_of_state, note_of_state
from monitor.pegasus.records import Record

_SECOND = 1_000_000
_PRE_SCRIPT, _POST_SCRIPT = -1, -2

_END = {
    "site": "site",
    "user": "user",
    "work_dir": "work_dir",
    "local.dur": "local_duration",
    "cluster.start": "cluster_start",
    "cluster.dur": "cluster_duration",
    "stdin.file": "stdin_file",
    "stdout.file": "stdout_file",
    "stderr.file": "stderr_file",
    "stdout.text": "stdout_text",
    "stderr.text": "stderr_text",
    "multiplier_factor": "multiplier_factor",
}
_INVOCATION = {
    "transformation": "transformation",
    "task.id": "abs_task_id",
    "start_time": "start_time",
    "dur": "remote_duration",
    "remote_cpu_time": "remote_cpu_time",
    "avg_cpu": "avg_cpu",
    "maxrss": "maxrss",
    "exitcode": "exitcode",
    "executable": "executable",
    "argv": "argv",
}


def running_records(
    tables: StampedeTables, workflow: StoredWorkflow, workflows: Mapping[int, StoredWorkflow]
) -> Iterator[Record]:
    """The workflow's starts and ends with its job instances between them."""
    changes = _workflow_changes(tables, workflow)
    for instance in job_instances(tables, workflow):
        while changes and _comes_before(changes[0], instance):
            yield changes.pop(0)
        yield from _instance_records(workflow, instance, workflows)
    yield from changes


def _comes_before(change: Record, instance: JobInstance) -> bool:
    if change.event == "xwf.start":
        return change.time <= instance.first_seen
    return change.time < instance.first_seen


def _workflow_changes(tables: StampedeTables, workflow: StoredWorkflow) -> list[Record]:
    source = tables.table("workflowstate")
    names = ("state", "timestamp", "restart_count", "status", "reason")
    chosen = select(*(value_of(source, name) for name in names)).where(source.c.wf_id == workflow.number)
    found = [
        workflow.record(
            WORKFLOW_EVENTS[row.state],
            microseconds(row.timestamp) or workflow.planned,
            f"workflowstate of workflow {workflow.number}",
            {"restart_count": row.restart_count, "status": row.status, "reason": row.reason},
        )
        for row in tables.rows(chosen)
        if row.state in WORKFLOW_EVENTS
    ]
    return sorted(found, key=lambda each: (_restart(each), each.event == "xwf.end"))


def _restart(change: Record) -> int:
    count = change.fields.get("restart_count", "0")
    return int(count) if count.isdecimal() else 0


def _instance_records(
    workflow: StoredWorkflow, instance: JobInstance, workflows: Mapping[int, StoredWorkflow]
) -> Iterator[Record]:
    told = _Teller(workflow, instance)
    yield from told.sub_workflow(workflows)
    for state in instance.states:
        event, status = event_of_state(state.state)
        if event == "pre.end":
            yield from told.invocations(_PRE_SCRIPT)
        elif event == "main.end":
            yield from told.what_the_job_left(microseconds(state.timestamp) or workflow.planned)
        elif event == "post.end":
            yield from told.invocations(_POST_SCRIPT)
        yield from told.state(state, event, status)
    yield from told.rest()


class _Teller:
    """Tells the records of one job instance, each invocation once."""

    __slots__ = ("_instance", "_left", "_names", "_place", "_workflow")

    def __init__(self, workflow: StoredWorkflow, instance: JobInstance) -> None:
        self._workflow = workflow
        self._instance = instance
        self._left: list[Row[Any]] = list(instance.invocations)
        self._names = {"job.id": instance.row.exec_job_id, "job_inst.id": instance.row.job_submit_seq}
        self._place = f"job_instance {instance.row.job_instance_id}"

    def _record(self, event: str, time: int, fields: Mapping[str, object | None]) -> Record:
        return self._workflow.record(event, time, self._place, {**self._names, **fields})

    def sub_workflow(self, workflows: Mapping[int, StoredWorkflow]) -> Iterator[Record]:
        """Which workflow the job instance ran, if it ran one."""
        if sub := workflows.get(self._instance.row.subwf_id):
            yield self._record("xwf.map.subwf_job", sub.planned, {"subwf.id": sub.uuid})

    def state(self, state: Row[Any], event: str, status: str | None) -> Iterator[Record]:
        """A state as its event; of a submission both ends, as the event file has them."""
        time = microseconds(state.timestamp) or self._workflow.planned
        row = self._instance.row
        fields: dict[str, object | None] = {"js.id": state.jobstate_submit_seq, "reason": state.reason}
        if not event.startswith("pre."):
            fields["sched.id"] = row.sched_id
        if event == NOTE:
            fields["note"] = note_of_state(state.state)
        if event == "submit.end":
            yield self._record("job_inst.submit.start", time, {**fields, "site": row.site})
        fields["status"] = status
        if event == "main.end":
            fields |= {field: row._mapping[name] for field, name in _END.items()}
            fields["exitcode"] = self._instance.main_exit_code
        elif event in ("pre.end", "post.end"):
            fields["exitcode"] = self._script_exit_code(_PRE_SCRIPT if event == "pre.end" else _POST_SCRIPT)
        yield self._record(f"job_inst.{event}", time, fields)

    def _script_exit_code(self, sequence: int) -> object | None:
        codes = [each.exitcode for each in self._instance.invocations if each.task_submit_seq == sequence]
        return codes[0] if codes else None

    def what_the_job_left(self, time: int) -> Iterator[Record]:
        """Its tasks' invocations, where it ran, and what was checked of its files."""
        tasks = [each.task_submit_seq for each in self._left if each.task_submit_seq >= 0]
        yield from self.invocations(*tasks)
        yield from self._host(time)
        for check in self._instance.checks:
            fields = {name: check._mapping[name] for name in ("type", "file_type", "count", "duration")}
            yield self._record("int.metric", time, fields)
        for tag in self._instance.tags:
            yield self._record("job_inst.tag", time, {"name": tag.name, "count": tag._mapping["count"]})

    def _host(self, time: int) -> Iterator[Record]:
        known = self._instance.row._mapping
        if known.get("hostname") is not None:
            fields = {name: known[name] for name in ("hostname", "ip", "uname", "total_memory")}
            yield self._record("job_inst.host.info", time, {**fields, "site": known["host_site"]})

    def invocations(self, *sequences: int) -> Iterator[Record]:
        """The invocations with these numbers that have not been told yet."""
        told = [each for each in self._left if each.task_submit_seq in sequences]
        self._left = [each for each in self._left if each.task_submit_seq not in sequences]
        for each in told:
            yield from self._invocation(each)

    def rest(self) -> Iterator[Record]:
        """What no state asked for: the run was cut off before the end of its job was seen."""
        yield from self.invocations(*(each.task_submit_seq for each in self._left))

    def _invocation(self, row: Row[Any]) -> Iterator[Record]:
        started = microseconds(row.start_time) or self._workflow.planned
        ended = started + (microseconds(row.remote_duration) or 0)
        number = {"inv.id": row.task_submit_seq}
        yield self._record("inv.start", started, number)
        fields = {field: row._mapping[name] for field, name in _INVOCATION.items()}
        yield self._record("inv.end", ended // _SECOND * _SECOND, {**number, **fields})
