"""``hoofprint import``: what another workflow system left behind, into the log."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress as Bar
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

from hoofprint.app.commands.options import Json, Timezone
from hoofprint.app.folding_beside import folding_beside
from hoofprint.app.house import House
from hoofprint.app.output import console, error_console, facts, print_json, printable
from monitor.pegasus.importing import Imported, import_source
from monitor.pegasus.recognition import Wishes, recognise
from monitor.pegasus.reports import Reports

WORTH_A_PROCESS = 2_000
"""Events after which folding begins while more of them come."""
_LARGE = 4_000_000
"""Bytes of a file that is sure to hold that many: for it folding is made ready before anything was read."""

_Sources = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE…",
        help="An event file (.bp), a submit directory, a stampede database (a file or its URL).",
    ),
]
_Namespace = Annotated[
    str,
    typer.Option(metavar="NAME", help="The project or group that the runs belong to.", show_default=False),
]
_Workflow = Annotated[
    str | None,
    typer.Option(metavar="UUID", help="Of a database with several: only this one and those of its tree."),
]
_Roles = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="The abstract workflow that was run: which task reads and which writes a file, where an event "
        "file or a database does not say.",
    ),
]


def import_(
    context: typer.Context,
    sources: _Sources,
    workflow: _Workflow = None,
    timezone: Timezone = None,
    roles_from: _Roles = None,
    namespace: _Namespace = "",
    as_json: Json = False,
) -> None:
    """Import runs of Pegasus: again, or from another source of the same run, adds only what is new."""
    house: House = context.obj
    imported = Imported()
    reports = Reports(_tell)
    with folding_beside(house.settings) as folding, _showing() as show:
        opened = [recognise(source, reports, Wishes(workflow, timezone)) for source in sources]
        if any(map(_is_large, sources)):
            folding.begin()
        if roles_from is not None:
            # loaded where it is wanted, with the readers of workflows that it needs
            from monitor.pegasus.abstract_roles import WithRoles

            opened = [WithRoles(source, roles_from, reports) for source in opened]

        def progressed(name: str, so_far: Imported) -> None:
            show(name, so_far)
            if so_far.added + so_far.refined > WORTH_A_PROCESS:
                folding.begin()

        for source in opened:
            import_source(
                source,
                house.prompt_log,
                reports,
                imported,
                namespace=namespace or house.settings["namespace"],
                progress=partial(progressed, source.name),
            )
    _tell_of_missing_roles(imported.without_roles)
    if as_json:
        print_json(imported)
    else:
        _print(imported)


def _tell_of_missing_roles(runs: Sequence[str]) -> None:
    """Say once of which runs nobody told the files' roles; of many, the first is named."""
    if runs:
        which = f"run {runs[0]}" if len(runs) == 1 else f"run {runs[0]} and {len(runs) - 1} more"
        _tell(
            f"{which}: nothing tells which task reads and writes which file, so there is no lineage yet; "
            "the submit directory does (import that, too), or the abstract workflow (--roles-from FILE)"
        )


def _is_large(source: str) -> bool:
    path = Path(source)
    return path.is_file() and path.stat().st_size > _LARGE


def _tell(message: str) -> None:
    error_console().print(printable(message), soft_wrap=True)


@contextmanager
def _showing() -> Iterator[Callable[[str, Imported], None]]:
    """A listener that shows on stderr how many events there are so far."""
    columns = (SpinnerColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    screen = error_console()
    with Bar(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task("", total=None)

        def show(name: str, so_far: Imported) -> None:
            events = so_far.added + so_far.refined + so_far.known
            bar.update(task, description=printable(f"{name}: {events} events"))

        yield show


def _print(imported: Imported) -> None:
    out = console()
    out.print(
        facts(
            {
                "runs": len(imported.runs),
                "events added": imported.added,
                "refined": imported.refined,
                "already known": imported.known,
                "contradictions": imported.contradicted,
                "unreadable": imported.unreadable,
            }
        )
    )
    for each in imported.contradictions:
        text = f"{each.subject}: {each.fact} {each.field} is {each.kept}, not {each.offered}"
        out.print(printable(text), soft_wrap=True)
    if imported.contradicted > len(imported.contradictions):
        out.print(f"and {imported.contradicted - len(imported.contradictions)} more contradictions")
