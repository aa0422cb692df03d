"""The command line: global options, one module a command, and what an error looks like."""

import logging
import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from eventlog.errors import HoofprintError, UnavailableError
from hoofprint.app import commands
from hoofprint.app.house import House
from hoofprint.app.logs import LogFormat, configure_logging
from hoofprint.app.output import error_console, escape_what_stdout_lacks, printable
from hoofprint.app.settings import resolve

INTERRUPTED = 130


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        sys.stdout.write(f"hoofprint {version('hoofprint')}\n")
        raise typer.Exit


def options(
    context: typer.Context,
    home: Annotated[str | None, typer.Option(help="Folder of log and views. [$HOOFPRINT_HOME]")] = None,
    log: Annotated[
        str | None,
        typer.Option(help="The event log, sqlite:PATH or kafka://HOST:PORT/TOPIC. [$HOOFPRINT_LOG]"),
    ] = None,
    views: Annotated[
        str | None,
        typer.Option(help="The views, sqlite:FOLDER or postgresql+psycopg://… [$HOOFPRINT_VIEWS]"),
    ] = None,
    namespace: Annotated[
        str | None, typer.Option(help="Project or group the facts belong to. [$HOOFPRINT_NAMESPACE]")
    ] = None,
    log_format: Annotated[LogFormat, typer.Option(help="How messages on stderr look.")] = LogFormat.TEXT,
    verbose: Annotated[
        int, typer.Option("--verbose", "-v", count=True, help="More messages; twice for still more.")
    ] = 0,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options that every command has; they stand before the command's name."""
    del version
    configure_logging(log_format, verbose)
    flags = {"home": home, "log": log, "views": views, "namespace": namespace}
    context.obj = House(resolve(flags, os.environ))
    context.call_on_close(context.obj.close)


def application(arguments: Sequence[str]) -> typer.Typer:
    """The command line with the commands that these arguments may mean."""
    app = typer.Typer(
        name="hoofprint",
        help="Plans scientific workflows onto real compute, watches them run, and remembers everything.",
        epilog="A first run: hoofprint plan workflow.yml; hoofprint run latest; hoofprint status latest.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(options)
    commands.register(app, arguments, os.environ)
    return app


def main(arguments: Sequence[str]) -> int:
    """Run the command line; returns the process' exit code, and never lets a traceback out for bad input."""
    escape_what_stdout_lacks()
    try:
        application(arguments)(list(arguments), prog_name="hoofprint")
    except SystemExit as ended:
        if _was_interrupted(ended):
            error_console().print("interrupted")
        return ended.code if isinstance(ended.code, int) else 0
    except KeyboardInterrupt:
        error_console().print("interrupted")
        return INTERRUPTED
    except HoofprintError as error:
        return _failed(error)
    except Exception as error:
        lost = _lost_database(error)
        if lost is None:
            raise
        return _failed(lost)
    return 0


def _was_interrupted(ended: SystemExit) -> bool:
    """Whether this exit is what Typer makes of an interrupt, without a word."""
    reason = ended.__context__
    return reason is not None and isinstance(reason.__cause__, KeyboardInterrupt)


def _failed(error: HoofprintError) -> int:
    logging.getLogger("hoofprint").debug("failed", exc_info=True)
    error_console().print(f"hoofprint: {printable(str(error))}", soft_wrap=True)
    return error.exit_code


def _lost_database(error: Exception) -> UnavailableError | None:
    """What a person is told of a database that went away in the midst; None for any other error."""
    # a command that reads no views has not loaded the toolkit, and should not for this
    if "sqlalchemy" not in sys.modules:
        return None
    from sqlalchemy.exc import DBAPIError

    from projections.folding import describe, is_transient

    if not isinstance(error, DBAPIError) or not is_transient(error):
        return None
    return UnavailableError(f"the views' database went out of reach: {describe(error)}")
