"""``hoofprint exitcode``: the verdict of Pegasus' post script on a job, asked again."""

from pathlib import Path
from typing import Annotated

import typer

from hoofprint.app.commands.options import Json
from hoofprint.app.output import print_json, printable
from monitor.pegasus.exitcode import ExitRules, judge


def exitcode(
    output: Annotated[Path, typer.Argument(metavar="FILE.out", help="The job's standard output.")],
    status: Annotated[
        int | None, typer.Option("-r", "--return", help="What DAGMan said: anything but 0 fails the job.")
    ] = None,
    success: Annotated[
        list[str] | None,
        typer.Option("-s", "--success-message", help="Must be printed; + is a blank, \\+ a plus."),
    ] = None,
    failure: Annotated[
        list[str] | None,
        typer.Option("-f", "--failure-message", help="Must not be printed; + is a blank, \\+ a plus."),
    ] = None,
    no_invocations: Annotated[
        bool, typer.Option("-I", "--no-invocations", help="The job makes no invocation records.")
    ] = False,
    _no_rename: Annotated[
        bool, typer.Option("-n", "--no-rename", help="As it is anyway: nothing is renamed.")
    ] = False,
    _no_metadata: Annotated[
        bool, typer.Option("-N", "--no-metadata", help="As it is anyway: nothing is written.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say whether a job succeeded by pegasus-exitcode's rules, and why; ends with 0 or 1."""
    verdict = judge(output, ExitRules(status, success or (), failure or (), not no_invocations))
    if as_json:
        print_json({"succeeded": verdict.succeeded, "reason": verdict.reason})
    else:
        typer.echo(printable(f"{'succeeded' if verdict.succeeded else 'failed'}: {verdict.reason}"))
    if not verdict.succeeded:
        raise typer.Exit(1)
