"""Options and arguments that several commands share."""

from typing import Annotated

import typer

from hoofprint.app.submit_reference import run_meant

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]

Timezone = Annotated[
    str | None,
    typer.Option(
        metavar="ZONE", help="The submit host's zone, such as Europe/Berlin; else the offset of the plan."
    ),
]

AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="POSITION|TIME",
        help="Answer from what the log held then: before partition:offset,… or by 2026-11-22T18:00+01:00.",
    ),
]

RunReferences = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[RUN]...",
        help="Runs: id, beginning of it, plan or submit directory, or 'latest' (the default).",
    ),
]

RunReference = Annotated[
    str,
    typer.Argument(
        metavar="RUN",
        callback=run_meant,
        help="A run: its id, a unique beginning of it, its plan or submit directory, or 'latest'.",
    ),
]
