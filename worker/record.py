"""The invocation record of a job: kickstart's YAML v3.0, line by line as pegasus-kickstart writes it.

Its readers go by lines: a record begins with `- invocation:` and ends where a line begins with `[cluster-` or
the multipart marker; of two records that nothing parts only the first is read. So tasks make a cluster.
"""

import os
import re
import resource
import sys
import time
from typing import List, NamedTuple, Optional, Sequence, Tuple

from worker.block_yaml import data_lines, key_lines, listed, plain, quoted
from worker.facts import Computed, Fact, Transfer, Verified
from worker.landing import write_atomically
from worker.launch import Execution, Usage, signal_name, usage_of
from worker.machine import Machine, group_name, interface, load, memory, user_name
from worker.order import Order
from worker.places import native, readable
from worker.streams import StreamReport

_MULTIPART = "---------------pegasus-multipart"
_LOAD = re.compile(
    r"(?P<load_min1>[\d.]+) (?P<load_min5>[\d.]+) (?P<load_min15>[\d.]+) "
    r"(?P<task_running>\d+)/(?P<task_total>\d+)"
)
_STREAM_NAMES = ("stdin", "stdout", "stderr", "metadata")


class Ended(NamedTuple):
    """How a job ended: times in microseconds, `phase` the one that failed, None if none did."""

    start: int
    duration: int
    exit_raw: int
    phase: Optional[str]
    messages: Tuple[str, ...]


class _Run(NamedTuple):
    """What one invocation record tells of."""

    transformation: str
    derivation: str
    start: int
    duration: int
    pid: int
    exit_raw: int
    usage: Usage
    executable: str
    argv: Sequence[str]
    streams: Tuple[StreamReport, ...]
    messages: Tuple[str, ...]


def write_record(
    order: Order, machine: Machine, executions: List[Execution], facts: List[Fact], ended: Ended
) -> None:
    """Write the record of a job atomically to where the order says."""
    runs = [_run_of_task(execution) for execution in executions]
    if not runs or (ended.exit_raw and not any(run.exit_raw for run in runs)):
        runs.append(_run_of_worker(order, ended, bool(executions)))
    computed = [fact for fact in facts if isinstance(fact, Computed)]
    lines: List[str] = []
    for number, run in enumerate(runs, start=1):
        lines += _invocation(order, machine, run, computed if number == len(runs) else [])
        if len(runs) > 1:
            lines.append(_cluster_task(number, run))
    if len(runs) > 1:
        lines.append(_cluster_summary(runs, ended))
    lines += _multipart(facts)
    write_atomically(native(order.record), ("\n".join(lines) + "\n").encode("ascii"))


def _run_of_task(execution: Execution) -> _Run:
    task = execution.task
    return _Run(
        transformation=task.transformation,
        derivation=task.id,
        start=execution.start,
        duration=execution.duration,
        pid=execution.pid,
        exit_raw=execution.exit_raw,
        usage=execution.usage,
        executable=execution.executable,
        argv=task.argv,
        streams=execution.streams,
        messages=(),
    )


def _run_of_worker(order: Order, ended: Ended, executed: bool) -> _Run:
    """Tell of what the worker did itself: a job without tasks, or one that failed though no task did."""
    return _Run(
        transformation=_name_of_worker(order, ended, executed),
        derivation="null",
        start=ended.start,
        duration=ended.duration,
        pid=os.getpid(),
        exit_raw=ended.exit_raw,
        usage=usage_of(resource.getrusage(resource.RUSAGE_SELF)),
        executable=sys.executable,
        argv=sys.argv,
        streams=(),
        messages=ended.messages,
    )


def _name_of_worker(order: Order, ended: Ended, executed: bool) -> str:
    if order.transformation is not None and not executed:
        return order.transformation
    return "hoofprint::%s" % (ended.phase if order.tasks else order.kind)


def _invocation(order: Order, machine: Machine, run: _Run, computed: List[Computed]) -> List[str]:
    return (
        _identity(order, machine, run)
        + _main_job(run)
        + _job_ids()
        + ["  cwd: %s" % plain(order.directory)]
        + _usage(usage_of(resource.getrusage(resource.RUSAGE_SELF)), "  ")
        + _machine(machine)
        + _files(run, computed)
    )


