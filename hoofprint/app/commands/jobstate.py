"""``hoofprint jobstate``: what became of each job and when, as the lines of Pegasus' ``jobstate.log``."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer
from sqlalchemy import Connection

from eventlog.codec import Codec
from eventlog.event import Event
from eventlog.log import EventLog, read_all
from eventlog.redaction import is_tombstone
from hoofprint.app.as_of import past_as_of
from hoofprint.app.commands.options import AsOf, Json, RunReferences
from hoofprint.app.house import House
from hoofprint.app.output import error_console, print_json, printable
from hoofprint.app.submit_reference import run_meant
from monitor.pegasus.jobstate_log import STATE_EVENTS, run_lines
from projections.answers.runs import resolve_run, root_of, tree_of, workflows_of


@dataclass(frozen=True, slots=True)
class _Run:
    """A run that was asked for; ``root`` is the key of its events."""

    run: str
    workflow: str
    root: str


def jobstate(
    context: typer.Context,
    references: RunReferences = None,
    tree: Annotated[
        bool, typer.Option("--tree/--no-tree", help="The runs of sub-workflows too, after their parents.")
    ] = False,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Print what became of each job and when, as the lines of Pegasus' jobstate.log.

    A line: seconds since 1970, job, state, HTCondor's id or the exit code, site, a dash, and a number that
    counts the attempts of the run. Several runs have a line with workflow and id before each.
    """
    house: House = context.obj
    named = [run_meant(reference) for reference in references or ["latest"]]
    if as_of is None:
        log, store = house.log, house.folded()
    else:
        past = past_as_of(house, as_of, run=named[0] if len(named) == 1 else None)
        log, store = past.log, past.views
    with store.reading("runs") as connection:
        runs = _runs(connection, named, tree=tree)
    states = _States(log)
    told = _lines(states, runs)
    if as_json:
        print_json({"runs": [{"run": r.run, "workflow": r.workflow, "lines": list(own)} for r, own in told]})
    else:
        _print(told, headed=len(runs) > 1)
    if states.redacted:
        error_console().print(
            f"{states.redacted} events of these workflow trees that told of states were redacted; "
            "the lines are without them",
            soft_wrap=True,
        )


def _runs(connection: Connection, named: Sequence[str], *, tree: bool) -> Sequence[_Run]:
    """The runs that are meant, each once; what belongs to one workflow tree stands together."""
    meant = [resolve_run(connection, reference) for reference in named]
    chosen = [member for run in meant for member in tree_of(connection, run)] if tree else meant
    workflows = workflows_of(connection, chosen)
    runs = [_Run(run.run, workflows[run.key], root_of(connection, run)) for run in dict.fromkeys(chosen)]
    places = {root: place for place, root in enumerate(dict.fromkeys(run.root for run in runs))}
    return sorted(runs, key=lambda run: places[run.root])


def _lines(states: "_States", runs: Sequence[_Run]) -> Iterator[tuple[_Run, Iterator[str]]]:
    """Each run with its lines; the events of a tree are read once."""
    for root in dict.fromkeys(run.root for run in runs):
        members = {run.run: run for run in runs if run.root == root}
        for run, lines in run_lines(states.events(root), members):
            yield members[run], lines


class _States:
    """What a log says of states: the rest, most of it, is not even decoded.

    ``redacted`` counts the events that said something of them once.
    """

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._codec = Codec(log)
        self.redacted = 0

    def events(self, root: str) -> Iterator[Event]:
        """The events of a workflow tree that tell of states."""
        for record in read_all(self._log, key=root):
            if record.type not in STATE_EVENTS:
                continue
            if is_tombstone(record.body):
                self.redacted += 1
            else:
                yield self._codec.decode(record)


def _print(told: Iterable[tuple[_Run, Iterator[str]]], *, headed: bool) -> None:
    for run, lines in told:
        if headed:
            sys.stdout.write(f"==> {_shown(f'{run.workflow} {run.run}')} <==\n")
        tells = False
        for line in lines:
            tells = True
            sys.stdout.write(f"{_shown(line)}\n")
        if not tells:
            error_console().print(f"run {printable(run.run)}: no state of it is known yet", soft_wrap=True)


def _shown(line: str) -> str:
    """Foreign text as one line that is harmless for a terminal."""
    return printable(line).replace("\n", "\\n")
