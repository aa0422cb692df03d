"""The statistics as one JSON document; durations in microseconds, as everywhere."""

from dataclasses import asdict

from sqlalchemy import Connection

from hoofprint.app.statistics import rows
from hoofprint.app.statistics.question import Level, Question
from projections.answers.breakdown import breakdown_by_run, breakdown_of
from projections.answers.counts import Counts, counts_of
from projections.answers.integrity_statistics import integrity_sums_by_run, integrity_sums_of
from projections.answers.job_statistics import job_lines
from projections.answers.statistics import summary_of
from projections.answers.time_statistics import time_tables_of


def document_of(connection: Connection, question: Question) -> dict[str, object]:
    """What is asked for; parts of single runs are named by the runs' ids."""
    names = {run.key: run.run for run in question.runs}
    document: dict[str, object] = {
        "run": question.roots[0].run,
        "runs": [{"run": run.run, "workflow": question.workflows[run.key]} for run in question.runs],
    }
    for level, part in _PARTS.items():
        if level in question.levels:
            document.update(part(connection, question, names))
    return document


def _summary(connection: Connection, question: Question, _: dict[int, str]) -> dict[str, object]:
    summary = summary_of(connection, question.runs, wall_of=question.wall_of, pmc=question.pmc)
    durations = {"Workflow wall time": summary.wall}
    durations |= {name: value for name, _, value in rows.durations(summary.durations)}
    counts = summary.counts
    return {
        "summary": {
            "Tasks": _counts(counts.tasks),
            "Jobs": _counts(counts.jobs),
            "Sub-Workflows": _counts(counts.subworkflows),
            "durations": durations,
        }
    }


def _workflow(connection: Connection, question: Question, names: dict[int, str]) -> dict[str, object]:
    counts = counts_of(connection, question.runs, pmc=question.pmc)
    return {
        "workflow": {
            names[key]: {
                "Tasks": _counts(one.tasks),
                "Jobs": _counts(one.jobs),
                "Sub-Workflows": _counts(one.subworkflows),
                "retries": one.workflow_retries,
            }
            for key, one in counts.items()
        }
    }


def _jobs(connection: Connection, question: Question, _: dict[int, str]) -> dict[str, object]:
    return {"jobs": {run.run: job_lines(connection, run) for run in question.runs}}


def _breakdown(connection: Connection, question: Question, names: dict[int, str]) -> dict[str, object]:
    by_run = breakdown_by_run(connection, question.runs)
    return {
        "breakdown": breakdown_of(connection, question.runs),
        "breakdown_by_run": {names[key]: lines for key, lines in by_run.items()},
    }


def _time(connection: Connection, question: Question, _: dict[int, str]) -> dict[str, object]:
    tables = time_tables_of(connection, question.runs, question.span, question.zone)
    return {"time": {"per": question.span, "zone": str(question.zone), **asdict(tables)}}


def _integrity(connection: Connection, question: Question, names: dict[int, str]) -> dict[str, object]:
    by_run = integrity_sums_by_run(connection, question.runs)
    return {
        "integrity": integrity_sums_of(connection, question.runs),
        "integrity_by_run": {names[key]: sums for key, sums in by_run.items()},
    }


_PARTS = {
    Level.SUMMARY: _summary,
    Level.WORKFLOW: _workflow,
    Level.JOBS: _jobs,
    Level.BREAKDOWN: _breakdown,
    Level.TIME: _time,
    Level.INTEGRITY: _integrity,
}


def _counts(counts: Counts) -> dict[str, int]:
    return {
        "succeeded": counts.succeeded,
        "failed": counts.failed,
        "incomplete": counts.incomplete,
        "total": counts.total,
        "retries": counts.retries,
        "total_with_retries": counts.total_with_retries,
    }
