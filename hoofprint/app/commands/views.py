"""``hoofprint views``: fold, check and rebuild the tables that every answer comes from."""

import sys
from typing import Annotated

import typer

from hoofprint.app.as_of import views_as_of
from hoofprint.app.commands.options import AsOf, Json
from hoofprint.app.fold_progress import showing_fold
from hoofprint.app.following import follow, stopping_on_signals
from hoofprint.app.house import House
from hoofprint.app.output import console, error_console, print_json, printable, table
from projections.bookkeeping import count_dead_letters
from projections.dead_letters import list_dead_letters, retry_dead_letters
from projections.digest import digest_group
from projections.follower import Beat
from projections.groups import GROUPS, Group, group_named
from projections.projector import MAX_DEAD_LETTERS, Projector
from projections.verify import Verdict, verify_views

app = typer.Typer(
    help="The views: tables folded from the log, which can be thrown away and folded again.",
    no_args_is_help=True,
)

GroupName = Annotated[str, typer.Argument(metavar="GROUP", help="runs or data.")]


@app.command()
def status(context: typer.Context, as_json: Json = False) -> None:
    """Say how far each group of views is folded, without folding."""
    house: House = context.obj
    head = house.log.head()
    rows = []
    for group in GROUPS:
        checkpoint = house.store.checkpoint(group.name)
        with house.store.reading(group.name) as connection:
            letters = count_dead_letters(connection)
        rows.append(
            {
                "group": group.name,
                "version": group.version,
                "position": str(checkpoint.position),
                "head": str(head),
                "current": checkpoint.position.reaches(head),
                "dead_letters": letters,
                "beside": ", ".join(_beside(house, group)),
            }
        )
    if as_json:
        print_json(rows)
        return
    columns = ("group", "version", "position", "head", "current", "dead letters", "beside")
    console().print(table(columns, [tuple(row.values()) for row in rows]))


def _beside(house: House, group: Group) -> list[str]:
    """Generations that readers do not see: being built, left by a killed rebuild, or to be dropped."""
    live = house.store.live(group)
    return [name for name in house.store.storage.generations(group) if name != live]


@app.command()
def fold(context: typer.Context, as_json: Json = False) -> None:
    """Fold what is new on the log into the tables; every reading command does that by itself."""
    house: House = context.obj
    with showing_fold() as progress:
        events = Projector(house.log, house.store).catch_up(progress)
    if as_json:
        print_json({"events": events})
    else:
        console().print(f"folded {events} events")


@app.command("follow")
def follow_log(
    context: typer.Context,
    max_dead_letters: Annotated[
        int, typer.Option(min=0, help="Stop when a group has more events that could not be folded.")
    ] = MAX_DEAD_LETTERS,
) -> None:
    """Fold what comes until SIGINT or SIGTERM; any number of these share the log's partitions."""
    with stopping_on_signals() as stop:
        follow(context.obj, stop, _say_beat, max_dead_letters=max_dead_letters)
    console().print("stopped")


def _say_beat(beat: Beat) -> None:
    partitions = ", ".join(map(str, beat.partitions)) or "none yet"
    sys.stdout.write(f"following partitions {partitions}: {beat.events} events folded, {beat.lag} to go\n")
    sys.stdout.flush()


@app.command("dead-letters")
def dead_letters(context: typer.Context, as_json: Json = False) -> None:
    """List the events that could not be folded, and why."""
    house: House = context.obj
    letters = list_dead_letters(house.store)
    if as_json:
        print_json(letters)
        return
    if not letters:
        error_console().print("no dead letter")
        return
    rows = [(one.group, one.position, one.type, one.event_id, one.error) for one in letters]
    console().print(table(("group", "position", "type", "event", "error"), rows))


@app.command()
def retry(
    context: typer.Context,
    event: Annotated[str | None, typer.Argument(metavar="[EVENT]", help="Only this event's id.")] = None,
    as_json: Json = False,
) -> None:
    """Fold dead letters again; exit code 1 when one fails again, which stays."""
    house: House = context.obj
    retried = retry_dead_letters(house.log, house.store, event_id=event)
    if as_json:
        print_json(retried)
    else:
        for one in retried:
            what = f"failed again: {one.error}" if one.error else "folded"
            line = f"{one.letter.group} {one.letter.position} {one.letter.type}: {what}"
            console().print(printable(line), soft_wrap=True)
    if any(one.error for one in retried):
        raise typer.Exit(1)


@app.command()
def rebuild(
    context: typer.Context,
    group: GroupName,
    afresh: Annotated[
        bool, typer.Option("--afresh", help="Do not go on with a rebuild that was interrupted.")
    ] = False,
    grace: Annotated[
        float, typer.Option(min=0, help="Seconds that the old tables stay for who still reads them.")
    ] = 5.0,
    as_json: Json = False,
) -> None:
    """Fold one group anew from the whole log beside the live tables, then swap; readers notice nothing."""
    house: House = context.obj
    with showing_fold() as progress:
        projector = Projector(house.log, house.store)
        projector.rebuild(group_named(group), progress, resume=not afresh, grace=grace)
    if as_json:
        print_json({"group": group, "position": str(house.store.checkpoint(group).position)})
    else:
        console().print(f"rebuilt {group}")


@app.command()
def digest(context: typer.Context, as_of: AsOf = None, as_json: Json = False) -> None:
    """Print a digest of every table; equal digests mean equal contents, on whatever database."""
    store = views_as_of(context.obj, as_of)
    digests = {}
    for group in GROUPS:
        with store.reading(group.name) as connection:
            digests[group.name] = dict(digest_group(connection, group))
    if as_json:
        print_json(digests)
        return
    rows = [(group, name, found) for group, tables in digests.items() for name, found in tables.items()]
    console().print(table(("group", "table", "digest"), rows))


@app.command()
def verify(context: typer.Context, as_json: Json = False) -> None:
    """Fold the log afresh beside the tables and compare: exit code 1 when they differ."""
    house: House = context.obj
    verdicts = verify_views(house.log, house.folded())
    if as_json:
        print_json({"holds": all(verdict.holds for verdict in verdicts), "groups": verdicts})
    else:
        for verdict in verdicts:
            console().print(_sentence(verdict))
    if not all(verdict.holds for verdict in verdicts):
        raise typer.Exit(1)


def _sentence(verdict: Verdict) -> str:
    if verdict.holds:
        return f"{verdict.group}: {verdict.tables} tables equal the fold of the log up to {verdict.position}"
    wrong = ", ".join(verdict.different) or "the dead letters"
    return (
        f"{verdict.group}: {wrong} differ from the fold of the log up to {verdict.position}; "
        f"hoofprint views rebuild {verdict.group} mends it"
    )
