"""Invocations: every process of every attempt with its resources, exit and command line."""

from sqlalchemy import Connection, Table

from eventlog.facts import InvocationRecorded
from projections.batch import FactBatch
from projections.bulk import Part, Rows
from projections.columns import counted, key, named, number, real, text, version
from projections.keys import json_list, run_key
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
        *("utime", "stime", "maxrss", "average_cpu", "inblock", "outblock", "minflt", "majflt", "nvcsw"),
        *("nivcsw", "pid", "host_key", "site"),
    ),
)


def apply(batch: FactBatch, connection: Connection) -> None:
    """Fold one row per process."""
    rows = Rows(_INVOCATION)
    for event, fact in batch.of(InvocationRecorded):
        values = (
            *(fact.sequence, fact.task, fact.transformation, fact.executable, json_list(fact.argv)),
            *(fact.start, fact.duration, fact.exit_raw, fact.utime, fact.stime, fact.maxrss),
            *(fact.average_cpu, fact.inblock, fact.outblock, fact.minflt, fact.majflt, fact.nvcsw),
            *(fact.nivcsw, fact.pid, host_key(fact.host), fact.site),
        )
        key = (run_key(fact.run, event.namespace), fact.job, fact.attempt, fact.ordinal)
        rows.put(key, (fact.revision,), values)
    rows.write(connection)
