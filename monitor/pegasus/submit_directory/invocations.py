"""What a kickstart record, a line of a task cluster or the log alone says of an invocation, as fields."""

from collections.abc import Mapping
from dataclasses import dataclass

from monitor.pegasus.submit_directory.instances import JobInstance
from monitor.pegasus.submit_directory.kickstart import KickstartRecord
from monitor.pegasus.submit_directory.scribe import microseconds, moment, seconds

_USAGE = ("utime", "stime", "minflt", "majflt", "nswap", "inblock", "outblock", "nvcsw", "nivcsw")
_KIB = 1024


@dataclass(frozen=True, slots=True)
class Told:
    """When an invocation began and ended (microseconds; None where nobody knows), and the rest of it."""

    start: int | None
    end: int | None
    fields: Mapping[str, str | None]


def of_record(record: KickstartRecord, instance: JobInstance) -> Told:
    """From a kickstart record; the submit file says what the record does not."""
    values = record.values
    start = moment(values.get("mainjob.start"))
    fields = {
        "transformation": values.get("transformation") or instance.submit_file.transformation,
        "task.id": _task(values.get("derivation")) if "derivation" in values else instance.submit_file.task,
        "dur": values.get("mainjob.duration"),
        **_usage(values),
        "exitcode": values.get("mainjob.status.raw") or _text(instance.main_exit),
        "executable": values.get("mainjob.executable.file_name") or instance.submit_file.executable or "",
        "argv": _arguments(record, instance.submit_file.arguments),
    }
    return _timed(start, fields, instance)


def of_cluster_task(task: Mapping[str, str]) -> Told | None:
    """From a line of a task cluster and its line of input; None where they do not say enough."""
    needed = ("transformation", "derivation", "start", "duration", "name")
    if any(name not in task for name in needed):
        return None
    start, duration = moment(task["start"]), microseconds(task["duration"])
    fields = {
        "transformation": task["transformation"],
        "task.id": _task(task["derivation"]),
        "start_time": seconds(start) if start is not None else None,
        "dur": task["duration"],
        "exitcode": task.get("status"),
        "executable": task["name"],
        "argv": task.get("argument-vector") or None,
    }
    return Told(start, start + duration if start is not None and duration is not None else start, fields)


def of_log(instance: JobInstance, *, is_subdag: bool) -> Told:
    """Where no record tells of it: DAGMan's own times, and the submit file."""
    told, end = instance.submit_file, instance.main_end
    start = instance.main_start if instance.main_start is not None else end
    fields = {
        "transformation": told.transformation or ("condor::dagman" if is_subdag else None),
        "task.id": told.task,
        "start_time": seconds(start) if start is not None else None,
        "dur": seconds(end - start) if start is not None and end is not None else None,
        "exitcode": _text(instance.main_exit),
        "executable": told.executable or ("condor_dagman" if is_subdag else ""),
        "argv": told.arguments,
    }
    return Told(start, end, fields)


def host(record: KickstartRecord) -> dict[str, str | None]:
    """The machine that ran it; memory in bytes."""
    values = record.values
    uname = [values.get(f"machine.uname_{part}") for part in ("system", "release", "machine")]
    return {
        "hostname": values.get("hostname", "unknown"),
        "ip": values.get("hostaddr", "unknown"),
        "site": values.get("resource", "unknown"),
        "total_memory": _memory(values),
        "uname": "-".join(part for part in uname if part) if all(uname) else None,
        "cpu_count": values.get("machine.cpu_count"),
        "cpu_speed": values.get("machine.cpu_speed"),
        "cpu_vendor": values.get("machine.cpu_vendor"),
        "cpu_model": values.get("machine.cpu_model"),
    }


def composite_host(record: KickstartRecord) -> dict[str, str | None]:
    """The machine as the composite event names it; ``ram`` as the record has it, in KiB."""
    values = record.values
    return {
        **{
            name: values.get(f"machine.{name}")
            for name in ("cpu_count", "cpu_speed", "cpu_vendor", "cpu_model")
        },
        "ram": values.get("machine.ram_total"),
        "system": values.get("machine.uname_system"),
        "release": values.get("machine.uname_release"),
        "machine": values.get("machine.uname_machine"),
    }


def _memory(values: Mapping[str, str]) -> str | None:
    total = values.get("machine.ram_total")
    return str(int(total) * _KIB) if total and total.isdecimal() else values.get("machine.ram_bytes")


def _usage(values: Mapping[str, str]) -> dict[str, str | None]:
    used = {name: values.get(f"mainjob.usage.{name}") for name in _USAGE}
    user, system = microseconds(used["utime"]), microseconds(used["stime"])
    if user is None or system is None:
        return {**used, "maxrss": values.get("mainjob.usage.maxrss")}
    duration = microseconds(values.get("mainjob.duration"))
    return {
        **used,
        "remote_cpu_time": seconds(user + system),
        "avg_cpu": f"{(user + system) / duration:.6f}" if duration else None,
        "maxrss": values.get("mainjob.usage.maxrss"),
    }


def _timed(start: int | None, fields: dict[str, str | None], instance: JobInstance) -> Told:
    if start is None:
        start = instance.main_start if instance.main_start is not None else instance.main_end
    duration = microseconds(fields["dur"])
    if duration is None and start is not None and instance.main_end is not None:
        duration = max(0, instance.main_end - start)
        fields["dur"] = seconds(duration)
    fields["start_time"] = seconds(start) if start is not None else None
    return Told(start, start + duration if start is not None and duration is not None else start, fields)


def _arguments(record: KickstartRecord, submitted: str | None) -> str | None:
    """The words of the command, as Pegasus takes them: of an XML record its own, else the submit file's."""
    own = " ".join(record.arguments)
    return (own or submitted if record.is_xml else submitted or own) or None


def _task(derivation: str | None) -> str | None:
    return None if derivation == "null" else derivation


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
