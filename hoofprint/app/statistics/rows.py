"""The tables' columns, and one line of each as cells."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hoofprint.app.statistics import cells
from projections.answers.breakdown import Breakdown
from projections.answers.counts import Counts, RunCounts
from projections.answers.durations import Durations
from projections.answers.integrity_statistics import IntegritySum
from projections.answers.job_statistics import JobLine
from projections.answers.time_statistics import Span, TimeLine

Cells = tuple[str, ...]

SUMMARY = ("Type", "Succeeded", "Failed", "Incomplete", "Total", "Retries", "Total+Retries")
JOBS = (
    *("Job", "Try", "Site", "Kickstart", "Mult", "Kickstart-Mult", "CPU-Time", "Post", "CondorQTime"),
    *("Resource", "Runtime", "Seqexec", "Seqexec-Delay", "Exitcode", "Hostname"),
)
BREAKDOWN = (
    *("Transformation", "Type", "Count", "Min (runtime)", "Max (runtime)", "Mean (runtime)"),
    *("Total (runtime)", "Min (mem)", "Max (mem)", "Mean (mem)"),
    *("Min (avg. cpu)", "Max (avg. cpu)", "Mean (avg. cpu)"),
)
INTEGRITY = ("Type", "File Type", "Count", "Total Duration")

SPAN_LAYOUTS = {
    Span.HOUR: ("%Y-%m-%d : %H", "[YYYY-MM-DD : HH]"),
    Span.DAY: ("%Y-%m-%d", "[YYYY-MM-DD]"),
    Span.WEEK: ("%G-W%V", "[YYYY-Www]"),
    Span.MONTH: ("%Y-%m", "[YYYY-MM]"),
}
"""How the beginning of a span is written, and how a column's title tells that."""


def counts_rows(counts: RunCounts) -> Iterator[Cells]:
    """The three lines of the summary."""
    yield _counts_row("Tasks", counts.tasks)
    yield _counts_row("Jobs", counts.jobs)
    yield _counts_row("Sub-Workflows", counts.subworkflows)


def _counts_row(name: str, counts: Counts) -> Cells:
    numbers = (counts.succeeded, counts.failed, counts.incomplete, counts.total, counts.retries)
    return (name, *map(str, numbers), str(counts.total_with_retries))


def durations(took: Durations) -> Sequence[tuple[str, str, int | None]]:
    """The four durations that add up over runs: in words, as Pegasus' CSV calls them, microseconds."""
    submit_side = "as seen from submit side"
    return (
        ("Cumulative job wall time", "workflow_cumulative_job_wall_time", took.cumulative),
        (
            f"Cumulative job wall time {submit_side}",
            "cumulative_job_walltime_from_submit_side",
            took.submit_side,
        ),
        ("Cumulative job badput wall time", "workflow_cumulative_badput_time", took.badput),
        (
            f"Cumulative job badput wall time {submit_side}",
            "cumulative_job_badput_walltime_from_submit_side",
            took.submit_side_badput,
        ),
    )


def job_row(line: JobLine) -> Cells:
    """One attempt."""
    return (
        line.job,
        str(line.attempt),
        line.site or "-",
        cells.seconds(line.kickstart),
        str(line.multiplier),
        cells.seconds(line.weighed_kickstart),
        cells.seconds(line.cpu_time),
        cells.seconds(line.post),
        cells.seconds(line.queue),
        cells.seconds(line.resource),
        cells.seconds(line.runtime),
        cells.seconds(line.cluster),
        cells.seconds(line.cluster_delay),
        str(line.exit_code),
        line.hostname or "None",
    )


def breakdown_row(line: Breakdown) -> Cells:
    """One transformation's processes of one outcome."""
    return (
        line.transformation,
        "successful" if line.successful else "failed",
        str(line.count),
        cells.seconds(line.minimum),
        cells.seconds(line.maximum),
        cells.seconds(line.total, of=line.count),
        cells.seconds(line.total),
        *map(cells.megabytes, (line.maxrss_minimum, line.maxrss_maximum, line.maxrss_mean)),
        *map(cells.percent, (line.cpu_minimum, line.cpu_maximum, line.cpu_mean)),
    )


def integrity_row(line: IntegritySum) -> Cells:
    """Checksums of one kind and role."""
    return (line.kind, line.role, str(line.count), cells.three_decimals(line.duration))


def time_row(line: TimeLine, span: Span, zone: ZoneInfo) -> Cells:
    """One span, on one host where hosts are told apart."""
    begin = datetime.fromtimestamp(line.start // 1_000_000, UTC).astimezone(zone)
    host = () if line.host is None else (line.host,)
    return (begin.strftime(SPAN_LAYOUTS[span][0]), *host, str(line.count), cells.seconds(line.runtime))
