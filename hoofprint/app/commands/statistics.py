"""``hoofprint statistics``: where the time of a run went, in Pegasus' tables and definitions."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection

from eventlog.errors import InputError
from hoofprint.app.as_of import views_as_of
from hoofprint.app.commands.options import AsOf, Json
from hoofprint.app.house import House
from hoofprint.app.output import console
from hoofprint.app.statistics.formats import Format, write_files, write_to
from hoofprint.app.statistics.question import Question, levels_named, question_of
from hoofprint.app.statistics.zones import local_zone
from hoofprint.app.submit_reference import run_meant
from projections.answers.runs import RunRef, resolve_run, root_runs
from projections.answers.time_statistics import Span, zone_named


def statistics(
    context: typer.Context,
    references: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN]...",
            help="Runs: id, beginning of it, plan or submit directory, or 'latest' (the default).",
        ),
    ] = None,
    levels: Annotated[
        str | None,
        typer.Option(
            "--level",
            "--statistics-level",
            "-s",
            help="Which tables: summary, workflow, jobs, breakdown, time, integrity or all, several with"
            " commas. Default: summary; all with --output.",
        ),
    ] = None,
    form: Annotated[Format, typer.Option("--format", "-f", help="As what.")] = Format.TEXT,
    span: Annotated[
        Span, typer.Option("--time-filter", "-t", help="How long a line of the time tables is.")
    ] = Span.DAY,
    zone: Annotated[
        str | None,
        typer.Option("--zone", "-z", help="Time zone of the time tables. Default: this machine's."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write one file a table into this directory.")
    ] = None,
    multiple: Annotated[
        bool,
        typer.Option("--multiple", "--multiple-wf", "-m", help="Over several runs; without RUN over all."),
    ] = False,
    expand: Annotated[bool, typer.Option(help="Count the runs of sub-workflows in.")] = True,
    pmc: Annotated[
        bool,
        typer.Option("--pmc", "--ispmc", "-p", help="A job of many tasks repeats only those that failed."),
    ] = False,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Print the statistics of a run and of its sub-workflows.

    summary: tasks, jobs and sub-workflows by how they ended, and five durations. workflow: the same for each
    run. jobs: every attempt. breakdown: by transformation. time: by hour, day, week or month, and by host.
    integrity: checksums computed and verified.
    """
    house: House = context.obj
    chosen, named = levels_named(levels or ("all" if output else "summary")), references or []
    store = views_as_of(house, as_of, run=named[0] if len(named) == 1 else None)
    with store.reading("runs") as connection:
        question = question_of(
            connection,
            _roots(connection, named, house.settings["namespace"], multiple),
            levels=chosen,
            span=span,
            zone=zone_named(zone) if zone else local_zone(),
            expand=expand,
            several=multiple,
            pmc=pmc,
        )
        _answer(connection, question, Format.JSON if as_json else form, output)


def _roots(
    connection: Connection, references: Sequence[str], namespace: str, multiple: bool
) -> Sequence[RunRef]:
    if multiple and not references:
        found = root_runs(connection, [namespace])
        if not found:
            raise InputError("there is no run yet: plan a workflow, or import one, first")
        return found
    if len(references) > 1 and not multiple:
        raise InputError(f"{len(references)} runs are named: add --multiple for statistics over all of them")
    meant = map(run_meant, references or ["latest"])
    return list(dict.fromkeys(resolve_run(connection, reference) for reference in meant))


def _answer(connection: Connection, question: Question, form: Format, output: Path | None) -> None:
    if output is None:
        write_to(sys.stdout, connection, question, form)
        return
    for path in write_files(output, connection, question, form):
        console().print(str(path), soft_wrap=True)
