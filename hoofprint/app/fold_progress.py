"""The display of a long walk over events: how many, how far to go."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from eventlog.log import Position
from hoofprint.app.output import error_console


class Advance(Protocol):
    """How far a walk is: events so far, and the positions it runs between."""

    @property
    def events(self) -> int: ...
    @property
    def position(self) -> Position: ...
    @property
    def head(self) -> Position: ...


@contextmanager
def showing_fold() -> Iterator[Callable[[Advance], None]]:
    """A listener for a projector, an export or an import that moves a bar on stderr."""
    columns = (BarColumn(30), TaskProgressColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    console = error_console()
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)

        def listen(progress: Advance) -> None:
            bar.update(
                task,
                total=_sum(progress.head),
                completed=_sum(progress.position),
                description=f"{progress.events} events",
            )

        yield listen


def _sum(position: Position) -> int:
    return sum(position.offsets.values())
