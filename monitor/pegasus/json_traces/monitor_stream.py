"""The stream of a monitor that follows the database, planned for Pegasus 6 (its schema version 1).

A header names the workflow. Checkpoints tell every job with its attempts and last state; between them each
change of a state is a transition. A gap says which records were lost; what changed meanwhile is taken from
the next checkpoint, as far as it tells. What enriches or diagnoses changes no state and has no home here.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from monitor.pegasus.job_states import NOTE, WORKFLOW_EVENTS, event_of_state, note_of_state
from monitor.pegasus.records import Record
from monitor.pegasus.reports import Reports
from monitor.pegasus.storable_text import storable
from monitor.pegasus.translation.values import UnfitValueError, moment

SCHEMA_VERSION = 1
_MOST_CHANGES = 10_000
_STATELESS = ("enrichment", "diagnostic_result")

_Object = Mapping[str, object]


class MonitorStream:
    """Turns the records of one stream into stampede records, each change of a state once."""

    def __init__(self, name: str, reports: Reports) -> None:
        self._name = name
        self._reports = reports
        self._told: dict[int, int] = {}
        self._told_of_workflows: set[tuple[object, ...]] = set()
        self._attempts: dict[tuple[str, str], _Object] = {}
        self._planned: set[str] = set()
        self._next: int | None = None
        self._left_out: Counter[str] = Counter()

    def records(self, fields: _Object, place: str) -> Iterator[Record]:
        """What one record of the stream tells. Raises UnfitValueError where it cannot be understood."""
        if fields.get("schema_version") != SCHEMA_VERSION:
            version = fields.get("schema_version")
            raise UnfitValueError(
                f"schema version {version!r} of the stream is not known, {SCHEMA_VERSION} is"
            )
        kind = str(fields["record_type"])
        self._check_sequence(fields, kind, place)
        if kind == "checkpoint":
            yield from self._checkpoint(_object(fields, "snapshot"), place)
        elif kind == "job_transition":
            yield from self._job_change(_object(fields, "transition"), place)
        elif kind == "workflow_transition":
            yield from self._workflow_change(_object(fields, "transition"), place)
        elif kind != "header":
            self._left_out[kind] += 1

    def end(self) -> None:
        """Say what the stream had that is kept nowhere."""
        for kind, count in sorted(self._left_out.items()):
            why = "they change no state" if kind in _STATELESS else "this kind is not known"
            if kind != "gap":
                self._reports.note(f"{self._name}: {count} {kind} records are left out: {why}")

    def _check_sequence(self, fields: _Object, kind: str, place: str) -> None:
        number = fields.get("sequence")
        if not isinstance(number, int):
            raise UnfitValueError(f"this {kind} has no sequence number")
        if kind == "gap":
            first, last = fields.get("first_missing_sequence"), fields.get("last_missing_sequence")
            self._missing(place, first, last, str(fields.get("reason")))
        elif self._next is not None and number > self._next:
            self._missing(place, self._next, number - 1, "nobody says why")
        self._next = number + 1

    def _missing(self, place: str, first: object, last: object, reason: str) -> None:
        until = "and those after it" if last is None else f"to {last}"
        self._reports.note(
            f"{place}: records {first} {until} of the stream are missing ({reason}): "
            "what changed meanwhile is known as far as the next checkpoint tells it"
        )

    def _checkpoint(self, snapshot: _Object, place: str) -> Iterator[Record]:
        workflow = _object(snapshot, "workflow")
        jobs = _objects(snapshot, "jobs")
        run = str(_object(workflow, "workflow")["wf_uuid"])
        for job in jobs:
            self._learn_attempts(run, job)
        if run not in self._planned:
            self._planned.add(run)
            yield from _plan(workflow, jobs, place)
        for change in (*_objects(snapshot, "recent_workflow_transitions"), workflow.get("transition")):
            if isinstance(change, Mapping):
                yield from self._workflow_change(change, place)
        for change in (*_objects(snapshot, "recent_transitions"), *(job.get("transition") for job in jobs)):
            if isinstance(change, Mapping):
                yield from self._job_change(change, place)
        self._forget_ended_attempts()

    def _learn_attempts(self, run: str, job: _Object) -> None:
        for attempt in _objects(job, "attempts"):
            number = str(_object(attempt, "identity").get("job_submit_seq"))
            self._attempts[run, number] = attempt

    def _forget_ended_attempts(self) -> None:
        ended = [key for key, attempt in self._attempts.items() if attempt.get("end_time") is not None]
        for key in ended:
            del self._attempts[key]

    def _workflow_change(self, change: _Object, place: str) -> Iterator[Record]:
        identity = _object(change, "identity")
        event = WORKFLOW_EVENTS.get(str(identity.get("state")))
        key = ("workflow", str(change["workflow"]), change.get("restart_count"), identity.get("state"))
        if event is None or key in self._told_of_workflows:
            return
        self._told_of_workflows.add(key)
        fields = {"restart_count": change.get("restart_count"), "reason": change.get("reason")}
        if event == "xwf.end":
            fields["status"] = change.get("status")
        yield _record(change, event, moment(str(identity["timestamp"])), fields, place)

    def _job_change(self, change: _Object, place: str) -> Iterator[Record]:
        identity = _object(change, "identity")
        if not self._is_new(identity):
            return
        event, status = event_of_state(identity.get("state"))
        number = str(change["job_submit_seq"])
        known = self._attempts.get((str(_object(change, "workflow")["wf_uuid"]), number), {})
        fields: dict[str, object] = {
            "job.id": change["exec_job_id"],
            "job_inst.id": number,
            "js.id": identity.get("jobstate_submit_seq"),
            "sched.id": known.get("scheduler_id"),
            "site": known.get("site"),
            "reason": change.get("reason"),
            "status": status,
        }
        if event == NOTE:
            fields["note"] = note_of_state(identity.get("state"))
        elif event == "main.end":
            fields["exitcode"] = 0 if status == "0" else known.get("raw_wait_status")
        time = moment(str(identity["timestamp"]))
        yield _record(change, f"job_inst.{event}", time, fields, place)

    def _is_new(self, identity: _Object) -> bool:
        """Whether this change of a job instance was not told yet; of each instance a set of bits is kept."""
        instance, number = identity.get("job_instance_id"), identity.get("jobstate_submit_seq")
        if not isinstance(instance, int) or not isinstance(number, int) or not 0 <= number < _MOST_CHANGES:
            raise UnfitValueError("the identity of a change needs job_instance_id and jobstate_submit_seq")
        told, bit = self._told.get(instance, 0), 1 << number
        self._told[instance] = told | bit
        return not told & bit


def _plan(workflow: _Object, jobs: Sequence[_Object], place: str) -> Iterator[Record]:
    """The jobs that the first checkpoint of a workflow names, with what it says of them."""
    time = moment(str(workflow.get("started_at") or 0))
    for job in jobs:
        told = {name: job.get(name) for name in ("type_desc", "task_count")}
        yield _record(workflow, "job.info", time, {"job.id": job.get("exec_job_id"), **told}, place)


def _record(about: _Object, event: str, time: int, fields: Mapping[str, object], place: str) -> Record:
    workflow = _object(about, "workflow")
    run = storable(str(workflow["wf_uuid"]))
    told = {name: storable(str(value)) for name, value in fields.items() if value is not None}
    return Record(event, time, run, storable(str(workflow.get("root_wf_uuid") or run)), told, place)


def _object(fields: _Object, name: str) -> _Object:
    value = fields.get(name)
    if not isinstance(value, Mapping):
        raise UnfitValueError(f"the record has no {name}")
    return value


def _objects(fields: _Object, name: str) -> tuple[_Object, ...]:
    values = fields.get(name)
    return tuple(each for each in values if isinstance(each, Mapping)) if isinstance(values, list) else ()
