"""Invocations: every process of every attempt with its resources, exit and command line."""

from sqlalchemy import Connection, Table

from eventlog.facts import InvocationRecorded
from projections.batch import FactBatch
from projections.bulk import Part
from projections.columns import counted, key, named, number, real, text, version
from projections.keys import json_list, run_key
from projections.rows import Rows
from projections.runs.hosts import host_key
from projections.runs.metadata import metadata

INVOCATIONS = Table(
    "invocations",
    metadata,
    key("run_key"),
    named("job"),
    counted("attempt"),
    counted("ordinal"),
    version(),
    number("sequence"),
    text("task"),
    text("transformation"),
    text("executable"),
    text("argv"),
    number("start"),
    number("duration"),
    number("exit_raw"),
    number("utime"),
    number("stime"),
    number("cpu_time"),
    number("maxrss"),
    real("average_cpu"),
    number("inblock"),
    number("outblock"),
    number("minflt"),
    number("majflt"),
    number("nvcsw"),
    number("nivcsw"),
    number("pid"),
    number("host_key"),
    text("site"),
)
"""Durations and CPU times in microseconds, ``maxrss`` in KiB; ``argv`` is a JSON list."""

_INVOCATION = Part(
    INVOCATIONS,
    order=("version",),
    values=(
        *("sequence", "task", "transformation", "executable", "argv", "start", "duration", "exit_raw"),
        *("utime", "stime", "cpu_time", "maxrss", "average_cpu", "inblock", "outblock", "minflt", "majflt"),
        *("nvcsw", "nivcsw", "pid", "host_key", "site"),
    ),
    fresh=True,
)


def apply(batch: FactBatch, connection: Connection) -> None:
    """Fold one row per process."""
    rows = Rows(_INVOCATION)
    for event, fact in batch.of(InvocationRecorded):
        values = (
            *(fact.sequence, fact.task, fact.transformation, fact.executable, json_list(fact.argv)),
            *(fact.start, fact.duration, fact.exit_raw, fact.utime, fact.stime),
            *(cpu_time_of(fact), fact.maxrss, fact.average_cpu, fact.inblock, fact.outblock),
            *(fact.minflt, fact.majflt, fact.nvcsw, fact.nivcsw, fact.pid, host_key(fact.host), fact.site),
        )
        key = (run_key(fact.run, event.namespace), fact.job, fact.attempt, fact.ordinal)
        rows.put(key, (fact.revision,), values)
    rows.write(connection)


def cpu_time_of(fact: InvocationRecorded) -> int | None:
    """The processor time of a process, told as one number or as its two parts."""
    if fact.cpu_time is not None or fact.utime is None or fact.stime is None:
        return fact.cpu_time
    return fact.utime + fact.stime
