"""The files of the statistics and the tables in them, as text and as CSV under Pegasus' names."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from hoofprint.app.statistics import cells, legends, rows
from hoofprint.app.statistics.question import Level, Question
from hoofprint.app.statistics.rows import Cells
from projections.answers.breakdown import breakdown_by_run, breakdown_of
from projections.answers.counts import counts_of, total_of
from projections.answers.integrity_statistics import (
    integrity_sums_by_run,
    integrity_sums_of,
    jobs_failed_on_integrity,
)
from projections.answers.job_statistics import job_lines
from projections.answers.runs import RunRef
from projections.answers.statistics import Summary, summary_of
from projections.answers.time_statistics import TimeLine, TimeTables, time_tables_of


@dataclass(frozen=True, slots=True)
class Section:
    """One table.

    ``key`` is what all its rows have in common: text tells it in the ``title``, CSV in columns before the
    others. ``csv_columns`` are the columns' names where CSV has other ones.
    """

    title: str
    key: Mapping[str, str]
    columns: Cells
    rows: Iterable[Cells]
    csv_columns: Cells = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """One file, without its ending: what its columns mean, its tables, and ``lines`` behind them in text."""

    name: str
    legend: str
    sections: Iterable[Section]
    lines: Sequence[str] = ()


def text_sheets(connection: Connection, question: Question) -> Iterator[Sheet]:
    """What is asked for as text, a file at a time, read when it is taken."""
    return _asked({**_TABLES, Level.SUMMARY: _summary_text, Level.TIME: _time_text}, connection, question)


def csv_sheets(connection: Connection, question: Question) -> Iterator[Sheet]:
    """What is asked for as CSV, a file at a time, read when it is taken."""
    return _asked({**_TABLES, Level.SUMMARY: _summary_csv, Level.TIME: _time_csv}, connection, question)


_Sheets = Callable[[Connection, Question], Iterator[Sheet]]


def _asked(tables: Mapping[Level, _Sheets], connection: Connection, question: Question) -> Iterator[Sheet]:
    for level in Level:
        if level in question.levels:
            yield from tables[level](connection, question)


def _summary_text(connection: Connection, question: Question) -> Iterator[Sheet]:
    summary = _summary(connection, question)
    lines = [] if question.several else [_fact("Workflow wall time", cells.wall_words(summary.wall))]
    lines += [_fact(name, cells.words(value)) for name, _, value in rows.durations(summary.durations)]
    lines += _integrity_lines(connection, question)
    counts = Section("", {}, rows.SUMMARY, rows.counts_rows(summary.counts))
    yield Sheet("summary", legends.COUNTS + legends.DURATIONS, [counts], lines)


def _integrity_lines(connection: Connection, question: Question) -> Iterator[str]:
    sums = integrity_sums_of(connection, question.runs)
    if not sums:
        return
    for kind, word in (("check", "compared"), ("compute", "generated")):
        of_kind = [one for one in sums if one.kind == kind]
        count, duration = sum(one.count for one in of_kind), sum(one.duration for one in of_kind)
        yield _fact(f"Checksums {word}", f"{count} in {cells.words(duration)}")
    yield _fact("Checksums that were wrong", str(sum(one.failed for one in sums)))
    failed = jobs_failed_on_integrity(connection, question.runs)
    yield _fact("Jobs that failed on a wrong checksum", str(failed))


def _fact(name: str, value: str) -> str:
    return f"{name:<57}: {value}"


def _summary_csv(connection: Connection, question: Question) -> Iterator[Sheet]:
    summary = _summary(connection, question)
    counts = Section("", {}, rows.SUMMARY, rows.counts_rows(summary.counts))
    yield Sheet("summary", legends.COUNTS, [counts])
    durations = [("workflow_wall_time", cells.six_decimals(summary.wall))]
    durations += [(name, cells.all_decimals(value)) for _, name, value in rows.durations(summary.durations)]
    times = Section("", {}, ("stat_type", "time_seconds"), durations)
    yield Sheet("summary-time", legends.DURATIONS, [times])


def _summary(connection: Connection, question: Question) -> Summary:
    return summary_of(connection, question.runs, wall_of=question.wall_of, pmc=question.pmc)


def _workflow(connection: Connection, question: Question) -> Iterator[Sheet]:
    counts = counts_of(connection, question.runs, pmc=question.pmc)
    listed = [(run, counts[run.key]) for run in question.runs]
    sections = [
        _of_run(
            question,
            run,
            (*rows.SUMMARY, "WF Retries"),
            [(*row, str(count.workflow_retries)) for row in rows.counts_rows(count)],
            (*rows.SUMMARY, "WF_Retries"),
        )
        for run, count in [*listed, (None, total_of(counts.values()))]
    ]
    yield Sheet("workflow", legends.COUNTS + legends.WORKFLOW, sections)


def _jobs(connection: Connection, question: Question) -> Iterator[Sheet]:
    sections = (
        _of_run(question, run, rows.JOBS, map(rows.job_row, job_lines(connection, run)))
        for run in question.runs
    )
    yield Sheet("jobs", legends.JOBS, sections)


def _breakdown(connection: Connection, question: Question) -> Iterator[Sheet]:
    by_run = breakdown_by_run(connection, question.runs)
    listed = [(run, by_run[run.key]) for run in question.runs]
    sections = [
        _of_run(question, run, rows.BREAKDOWN, map(rows.breakdown_row, lines))
        for run, lines in [*listed, (None, breakdown_of(connection, question.runs))]
    ]
    yield Sheet("breakdown", legends.BREAKDOWN, sections)


def _integrity(connection: Connection, question: Question) -> Iterator[Sheet]:
    by_run = integrity_sums_by_run(connection, question.runs)
    listed = [(run, by_run[run.key]) for run in question.runs]
    sections = [
        _of_run(question, run, rows.INTEGRITY, map(rows.integrity_row, lines))
        for run, lines in [*listed, (None, integrity_sums_of(connection, question.runs))]
    ]
    yield Sheet("integrity", legends.INTEGRITY, sections)


_TABLES: Mapping[Level, _Sheets] = {
    Level.WORKFLOW: _workflow,
    Level.JOBS: _jobs,
    Level.BREAKDOWN: _breakdown,
    Level.INTEGRITY: _integrity,
}


def _of_run(
    question: Question, run: RunRef | None, columns: Cells, lines: Iterable[Cells], csv_columns: Cells = ()
) -> Section:
    """A table of one run, or of all runs together."""
    if run is None:
        return Section("All", {"Workflow_Id": "ALL", "Dax_Label": ""}, columns, lines, csv_columns)
    workflow = question.workflows[run.key]
    key = {"Workflow_Id": run.run, "Dax_Label": workflow}
    return Section(f"{run.run} ({workflow})", key, columns, lines, csv_columns)


def _time_text(connection: Connection, question: Question) -> Iterator[Sheet]:
    tables = _time_tables(connection, question)
    sections = [*_time_sections(tables, question), *_host_sections(tables, question)]
    yield Sheet("time", legends.TIME.format(zone=question.zone), sections)


def _time_csv(connection: Connection, question: Question) -> Iterator[Sheet]:
    tables, legend = _time_tables(connection, question), legends.TIME.format(zone=question.zone)
    yield Sheet("time", legend, _time_sections(tables, question))
    yield Sheet("time-per-host", legend, _host_sections(tables, question))


def _time_tables(connection: Connection, question: Question) -> TimeTables:
    return time_tables_of(connection, question.runs, question.span, question.zone)


def _time_sections(tables: TimeTables, question: Question) -> list[Section]:
    return [
        _of_time(question, "Job instances", "jobs", tables.attempts),
        _of_time(question, "Invocations", "invocations", tables.processes),
    ]


def _host_sections(tables: TimeTables, question: Question) -> list[Section]:
    return [
        _of_time(question, "Job instances", "jobs", tables.attempts_by_host, by_host=True),
        _of_time(question, "Invocations", "invocations", tables.processes_by_host, by_host=True),
    ]


def _of_time(
    question: Question, title: str, what: str, lines: Sequence[TimeLine], *, by_host: bool = False
) -> Section:
    span, host = question.span, ("Host",) if by_host else ()
    columns = (f"Date{rows.SPAN_LAYOUTS[span][1]}", *host, "Count", "Runtime (sec)")
    return Section(
        f"{title} per {span}{' and host' if by_host else ''}, times in {question.zone}",
        {"stat_type": f"{what}/host/{span}" if by_host else f"{what}/{span}"},
        columns,
        [rows.time_row(line, span, question.zone) for line in lines],
        (f"date{rows.SPAN_LAYOUTS[span][1]}", *(name.lower() for name in columns[1:])),
    )
