"""The options of ``hoofprint statistics``, each with what its help says."""

from pathlib import Path
from typing import Annotated

import typer

from hoofprint.app.statistics.formats import Format
from projections.answers.time_statistics import Span

Levels = Annotated[
    str | None,
    typer.Option(
        "--level",
        "--statistics-level",
        "-s",
        help="Which tables: summary, workflow, jobs, breakdown, time, integrity or all, several with"
        " commas. Default: summary; all with --output.",
    ),
]
OutputFormat = Annotated[Format, typer.Option("--format", "-f", help="As what.")]
LineSpan = Annotated[Span, typer.Option("--time-filter", "-t", help="How long a line of the time tables is.")]
Zone = Annotated[
    str | None,
    typer.Option("--zone", "-z", help="Time zone of the time tables. Default: this machine's."),
]
OutputFolder = Annotated[
    Path | None, typer.Option("--output", "-o", help="Write one file a table into this directory.")
]
Multiple = Annotated[
    bool,
    typer.Option("--multiple", "--multiple-wf", "-m", help="Over several runs; without RUN over all."),
]
Expand = Annotated[bool, typer.Option(help="Count the runs of sub-workflows in.")]
ClusteredByPmc = Annotated[
    bool,
    typer.Option("--pmc", "--ispmc", "-p", help="A job of many tasks repeats only those that failed."),
]
