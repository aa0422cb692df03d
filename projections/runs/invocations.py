"""Invocations: every process of every attempt with its resources, exit and command line."""

from sqlalchemy import Index, Table

from projections.columns import counted, key, named, number, real, text, version
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
    Index("invocations_by_task", "run_key", "task"),
)
"""Durations and CPU times in microseconds, ``maxrss`` in KiB; ``argv`` is a JSON list."""
