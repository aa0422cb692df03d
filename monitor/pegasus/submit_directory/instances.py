"""The attempts of a workflow's jobs, numbered as Pegasus does: over the whole workflow, as they come."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from monitor.pegasus.submit_directory.dag import Dag
from monitor.pegasus.submit_directory.submit_file import SubmitFile

_OPEN_STATES = frozenset(("PRE_SCRIPT_SUCCESS", "DAGMAN_SUBMIT"))


@dataclass(slots=True)
class JobInstance:
    """One attempt of a job: its number, and what its log has said of it so far. Times are microseconds.

    ``read`` gives what the job's submit file says.
    """

    job: str
    number: int
    read: Callable[[str], SubmitFile]
    state: str = ""
    state_time: int = 0
    states: int = 0
    scheduler_id: str | None = None
    output_number: int = 0
    site: str | None = None
    pre_start: int | None = None
    pre_end: int | None = None
    pre_exit: int | None = None
    main_start: int | None = None
    main_end: int | None = None
    main_exit: int | None = None
    post_start: int | None = None
    post_end: int | None = None
    post_exit: int | None = None
    held_end: dict[str, str] | None = None
    _submit_file: SubmitFile | None = None

    @property
    def submit_file(self) -> SubmitFile:
        """What the job's submit file says, as it was when it was asked for first."""
        if self._submit_file is None:
            self._submit_file = self.read(self.job)
        return self._submit_file

    def let_go(self) -> None:
        """Forget what the submit file says: it is large, and read again where it is asked for again."""
        self._submit_file = None

    def enter(self, state: str, time: int, scheduler_id: str | None, status: int | None) -> None:
        """The attempt comes into a state."""
        self.state, self.state_time = state, time
        self.states += 1
        if self.scheduler_id is None:
            self.scheduler_id = scheduler_id
        self._note_times(state, time)
        self._note_exits(state, time, status)

    def _note_times(self, state: str, time: int) -> None:
        if state == "PRE_SCRIPT_STARTED":
            self.pre_start = time
        elif state in ("PRE_SCRIPT_SUCCESS", "PRE_SCRIPT_FAILURE"):
            self.pre_end = time
        elif state == "POST_SCRIPT_STARTED":
            self.post_start = time
        elif state == "POST_SCRIPT_TERMINATED":
            self.post_end = time
        elif state == "EXECUTE":
            self.main_start = time
        elif state in ("JOB_TERMINATED", "JOB_ABORTED") or state.endswith("SUBMIT_FAILED"):
            self.main_end = time

    def _note_exits(self, state: str, time: int, status: int | None) -> None:
        if state in ("JOB_SUCCESS", "JOB_FAILURE"):
            self.main_exit = raw_exit(status or 0)
        elif state in ("PRE_SCRIPT_SUCCESS", "PRE_SCRIPT_FAILURE"):
            self.pre_exit = raw_exit(status or 0)
        elif state in ("POST_SCRIPT_SUCCESS", "POST_SCRIPT_FAILURE"):
            self.post_exit = raw_exit(status or 0)
            if self.main_end is None:
                self.main_end = time


def raw_exit(status: int) -> int:
    """An exit code as a wait status: a signal (negative) stays in the low bits, a code stands above them."""
    return -status & 0x7F if status < 0 else status << 8


class InstanceBook:
    """Which attempt of each job is the latest, and which number comes next.

    ``read`` gives what a job's submit file says.
    """

    def __init__(self, read: Callable[[str], SubmitFile]) -> None:
        self._read = read
        self._latest: dict[str, JobInstance] = {}
        self._outputs: dict[str, int] = {}
        self._next = 1

    def latest(self, job: str) -> JobInstance | None:
        """The attempt that a line of the log speaks of that names the job."""
        return self._latest.get(job)

    def open(self, job: str, state: str, time: int, scheduler_id: str | None) -> tuple[JobInstance, bool]:
        """The attempt that a submission belongs to, and whether it is new."""
        known = self._latest.get(job)
        if known is not None and (known.state in _OPEN_STATES or self._is_same(known, scheduler_id)):
            instance, is_new = known, False
        else:
            instance, is_new = JobInstance(sys.intern(job), self._next, self._read), True
            self._latest[instance.job] = instance
            self._next += 1
        instance.state, instance.state_time = state, time
        instance.scheduler_id = scheduler_id or instance.scheduler_id
        if state == "SUBMIT":
            self.count_output(instance)
        return instance, is_new

    def count_output(self, instance: JobInstance) -> None:
        """The attempt gets output files of its own: ``.out.000`` and on."""
        number = self._outputs.get(instance.job, -1) + 1
        self._outputs[instance.job] = instance.output_number = number

    def forget_done(self, dag: Dag) -> None:
        """After a restart of DAGMan an attempt that succeeded is over."""
        done: Mapping[str, JobInstance] = {
            job: instance
            for job, instance in self._latest.items()
            if instance.state == "POST_SCRIPT_SUCCESS"
            or (instance.state == "JOB_SUCCESS" and not dag.has_post_script(job))
        }
        for job in done:
            del self._latest[job]

    @staticmethod
    def _is_same(known: JobInstance, scheduler_id: str | None) -> bool:
        return scheduler_id is not None and known.scheduler_id == scheduler_id
