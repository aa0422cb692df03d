"""Where each field of each stampede event goes: to a field of an event of ours, or nowhere, and why.

The kinds are the 44 of Pegasus' stampede schema and of its monitor, and one that only the monitor's code has.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kept:
    """A field that goes into an event: ``fact`` and ``field`` name the place."""

    fact: str
    field: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A field that goes nowhere, and why."""

    reason: str


Fate = Kept | LeftOut

_ORDER = LeftOut("the order of an attempt's states follows from what they are")
_LEVEL = LeftOut("how loud the monitor logs; status and exit code say what went wrong")
_STATUS = LeftOut("0 or -1, as the exit code is 0 or not; used where that is missing")
_NO_REASON = LeftOut("the monitor writes None: what begins or goes well has no reason")
_SCHEDULED = LeftOut("the attempt's JobSubmitted has the scheduler's id")
_AGAIN = LeftOut("wf.plan says it of the run; every event repeats it")
_TYPE_NUMBER = LeftOut("the number of what type_desc names")
_MAIN_END = LeftOut("main.end says it; used where the trace has no main.end")
_OUTPUT = LeftOut("events hold no output; of a failed job the last lines of stderr go to stderr_tail")
_INV_END = LeftOut("inv.end says it, with start and duration")
_SUBMIT_END = LeftOut("the hand-over's end says it")
_FINAL_FILE = LeftOut("main.end says it, with the name that the file has in the end")

_JOB = Kept("JobSubmitted", "job")
_ATTEMPT = Kept("JobSubmitted", "attempt")
_OF_ATTEMPT: Mapping[str, Fate] = {"job.id": _JOB, "job_inst.id": _ATTEMPT}
_STATE: Mapping[str, Fate] = {**_OF_ATTEMPT, "js.id": _ORDER}

EVERYWHERE: Mapping[str, Fate] = {
    "ts": Kept("Event", "time"),
    "event": Kept("Event", "type"),
    "level": _LEVEL,
    "xwf.id": Kept("PlanStarted", "run"),
    "root.xwf.id": Kept("PlanStarted", "root"),
    **dict.fromkeys(
        ("dax", "dag", "wf.ts", "submit.dir", "pegasus.version", "submit.hostname", "wf.user", "wf"), _AGAIN
    ),
}
"""What any event may say of itself and its run."""


def _states(fact: str, **kept: str) -> Mapping[str, Fate]:
    """Fields of a state of an attempt; ``kept`` are those that go into ``fact``."""
    return {
        **_STATE,
        "sched.id": _SCHEDULED,
        "status": _STATUS,
        "reason": _NO_REASON,
        **{name.replace("__", "."): Kept(fact, field) for name, field in kept.items()},
    }


_MAIN_ENDS: Mapping[str, Fate] = {
    **_states("JobFinished", site="site", user="user", work_dir="work_directory", exitcode="exit_raw"),
    "stdin.file": Kept("JobFinished", "stdin_file"),
    "stdin_file": Kept("JobFinished", "stdin_file"),
    "stdout.file": Kept("JobFinished", "stdout_file"),
    "stderr.file": Kept("JobFinished", "stderr_file"),
    "stdout.text": _OUTPUT,
    "stderr.text": _OUTPUT,
    "local.dur": Kept("JobFinished", "local_duration"),
    "multiplier_factor": Kept("JobFinished", "multiplier"),
    "cluster.start": Kept("JobFinished", "cluster_start"),
    "cluster.dur": Kept("JobFinished", "cluster_duration"),
}

_HOST_FIELDS = {
    "hostname": "hostname",
    "cpu_count": "cpu_count",
    "cpu_speed": "cpu_speed",
    "cpu_vendor": "cpu_vendor",
    "cpu_model": "cpu_model",
    "ram": "ram",
    "system": "system",
    "release": "release",
    "machine": "machine",
}

