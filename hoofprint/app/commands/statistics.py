"""``hoofprint statistics``: where the time of a run went, in Pegasus' tables and definitions."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console

from hoofprint.app.as_of import views_as_of
from hoofprint.app.commands.options import AsOf, Json, RunReference
from hoofprint.app.house import House
from hoofprint.app.output import console, duration_text, facts, print_json, table
from projections.answers.job_statistics import JobLine, job_lines
from projections.answers.runs import RunRef, resolve_run, tree_of
from projections.answers.statistics import (
    Breakdown,
    Counts,
    IntegritySum,
    Summary,
    breakdown_of,
    integrity_sums_of,
    summary_of,
)
from projections.store import ViewStore


class Level(StrEnum):
    """Which tables are shown."""

    SUMMARY = "summary"
    JOBS = "jobs"
    BREAKDOWN = "breakdown"
    INTEGRITY = "integrity"
    ALL = "all"


def statistics(
    context: typer.Context,
    reference: RunReference = "latest",
    level: Annotated[Level, typer.Option("--level", "-s", help="Which tables.")] = Level.SUMMARY,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Print the statistics of a run and of its sub-workflows.

    summary: tasks, jobs and sub-workflows by how they ended, and five durations. jobs: every attempt.
    breakdown: by transformation. integrity: checksums computed and verified.
    """
    house: House = context.obj
    store = views_as_of(house, as_of, run=reference)
    with store.reading("runs") as connection:
        run = resolve_run(connection, reference)
        tree = tree_of(connection, run)
    if as_json:
        print_json(_document(store, tree, level))
    else:
        _print(console(), store, tree, level)


def _document(store: ViewStore, tree: Sequence[RunRef], level: Level) -> dict[str, object]:
    document: dict[str, object] = {"run": tree[0].run}
    with store.reading("runs") as connection:
        if level in (Level.SUMMARY, Level.ALL):
            summary = summary_of(connection, tree)
            document["summary"] = {
                **{name: _counts_document(counts) for name, counts in _lines(summary).items()},
                "durations": dict(_durations(summary)),
            }
        if level in (Level.JOBS, Level.ALL):
            document["jobs"] = {run.run: list(job_lines(connection, run)) for run in tree}
        if level in (Level.BREAKDOWN, Level.ALL):
            document["breakdown"] = list(breakdown_of(connection, tree))
        if level in (Level.INTEGRITY, Level.ALL):
            document["integrity"] = list(integrity_sums_of(connection, tree))
    return document


def _print(out: Console, store: ViewStore, tree: Sequence[RunRef], level: Level) -> None:
    with store.reading("runs") as connection:
        if level in (Level.SUMMARY, Level.ALL):
            _print_summary(out, summary_of(connection, tree))
        if level in (Level.JOBS, Level.ALL):
            for run in tree:
                out.print(f"\nJobs of run {run.run}")
                _print_jobs(out, job_lines(connection, run))
        if level in (Level.BREAKDOWN, Level.ALL):
            out.print("\nBreakdown by transformation")
            _print_breakdown(out, breakdown_of(connection, tree))
        if level in (Level.INTEGRITY, Level.ALL):
            out.print("\nIntegrity")
            _print_integrity(out, integrity_sums_of(connection, tree))


def _lines(summary: Summary) -> dict[str, Counts]:
    return {"Tasks": summary.tasks, "Jobs": summary.jobs, "Sub-Workflows": summary.subworkflows}


def _durations(summary: Summary) -> list[tuple[str, int | None]]:
    return [
        ("Workflow wall time", summary.wall),
        ("Cumulative job wall time", summary.cumulative),
        ("Cumulative job wall time as seen from submit side", summary.submit_side),
        ("Cumulative job badput wall time", summary.badput),
        ("Cumulative job badput wall time as seen from submit side", summary.submit_side_badput),
    ]


def _counts_document(counts: Counts) -> dict[str, int]:
    return {
        "succeeded": counts.succeeded,
        "failed": counts.failed,
        "incomplete": counts.incomplete,
        "total": counts.total,
        "retries": counts.retries,
        "total_with_retries": counts.total_with_retries,
    }


def _print_summary(out: Console, summary: Summary) -> None:
    columns = ("Type", "Succeeded", "Failed", "Incomplete", "Total", "Retries", "Total+Retries")
    rows = [(name, *_counts_document(counts).values()) for name, counts in _lines(summary).items()]
    out.print(table(columns, rows, right=columns[1:]))
    out.print()
    out.print(facts({name: duration_text(value) for name, value in _durations(summary)}))


def _print_jobs(out: Console, lines: Sequence[JobLine]) -> None:
    columns = (
        *("Job", "Try", "Site", "Kickstart", "Mult", "Kickstart-Mult", "CPU-Time", "Post", "CondorQTime"),
        *("Resource", "Runtime", "Seqexec", "Exitcode", "Hostname"),
    )
    rows = [
        (
            line.job,
            line.attempt,
            line.site,
            _seconds(line.kickstart),
            line.multiplier,
            _seconds(None if line.kickstart is None else line.kickstart * line.multiplier),
            _seconds(line.cpu_time),
            _seconds(line.post),
            _seconds(line.queue),
            _seconds(line.resource),
            _seconds(line.runtime),
            _seconds(line.cluster),
            "-" if line.exit_code is None else line.exit_code,
            line.hostname,
        )
        for line in lines
    ]
    out.print(table(columns, rows, right=columns[3:13]))


def _print_breakdown(out: Console, found: Sequence[Breakdown]) -> None:
    columns = ("Transformation", "Type", "Count", "Min", "Max", "Mean", "Total", "Mean memory", "Mean CPU")
    rows = [
        (
            one.transformation,
            "successful" if one.successful else "failed",
            one.count,
            _seconds(one.minimum),
            _seconds(one.maximum),
            _seconds(one.total / one.count),
            _seconds(one.total),
            "-" if one.maxrss_mean is None else f"{one.maxrss_mean / 1024:.1f} MB",
            "-" if one.cpu_mean is None else f"{one.cpu_mean:.1f} %",
        )
        for one in found
    ]
    out.print(table(columns, rows, right=columns[2:]))


def _print_integrity(out: Console, sums: Sequence[IntegritySum]) -> None:
    columns = ("Type", "File Type", "Count", "Failed", "Total Duration")
    rows = [(one.kind, one.role, one.count, one.failed, duration_text(one.duration)) for one in sums]
    out.print(table(columns, rows, right=columns[2:]))


def _seconds(microseconds: float | None) -> str:
    return "-" if microseconds is None else f"{microseconds / 1e6:.3f}"
