"""Options and arguments that several commands share."""

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]

RunReference = Annotated[
    str,
    typer.Argument(
        metavar="RUN", help="A run: its id, a unique beginning of it, its plan directory, or 'latest'."
    ),
]