COVERAGE: Mapping[str, Mapping[str, Fate]] = {
    "wf.plan": {
        "submit.hostname": Kept("PlanStarted", "submit_host"),
        "dax.label": Kept("PlanStarted", "workflow"),
        "dax.index": Kept("PlanStarted", "workflow_index"),
        "dax.version": Kept("PlanStarted", "workflow_version"),
        "dax.file": Kept("PlanStarted", "workflow_file"),
        "dag.file.name": Kept("PlanStarted", "dag_file"),
        "planner.version": Kept("PlanStarted", "planner_version"),
        "grid_dn": Kept("PlanStarted", "grid_dn"),
        "user": Kept("PlanStarted", "user"),
        "submit.dir": Kept("PlanStarted", "submit_directory"),
        "argv": Kept("PlanStarted", "argv"),
        "parent.xwf.id": Kept("PlanStarted", "parent_run"),
    },
    "static.start": {},
    "static.end": {},
    "static.meta.start": {},
    "static.meta.end": {},
    "xwf.start": {"restart_count": Kept("RunStarted", "restart"), "reason": _NO_REASON},
    "xwf.end": {
        "restart_count": Kept("RunFinished", "restart"),
        "status": Kept("RunFinished", "status"),
        "reason": Kept("RunFinished", "reason"),
    },
    "task.info": {
        "task.id": Kept("TaskDeclared", "task"),
        "type": _TYPE_NUMBER,
        "type_desc": Kept("TaskDeclared", "kind"),
        "transformation": Kept("TaskDeclared", "transformation"),
        "argv": Kept("TaskDeclared", "argv"),
    },
    "task.edge": {"parent.task.id": Kept("Edge", "parent"), "child.task.id": Kept("Edge", "child")},
    "wf.map.task_job": {"task.id": Kept("JobPlanned", "tasks"), "job.id": Kept("JobPlanned", "job")},
    "xwf.map.subwf_job": {
        "subwf.id": Kept("PlanStarted", "run"),
        "job.id": Kept("PlanStarted", "parent_job"),
        "job_inst.id": LeftOut("the sub-workflow is that of its job, in whichever attempt"),
    },
    "job.info": {
        "job.id": Kept("JobPlanned", "job"),
        "submit_file": Kept("JobPlanned", "submit_file"),
        "type": _TYPE_NUMBER,
        "type_desc": Kept("JobPlanned", "kind"),
        "clustered": Kept("JobPlanned", "clustered"),
        "max_retries": Kept("JobPlanned", "max_retries"),
        "task_count": LeftOut("the number of JobPlanned.tasks"),
        "executable": Kept("JobPlanned", "executable"),
        "argv": Kept("JobPlanned", "argv"),
    },
    "job.edge": {"parent.job.id": Kept("Edge", "parent"), "child.job.id": Kept("Edge", "child")},
    "job_inst.pre.start": _states("ScriptFinished", ts="started"),
    "job_inst.pre.term": _states("ScriptFinished", ts="terminated"),
    "job_inst.pre.end": _states("ScriptFinished", exitcode="exit_raw"),
    "job_inst.submit.start": _states("JobSubmitted", site="site"),
    "job_inst.submit.end": _states(
        "JobSubmitted", sched__id="scheduler_id", status="status", reason="reason"
    ),
    "job_inst.grid.submit.start": {**_states("JobSubmitted"), "status": _SUBMIT_END},
    "job_inst.grid.submit.end": _states(
        "JobSubmitted", sched__id="scheduler_id", status="status", reason="reason"
    ),
    "job_inst.globus.submit.start": {**_states("JobSubmitted"), "status": _SUBMIT_END},
    "job_inst.globus.submit.end": _states(
        "JobSubmitted", sched__id="scheduler_id", status="status", reason="reason"
    ),
    "job_inst.held.start": _states("JobHeld", reason="reason"),
    "job_inst.held.end": _states("JobReleased", reason="reason"),
    "job_inst.main.start": {
        **_states("JobStarted", sched__id="scheduler_id"),
        "stdin.file": Kept("JobFinished", "stdin_file"),
        "stdout.file": _FINAL_FILE,
        "stderr.file": _FINAL_FILE,
    },
    "job_inst.main.term": {
        **_states("JobEvicted", reason="reason"),
        "status": Kept("JobFinished", "terminated"),
    },
    "job_inst.main.end": _MAIN_ENDS,
    "job_inst.post.start": _states("ScriptFinished", ts="started"),
    "job_inst.post.term": _states("ScriptFinished", ts="terminated"),
    "job_inst.post.end": _states("ScriptFinished", exitcode="exit_raw"),
    "job_inst.host.info": {
        **_OF_ATTEMPT,
        "site": LeftOut("JobSubmitted and JobFinished have the attempt's site"),
        "hostname": Kept("Host", "hostname"),
        "ip": Kept("Host", "ip"),
        "total_memory": Kept("Host", "ram"),
        "uname": Kept("Host", "release"),
    },
    "job_inst.image.info": {
        **_STATE,
        "size": Kept("JobNoted", "size"),
        "sched.id": Kept("JobNoted", "scheduler_id"),
        "reason": Kept("JobNoted", "reason"),
    },
    "job_inst.abort.info": _states("JobAborted", reason="reason"),
    "job_inst.remote_error": {
        **_STATE,
        "sched.id": Kept("JobNoted", "scheduler_id"),
        "status": _STATUS,
        "reason": Kept("JobNoted", "reason"),
    },
    "job_inst.tag": {
        **_OF_ATTEMPT,
        "name": Kept("Tag", "key"),
        "count": Kept("ChecksumVerified", "failed"),
    },
    "job_inst.composite": {
        **_OF_ATTEMPT,
        **dict.fromkeys((name for name in _MAIN_ENDS if name not in _OF_ATTEMPT), _MAIN_END),
        **{name: Kept("Host", field) for name, field in _HOST_FIELDS.items()},
        "jobtype": LeftOut("JobPlanned.kind of the job"),
        "int_error_count": LeftOut("job_inst.tag says it: ChecksumVerified.failed"),
        "req_cpus": Kept("JobFinished", "requested_cpus"),
        "req_gpus": Kept("JobFinished", "requested_gpus"),
        "invocations": LeftOut("inv.end says it, one by one"),
        "metrics": LeftOut(
            "int.metric and inv.end say it, one by one; the reference does not load it either"
        ),
    },
    "inv.start": {**_OF_ATTEMPT, "inv.id": _INV_END},
    "inv.end": {
        **_OF_ATTEMPT,
        "inv.id": Kept("InvocationRecorded", "sequence"),
        "task.id": Kept("InvocationRecorded", "task"),
        "transformation": Kept("InvocationRecorded", "transformation"),
        "executable": Kept("InvocationRecorded", "executable"),
        "argv": Kept("InvocationRecorded", "argv"),
        "start_time": Kept("InvocationRecorded", "start"),
        "dur": Kept("InvocationRecorded", "duration"),
        "remote_cpu_time": Kept("InvocationRecorded", "cpu_time"),
        "exitcode": Kept("InvocationRecorded", "exit_raw"),
        "maxrss": Kept("InvocationRecorded", "maxrss"),
        "avg_cpu": Kept("InvocationRecorded", "average_cpu"),
    },
    "xwf.meta": {"key": Kept("Tag", "key"), "value": Kept("Tag", "text")},
    "task.meta": {
        "task.id": Kept("Tagged", "name"),
        "key": Kept("Tag", "key"),
        "value": Kept("Tag", "text"),
    },
    "rc.meta": {"lfn.id": Kept("Tagged", "name"), "key": Kept("Tag", "key"), "value": Kept("Tag", "text")},
    "wf.map.file": {"task.id": Kept("TaskDeclared", "task"), "lfn.id": Kept("TaskDeclared", "uses")},
    "rc.pfn": {
        "lfn.id": Kept("FileRegistered", "lfn"),
        "pfn": Kept("FileRegistered", "pfn"),
        "site": Kept("FileRegistered", "site"),
    },
    "int.metric": {
        **_OF_ATTEMPT,
        "type": Kept("Event", "type"),
        "file_type": Kept("ChecksumVerified", "role"),
        "count": Kept("ChecksumVerified", "count"),
        "duration": Kept("ChecksumVerified", "duration"),
    },
    "task.monitoring": {
        "monitoring_event": LeftOut(
            "measurements of a running task, which the reference does not load either"
        )
    },
}
"""Every kind of event, and what becomes of each of its own fields."""


def fate_of(event: str, field: str) -> Fate | None:
    """What becomes of a field of an event; None for one that nobody has heard of."""
    return COVERAGE.get(event, {}).get(field) or EVERYWHERE.get(field)
