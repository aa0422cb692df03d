"""``hoofprint log spool`` and ``hoofprint log drain``: what waits on this host until its log is back."""

from pathlib import Path

import typer

from eventlog.errors import InputError
from eventlog.spool import SpoolingLog
from eventlog.spool_file import SpoolFile, SpoolState
from hoofprint.app.commands.options import Json
from hoofprint.app.house import House
from hoofprint.app.output import console, facts, print_json, when


def status(context: typer.Context, as_json: Json = False) -> None:
    """Print what waits in this host's spool: events, bytes, since when, of how many workflow trees."""
    house: House = context.obj
    path = Path(house.settings["spool"]).expanduser()
    state = _state(path)
    summary = {
        "location": str(path),
        "events": state.events,
        "bytes": state.bytes,
        "keys": state.keys,
        "oldest": state.oldest,
        "destination": state.destination,
    }
    if as_json:
        print_json(summary)
    else:
        console().print(facts({**summary, "oldest": when(state.oldest) if state.oldest else ""}))


def drain(context: typer.Context, as_json: Json = False) -> None:
    """Bring everything that waits in this host's spool to the log, oldest first.

    Exit code 4 where the log is out of reach: what did not go stays in the spool.
    """
    house: House = context.obj
    log = house.log
    if not isinstance(log, SpoolingLog):
        raise InputError(f"the event log {house.settings['log']} is on this host and needs no spool")
    waited = log.state().events
    log.settle()
    if as_json:
        print_json({"drained": waited})
    else:
        console().print(f"{waited} events went to the log")


def _state(path: Path) -> SpoolState:
    """What a spool holds; one that was never needed holds nothing, and is not made for looking."""
    if not path.exists():
        return SpoolState(0, 0, None, 0, "")
    spool = SpoolFile.open(path)
    try:
        return spool.state()
    finally:
        spool.close()