def _identity(order: Order, machine: Machine, run: _Run) -> List[str]:
    lines = [
        "- invocation: True",
        "  version: 3.0",
        "  start: %s" % _moment(run.start),
        "  duration: %s" % _seconds(run.duration),
        "  transformation: %s" % quoted(run.transformation),
        "  derivation: %s" % quoted(run.derivation),
        "  resource: %s" % quoted(order.site),
        "  wf-label: %s" % quoted(order.workflow),
    ]
    if order.planned is not None:
        lines.append("  wf-stamp: %s" % quoted(order.planned))
    return [
        *lines,
        "  interface: %s" % plain(interface()),
        "  hostaddr: %s" % plain(machine.ip),
        "  hostname: %s" % plain(machine.hostname),
        "  pid: %d" % os.getpid(),
        "  uid: %d" % os.getuid(),
        "  user: %s" % plain(machine.user),
        "  gid: %d" % os.getgid(),
        "  group: %s" % plain(group_name(os.getgid())),
        "  umask: 0o%04o" % machine.umask,
    ]


def _main_job(run: _Run) -> List[str]:
    return [
        "  mainjob:",
        "    start: %s" % _moment(run.start),
        "    duration: %s" % _seconds(run.duration),
        "    pid: %d" % run.pid,
        *_usage(run.usage, "    "),
        *_status(run.exit_raw),
        "    executable:",
        "      file_name: %s" % plain(run.executable),
        *_stat_of(run.executable, "      "),
        "    argument_vector:",
        *listed(run.argv, 6),
        "    procs:",
    ]


def _usage(usage: Usage, indent: str) -> List[str]:
    times = ("utime", "stime")
    values = usage._asdict().items()
    return [indent + "usage:"] + [
        "%s  %s: %s" % (indent, name, _seconds(value) if name in times else value) for name, value in values
    ]


def _status(raw: int) -> List[str]:
    lines = ["    status:", "      raw: %d" % raw]
    number = raw & 127
    if number == 0:
        return [*lines, "      regular_exitcode: %d" % (raw >> 8)]
    return [
        *lines,
        "      signalled_signal: %d" % number,
        "      signalled_name: %s" % signal_name(number),
        "      corefile: %s" % bool(raw & 128),
    ]


def _job_ids() -> List[str]:
    condor = os.environ.get("CONDOR_JOBID", "")
    return ["  jobids:"] + (["    condor: %s" % condor] if re.fullmatch(r"\d+\.\d+", condor) else [])


