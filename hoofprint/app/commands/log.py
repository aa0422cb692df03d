"""``hoofprint log``: what the event log holds."""

import dataclasses
import sys
from itertools import islice
from typing import Annotated

import typer

from eventlog.codec import Codec
from eventlog.facts import Fact
from eventlog.log import Position, Record, read_all
from eventlog.redaction import Redacted, decode_tombstone, is_tombstone
from hoofprint.app.commands import archive, spool
from hoofprint.app.commands.options import Json, RunReference
from hoofprint.app.house import House
from hoofprint.app.output import console, facts, json_text, print_json, table, when
from hoofprint.app.workflow_tree import tree_key

app = typer.Typer(
    help="The event log: what is in it, its archives, and what waits to be added to it.", no_args_is_help=True
)
_SHOWN_FACT = 160
_PAGE = 500
_COLUMNS = ("position", "time", "type", "subject", "fact")


@app.command()
def info(context: typer.Context, as_json: Json = False) -> None:
    """Print which log this is and how far it reaches."""
    house: House = context.obj
    log = house.log
    summary = {
        "location": house.settings["log"],
        "identity": str(log.identity),
        "earliest": str(log.earliest()),
        "head": str(log.head()),
    }
    if as_json:
        print_json(summary)
    else:
        console().print(facts(summary))


@app.command()
def show(
    context: typer.Context,
    reference: RunReference = "latest",
    after: Annotated[
        str, typer.Option(metavar="POSITION", help="Start at this position (partition:offset,…).")
    ] = "",
    kind: Annotated[
        list[str] | None,
        typer.Option("--type", "-t", metavar="TYPE", help="Only events of this type; may be repeated."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Print the events of one run's workflow tree, in log order."""
    house: House = context.obj
    root = tree_key(house, reference)
    codec, start = Codec(house.log), Position.parse(after)
    chosen = (
        (record, _fact(codec, record))
        for record in read_all(house.log, key=root)
        if record.offset >= start.offset(record.partition) and (not kind or record.type in kind)
    )
    if as_json:
        for record, fact in chosen:
            sys.stdout.write(json_text(_document(record, fact)) + "\n")
        return
    rows = (
        (f"{record.partition}:{record.offset}", when(record.time), record.type, record.subject, _brief(fact))
        for record, fact in chosen
    )
    # page by page: a tree of any size is shown at once, in little memory
    page = list(islice(rows, _PAGE))
    console().print(table(_COLUMNS, page))
    while page := list(islice(rows, _PAGE)):
        console().print(table(_COLUMNS, page))


def _fact(codec: Codec, record: Record) -> Fact | Redacted:
    """What an event says, or that it was redacted."""
    return decode_tombstone(record.body) if is_tombstone(record.body) else codec.decode(record).fact


def _document(record: Record, fact: Fact | Redacted) -> dict[str, object]:
    envelope = {
        field.name: getattr(record, field.name)
        for field in dataclasses.fields(record)
        if field.name not in ("partition", "offset", "recorded", "body")
    }
    return {
        **envelope,
        "partition": record.partition,
        "offset": record.offset,
        "recorded": record.recorded,
        "redacted" if isinstance(fact, Redacted) else "fact": dataclasses.asdict(fact),
    }


def _brief(fact: Fact | Redacted) -> str:
    if isinstance(fact, Redacted):
        return f"redacted by {fact.actor}: {fact.reason}"
    told = dataclasses.asdict(fact)
    shown = {
        name: len(value) if isinstance(value, tuple) else value
        for name, value in told.items()
        if value and name not in ("run", "job", "attempt")
    }
    text = " ".join(f"{name}={value}" for name, value in shown.items() if not isinstance(value, dict))
    return text if len(text) <= _SHOWN_FACT else text[: _SHOWN_FACT - 1] + "…"


# below the commands of this module, which help lists first
app.command()(archive.export)
app.command("verify-archive")(archive.verify)
app.command("import")(archive.restore)
app.command()(archive.release)
app.command()(archive.redact)
app.command("spool")(spool.status)
app.command()(spool.drain)
