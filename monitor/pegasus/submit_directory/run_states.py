"""What a workflow goes through: DAGMan's lines turned into the events of the stampede schema, in their order.

The order in which an attempt's events come, which state begins a new attempt, and when its output is read
follow pegasus-monitord, so that the numbers that name attempts and events are the same.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path

from monitor.pegasus.records import Record
from monitor.pegasus.submit_directory.braindump import Braindump
from monitor.pegasus.submit_directory.dag import Dag, Script
from monitor.pegasus.submit_directory.instances import InstanceBook, JobInstance
from monitor.pegasus.submit_directory.job_files import JobFiles
from monitor.pegasus.submit_directory.occurrences import (
    DagmanAborted,
    DagmanAnnounced,
    DagmanFinished,
    DagmanStarted,
    DagmanVersion,
    JobHeldBecause,
    JobOccurrence,
    Occurrence,
    SubmissionFailed,
)
from monitor.pegasus.submit_directory.output_records import Outcome, composite, records_of
from monitor.pegasus.submit_directory.registrations import Registrations
from monitor.pegasus.submit_directory.scribe import Scribe, seconds

_SECOND = 1_000_000
_UNKNOWN_FAILURE = 2
_TELLS_WHY_HELD = (8, 3, 3)
_PRE_SCRIPT, _POST_SCRIPT = "-1", "-2"
_BEGINS = frozenset(("DAGMAN_SUBMIT", "PRE_SCRIPT_STARTED", "SUBMIT", "SUBMIT_FAILED"))
_POST_ENDS = frozenset(("POST_SCRIPT_SUCCESS", "POST_SCRIPT_FAILURE"))
_JOB_ENDS = frozenset(("JOB_SUCCESS", "JOB_FAILURE"))
_JOB_TYPES = {
    "1": "compute",
    "2": "stage-in-tx",
    "3": "stage-out-tx",
    "4": "registration",
    "5": "inter-site-tx",
    "6": "create-dir",
    "7": "stage_worker_tx",
    "8": "cleanup",
    "9": "chmod",
    "10": "dax",
    "11": "dag",
}
_BRIEF: Mapping[str, tuple[tuple[str, str | None], ...]] = {
    "PRE_SCRIPT_STARTED": (("pre.start", None),),
    "PRE_SCRIPT_TERMINATED": (("pre.term", None),),
    "SUBMIT": (("submit.start", None), ("submit.end", "0")),
    "SUBMIT_FAILED": (("submit.start", None), ("submit.end", "-1")),
    "GRID_SUBMIT": (("grid.submit.start", None), ("grid.submit.end", "0")),
    "GRID_SUBMIT_FAILED": (("grid.submit.start", None), ("grid.submit.end", "-1")),
    "GLOBUS_SUBMIT": (("globus.submit.start", None), ("globus.submit.end", "0")),
    "GLOBUS_SUBMIT_FAILED": (("globus.submit.start", None), ("globus.submit.end", "-1")),
    "IMAGE_SIZE": (("image.info", None),),
    "JOB_TERMINATED": (("main.term", "0"),),
    "JOB_EVICTED": (("main.term", "-1"),),
    "JOB_RELEASED": (("held.end", "0"),),
    "POST_SCRIPT_STARTED": (("post.start", None),),
    "POST_SCRIPT_TERMINATED": (("post.term", None),),
}

Submitted = Callable[[JobInstance], Iterator[Record]]


class RunStates:
    """One workflow's states; ``submitted`` is asked for more records whenever a job was submitted."""

    def __init__(
        self, scribe: Scribe, dump: Braindump, dag: Dag, files: JobFiles, submitted: Submitted
    ) -> None:
        self._scribe = scribe
        self._dump = dump
        self._dag = dag
        self._files = files
        self._submitted = submitted
        self._book = InstanceBook(files.submit_file)
        self.registrations = Registrations(dag)
        self._tried: str | None = None
        self._spoken_of: JobInstance | None = None
        self._version: tuple[int, int, int] | None = None
        self._dagman: str | None = None
        self._starts = 0
        self._is_running = False
        self._reason: str | None = None

    @property
    def is_running(self) -> bool:
        """Whether DAGMan has not begun, or has not said that it ended."""
        return self._is_running or self._starts == 0

    def needs(self, occurrence: Occurrence) -> Path | None:
        """The file that has to be there before an occurrence is taken: how a job is submitted, what one left
        that ended."""
        if not isinstance(occurrence, JobOccurrence):
            return None
        if occurrence.state in _BEGINS:
            return self._files.submit_path(occurrence.job)
        has_post_script = self._has_post_script(occurrence.job)
        if occurrence.state not in (_POST_ENDS if has_post_script else _JOB_ENDS):
            return None
        instance = self._book.latest(occurrence.job)
        # One that never ran, as it could not be submitted, has left nothing.
        has_run = instance is not None and instance.main_start is not None
        return self._files.output_file(instance) if instance is not None and has_run else None

    def take(self, occurrence: Occurrence) -> Iterator[Record]:
        """The records of one line of the log."""
        self._scribe.turn_to(occurrence.line)
        if isinstance(occurrence, JobOccurrence):
            yield from self._of_a_job(occurrence)
        elif isinstance(occurrence, JobHeldBecause):
            yield from self._held_because(occurrence)
        elif isinstance(occurrence, SubmissionFailed):
            if self._tried is not None:
                yield from self._of_a_job(
                    JobOccurrence(occurrence.time, occurrence.line, self._tried, "SUBMIT_FAILED")
                )
        else:
            yield from self._of_dagman(occurrence)

    def _of_dagman(self, occurrence: Occurrence) -> Iterator[Record]:
        if isinstance(occurrence, DagmanAnnounced):
            self._book.forget_done(self._dag)
            self._dagman = occurrence.scheduler_id
        elif isinstance(occurrence, DagmanVersion):
            self._version = occurrence.version
        elif isinstance(occurrence, DagmanAborted):
            self._reason = "DAGMan aborted as it received SIGUSR1 signal."
        elif isinstance(occurrence, DagmanStarted):
            yield from self._started(occurrence.time)
        elif isinstance(occurrence, DagmanFinished):
            yield self._ended(occurrence.time, occurrence.status, self._reason)
            self._reason = None

    def _started(self, time: int) -> Iterator[Record]:
        if self._is_running:
            # DAGMan went away without a word (a crash, a power failure): nobody knows how it ended.
            yield self._ended(time - _SECOND, _UNKNOWN_FAILURE, None)
        self._starts += 1
        self._is_running = True
        fields = {
            "restart_count": str(self._starts - 1),
            "reason": self._reason,
            "engine.id": self._dagman,
        }
        self._reason = None
        yield self._scribe.say("xwf.start", time, fields)

    def _ended(self, time: int, status: int, reason: str | None) -> Record:
        self._is_running = False
        fields = {"restart_count": str(self._starts - 1), "status": str(status), "reason": reason}
        return self._scribe.say("xwf.end", time, fields)

    def _of_a_job(self, occurrence: JobOccurrence) -> Iterator[Record]:
        state, job = occurrence.state, occurrence.job
        if state == "DAGMAN_SUBMIT":
            self._tried = job
        if state in _BEGINS:
            instance, is_new = self._book.open(job, state, occurrence.time, occurrence.scheduler_id)
            if is_new or state in ("DAGMAN_SUBMIT", "PRE_SCRIPT_STARTED"):
                self._read_submit_file(instance)
        else:
            known = self._book.latest(job)
            if known is None:
                return
            instance = known
        if state == "DAGMAN_SUBMIT":
            return
        if state in ("PRE_SCRIPT_SUCCESS", "PRE_SCRIPT_FAILURE"):
            yield from self._enter(instance, "PRE_SCRIPT_TERMINATED", occurrence)
        yield from self._enter(instance, state, occurrence)
        if state in (_POST_ENDS if self._has_post_script(job) else _JOB_ENDS):
            instance.let_go()
        if state == "SUBMIT":
            yield from self._submitted(instance)

    def _read_submit_file(self, instance: JobInstance) -> None:
        instance.let_go()
        site = instance.submit_file.site
        instance.site = sys.intern(site) if site is not None else None
        if self._dag.is_subdag(instance.job):
            instance.site = "local"

    def _enter(self, instance: JobInstance, state: str, occurrence: JobOccurrence) -> Iterator[Record]:
        came_early = instance.scheduler_id is None and occurrence.scheduler_id is not None
        before = instance.state
        instance.enter(state, occurrence.time, occurrence.scheduler_id, occurrence.status)
        self._spoken_of = instance
        if came_early:
            yield self._brief(instance, "submit.start", None)
        if state in _BRIEF:
            for event, status in _BRIEF[state]:
                yield self._brief(instance, event, status)
            if state.endswith("SUBMIT_FAILED"):
                yield from self._not_submitted(instance, state)
        elif state == "EXECUTE":
            yield self._executes(instance)
        elif state.startswith("PRE_SCRIPT_"):
            yield from self._pre_script_ended(instance, failed=state == "PRE_SCRIPT_FAILURE")
        elif state.startswith("POST_SCRIPT_"):
            yield from self._post_script_ended(instance, failed=state == "POST_SCRIPT_FAILURE")
        elif state in ("JOB_SUCCESS", "JOB_FAILURE"):
            yield from self._job_ended(instance, failed=state == "JOB_FAILURE")
        elif state == "JOB_ABORTED":
            yield from self._aborted(instance, was_held=before in ("JOB_HELD", "JOB_HELD_REASON"))
        elif state == "JOB_HELD" and (self._version is None or self._version < _TELLS_WHY_HELD):
            yield self._brief(instance, "held.start", None)
        else:
            yield self._noted(instance, state)

    def _held_because(self, occurrence: JobHeldBecause) -> Iterator[Record]:
        instance = self._spoken_of
        if instance is None or self._version is None or self._version < _TELLS_WHY_HELD:
            return
        instance.enter("JOB_HELD_REASON", occurrence.time, None, None)
        yield self._brief(instance, "held.start", None, reason=occurrence.reason)

    def _brief(
        self, instance: JobInstance, event: str, status: str | None, reason: str | None = None
    ) -> Record:
        fields: dict[str, str | None] = {
            "js.id": str(instance.states),
            "reason": reason,
            "sched.id": instance.scheduler_id,
            "status": status,
        }
        if event == "submit.start":
            fields["site"] = instance.site
        elif event == "pre.end":
            fields["exitcode"] = str(instance.pre_exit)
        elif event == "post.end":
            fields["exitcode"] = str(instance.post_exit)
        return self._scribe.of(instance, f"job_inst.{event}", instance.state_time, fields)

    def _noted(self, instance: JobInstance, state: str) -> Record:
        fields = {
            "js.id": str(instance.states),
            "sched.id": instance.scheduler_id,
            "note": state.lower().replace("_", "-"),
        }
        return self._scribe.of(instance, "job_inst.note.info", instance.state_time, fields)

    def _executes(self, instance: JobInstance) -> Record:
        fields = {
            "js.id": str(instance.states),
            "stdin.file": self._files.planned_name(instance.submit_file.stdin),
            "stdout.file": self._files.planned_name(instance.submit_file.stdout),
            "stderr.file": self._files.planned_name(instance.submit_file.stderr),
            "sched.id": instance.scheduler_id,
        }
        return self._scribe.of(instance, "job_inst.main.start", instance.state_time, fields)

    def _pre_script_ended(self, instance: JobInstance, *, failed: bool) -> Iterator[Record]:
        script = self._dag.pre_script(instance.job)
        yield from self._script_invoked(
            instance, _PRE_SCRIPT, script, instance.pre_start, instance.pre_end, instance.pre_exit
        )
        yield self._brief(instance, "pre.end", "-1" if failed else "0")
        if failed:
            instance.main_exit = instance.pre_exit
            self._book.count_output(instance)
            text = self._files.pre_script_output(instance)
            yield from self._end(
                instance, self._end_fields(instance, "-1"), Outcome(text, self._files.no_text())
            )

    def _post_script_ended(self, instance: JobInstance, *, failed: bool) -> Iterator[Record]:
        if instance.main_exit is None:
            instance.main_exit = instance.post_exit
        outcome, records = self._output(instance)
        yield from records
        if instance.held_end is not None:
            yield from self._end(instance, instance.held_end, outcome)
            instance.held_end = None
        script = self._dag.post_script(instance.job)
        yield from self._script_invoked(
            instance, _POST_SCRIPT, script, instance.post_start, instance.post_end, instance.post_exit
        )
        yield self._brief(instance, "post.end", "-1" if failed else "0")

    def _job_ended(self, instance: JobInstance, *, failed: bool) -> Iterator[Record]:
        if self._has_post_script(instance.job):
            instance.held_end = self._end_fields(instance, "-1" if failed else "0")
            return
        outcome, records = self._output(instance)
        yield from records
        yield from self._end(instance, self._end_fields(instance, "-1" if failed else "0"), outcome)

    def _aborted(self, instance: JobInstance, *, was_held: bool) -> Iterator[Record]:
        instance.main_exit = 1
        yield self._brief(instance, "abort.info", None)
        fields = self._end_fields(instance, "-1")
        if was_held and self._has_post_script(instance.job):
            instance.held_end = fields
        else:
            yield from self._end(instance, fields, Outcome(None, self._files.no_text()))

    def _not_submitted(self, instance: JobInstance, state: str) -> Iterator[Record]:
        instance.main_exit = 1
        text = self._files.no_text()
        text.text = f"Job submission failed because of HTCondor event {state}"
        yield from self._end(instance, self._end_fields(instance, "-1"), Outcome(None, text))

    def _has_post_script(self, job: str) -> bool:
        return self._dag.has_post_script(job) and not self._dag.is_pmc

    def _output(self, instance: JobInstance) -> tuple[Outcome, Iterator[Record]]:
        outcome = self._files.outcome(instance)
        is_subdag = self._dag.is_subdag(instance.job)
        host = self._dump.get("submit_hostname")
        time = instance.state_time
        told = records_of(self._scribe, instance, outcome, time, is_subdag=is_subdag, submit_host=host)
        self.registrations.note_files(outcome, time)
        replicas = self.registrations.records(self._scribe, instance, self._files.input_file(instance), time)
        return outcome, chain(told, replicas)

    def _script_invoked(
        self,
        instance: JobInstance,
        sequence: str,
        script: Script | None,
        start: int | None,
        end: int | None,
        exit_raw: int | None,
    ) -> Iterator[Record]:
        begin = start if start is not None else end
        end = end if end is not None else instance.state_time
        begin = begin if begin is not None else end
        duration = seconds(end - begin) if start is not None else "0"
        yield self._scribe.of(instance, "inv.start", begin, {"inv.id": sequence})
        fields = {
            "inv.id": sequence,
            "transformation": "dagman::pre" if sequence == _PRE_SCRIPT else "dagman::post",
            "start_time": seconds(begin),
            "dur": duration,
            "remote_cpu_time": duration if start is not None else None,
            "exitcode": str(exit_raw),
            "executable": script.executable if script is not None else "",
            "argv": script.arguments if script is not None else None,
        }
        yield self._scribe.of(instance, "inv.end", end, fields)

    def _end_fields(self, instance: JobInstance, status: str) -> dict[str, str]:
        start, end = instance.main_start, instance.main_end
        stdin = self._files.planned_name(instance.submit_file.stdin)
        fields = {
            "js.id": str(instance.states),
            "site": instance.site or "",
            "user": self._dump.get("user"),
            "local.dur": seconds(end - start) if start is not None and end is not None else None,
            "stdin.file": stdin,
            "multiplier_factor": instance.submit_file.multiplier,
            "exitcode": str(instance.main_exit),
            "sched.id": instance.scheduler_id,
            "status": status,
            "_time": str(instance.state_time),
        }
        return {name: value for name, value in fields.items() if value is not None}

    def _end(self, instance: JobInstance, known: Mapping[str, str], outcome: Outcome) -> Iterator[Record]:
        fields: dict[str, str | None] = {**known, "work_dir": self._dump.planned_directory}
        time = int(fields.pop("_time") or 0)
        fields.update({name: value for name, value in outcome.ends().items() if value is not None})
        fields.update(self._files.output_names(instance, outcome))
        if fields["exitcode"] != "0":
            fields.update(outcome.texts())
        yield self._scribe.of(instance, "job_inst.main.end", time, fields)
        told = instance.submit_file
        more = {
            **fields,
            **composite(outcome),
            "jobtype": _JOB_TYPES.get(told.job_class or "", "unknown"),
            "req_cpus": told.multiplier,
            "req_gpus": told.gpus,
        }
        yield self._scribe.of(instance, "job_inst.composite", time, more)