def _machine(machine: Machine) -> List[str]:
    known = memory()
    return [
        "  machine:",
        "    page-size: %d" % os.sysconf("SC_PAGE_SIZE"),
        "    uname_system: %s" % plain(machine.system),
        "    uname_nodename: %s" % plain(machine.hostname),
        "    uname_release: %s" % plain(machine.release),
        "    uname_machine: %s" % plain(machine.machine),
        "    ram_total: %d" % (machine.ram // 1024),
        "    ram_free: %d" % known.get("MemFree", 0),
        "    ram_shared: %d" % known.get("Shmem", 0),
        "    ram_buffer: %d" % known.get("Buffers", 0),
        "    swap_total: %d" % known.get("SwapTotal", 0),
        "    swap_free: %d" % known.get("SwapFree", 0),
        "    cpu_count: %d" % machine.cpu_count,
        "    cpu_speed: %d" % machine.cpu_speed,
        "    cpu_vendor: %s" % plain(machine.cpu_vendor),
        "    cpu_model: %s" % plain(machine.cpu_model),
        *_load(),
    ]


def _load() -> List[str]:
    match = _LOAD.match(load())
    return ["    %s: %s" % pair for pair in match.groupdict().items()] if match else []


def _files(run: _Run, computed: List[Computed]) -> List[str]:
    lines: List[str] = []
    for fact in computed:
        # A stream of the task has its own entry below; an LFN of that name must not take its place.
        key = "./" + fact.lfn if fact.lfn in _STREAM_NAMES else fact.lfn
        lines += key_lines(key, 4)
        lines += ["      lfn: %s" % quoted(fact.lfn), "      file_name: %s" % plain(fact.path)]
        lines += _stat_of(fact.path, "      ")
        if fact.role == "output" or not run.streams:
            # A job that only stages in answers for the digests of its files, as pegasus-transfer does.
            lines.append("      output: True")
        lines += [
            "      sha256: %s" % fact.sha256,
            "      checksum_timing: %s" % _seconds(fact.duration),
        ]
    for stream in run.streams:
        lines += _stream(stream)
    if run.messages:
        lines += ["    stderr:", *data_lines(readable("\n".join(run.messages)).encode("utf-8") + b"\n", 6)]
    return ["  files:", *lines] if lines else []  # readers take an empty `files:` for broken


def _stream(stream: StreamReport) -> List[str]:
    lines = ["    %s:" % stream.name]
    if stream.temporary:
        lines += ["      temporary_name: %s" % plain(stream.path), "      descriptor: %d" % stream.descriptor]
    else:
        lines.append("      file_name: %s" % plain(stream.path))
    lines += _stat(stream.status, "      ")
    if stream.data:
        lines.append("      data_truncated: %s" % str(stream.truncated).lower())
        lines += data_lines(stream.data, 6)
    return lines


def _stat_of(path: str, indent: str) -> List[str]:
    try:
        return _stat(os.stat(path), indent)
    except OSError as error:
        return ["%serror: %d" % (indent, error.errno or 0)]


def _stat(status: os.stat_result, indent: str) -> List[str]:
    values = (
        ("mode", "0o%o" % status.st_mode),
        ("size", status.st_size),
        ("inode", status.st_ino),
        ("nlink", status.st_nlink),
        ("blksize", status.st_blksize),
        ("blocks", status.st_blocks),
        ("mtime", _second(status.st_mtime)),
        ("atime", _second(status.st_atime)),
        ("ctime", _second(status.st_ctime)),
        ("uid", status.st_uid),
        ("user", plain(user_name(status.st_uid))),
        ("gid", status.st_gid),
        ("group", plain(group_name(status.st_gid))),
    )
    return ["%s%s: %s" % (indent, name, value) for name, value in values]


def _cluster_task(number: int, run: _Run) -> str:
    return '[cluster-task id=%d, start="%s", duration=%s, status=%d, line=%d, pid=%d, app=%s]' % (
        number,
        _moment(run.start),
        _seconds(run.duration),
        run.exit_raw,
        number,
        run.pid,
        _app(run.executable),
    )


def _cluster_summary(runs: List[_Run], ended: Ended) -> str:
    failed = sum(run.exit_raw != 0 for run in runs)
    return (
        '[cluster-summary stat="ok", lines=%d, tasks=%d, succeeded=%d, failed=%d, extra=0, '
        'start="%s", duration=%s, pid=%d, app=%s]'
        % (
            len(runs),
            len(runs),
            len(runs) - failed,
            failed,
            _moment(ended.start),
            _seconds(ended.duration),
            os.getpid(),
            _app(sys.argv[0]),
        )
    )


def _app(path: str) -> str:
    """Give a program's path inside a bracketed line, which ends at the first bracket."""
    return '"%s"' % re.sub(r"[^ !#-Z^-~]", "?", path)


def _multipart(facts: List[Fact]) -> List[str]:
    verified = [fact for fact in facts if isinstance(fact, Verified) and fact.role == "input"]
    transfers = [fact for fact in facts if isinstance(fact, Transfer)]
    lines: List[str] = []
    if verified:
        lines += ["- integrity_verification_attempts:"]
        for fact in verified:
            lines += _attempt(fact)
        lines += [
            "- integrity_summary:",
            "    succeeded: %d" % sum(fact.ok for fact in verified),
            "    failed: %d" % sum(not fact.ok for fact in verified),
            "    duration: %s" % _seconds(sum(fact.duration for fact in verified)),
        ]
    if transfers:
        lines += ["- transfer_attempts:"]
        for transfer in transfers:
            lines += _transfer(transfer)
    return [_MULTIPART, *lines] if lines else []


def _attempt(fact: Verified) -> List[str]:
    lines = [
        "  - lfn: %s" % quoted(fact.lfn),
        "    pfn: %s" % quoted(fact.path),
        "    sha256: %s" % fact.found,
        "    success: %s" % fact.ok,
    ]
    if not fact.ok and fact.expected is not None:
        lines.append("    sha256_expected: %s" % fact.expected)
    return lines


def _transfer(fact: Transfer) -> List[str]:
    lines = [
        "  - src_url: %s" % quoted(fact.source),
        "    src_label: %s" % quoted(fact.source_site),
        "    dst_url: %s" % quoted(fact.destination),
        "    dst_label: %s" % quoted(fact.destination_site),
        "    success: %s" % fact.ok,
        "    start: %d" % ((fact.time - fact.duration) // 1000000),
        "    duration: %.1f" % (fact.duration / 1000000),
        "    lfn: %s" % quoted(fact.lfn),
    ]
    return lines + (["    bytes: %d" % fact.size] if fact.size else [])


def _seconds(microseconds: int) -> str:
    return "%.3f" % (microseconds / 1000000)


def _moment(microseconds: int) -> str:
    """Give a time in local time with milliseconds and the zone's offset: 2023-03-03T22:24:20.615-08:00."""
    moment = _second(microseconds // 1000000)
    return "%s.%03d%s" % (moment[:19], microseconds // 1000 % 1000, moment[19:])


def _second(seconds: float) -> str:
    local = time.localtime(seconds)
    minutes = local.tm_gmtoff // 60
    sign, minutes = ("-", -minutes) if minutes < 0 else ("+", minutes)
    return "%s%s%02d:%02d" % (time.strftime("%Y-%m-%dT%H:%M:%S", local), sign, minutes // 60, minutes % 60)
