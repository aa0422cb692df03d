"""``hoofprint statistics``: where the time of a run went, in Pegasus' tables and definitions."""

import sys
from collections.abc import Sequence
from pathlib import Path

import typer
from sqlalchemy import Connection

from eventlog.errors import InputError
from hoofprint.app.as_of import views_as_of
from hoofprint.app.commands.options import AsOf, Json, RunReferences
from hoofprint.app.commands.statistics_options import (
    ClusteredByPmc,
    Expand,
    Levels,
    LineSpan,
    Multiple,
    OutputFolder,
    OutputFormat,
    Zone,
)
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
    references: RunReferences = None,
    levels: Levels = None,
    form: OutputFormat = Format.TEXT,
    span: LineSpan = Span.DAY,
    zone: Zone = None,
    output: OutputFolder = None,
    multiple: Multiple = False,
    expand: Expand = True,
    pmc: ClusteredByPmc = False,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Print the statistics of a run and of its sub-workflows.

    summary: tasks, jobs and sub-workflows by how they ended, and five durations. workflow: the same for each
    run. jobs: every attempt. breakdown: by transformation. time: by hour, day, week or month, and by host.
    integrity: checksums computed and verified.
    """
    house: House = context.obj
    chosen = levels_named(levels or ("all" if output else "summary"))
    named = [run_meant(reference) for reference in references or ()]
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
    meant = (resolve_run(connection, reference) for reference in references or ["latest"])
    return list(dict.fromkeys(meant))


def _answer(connection: Connection, question: Question, form: Format, output: Path | None) -> None:
    if output is None:
        write_to(sys.stdout, connection, question, form)
        return
    for path in write_files(output, connection, question, form):
        console().print(str(path), soft_wrap=True)
