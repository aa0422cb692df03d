"""The display of a long fold: how many events, how far to go."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from eventlog.log import Position
from hoofprint.app.output import error_console
from projections.projector import Progress


@contextmanager
def showing_fold() -> Iterator[Callable[[Progress], None]]:
    """A listener for a projector that moves a bar on stderr."""
    columns = (BarColumn(30), TaskProgressColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Bar(*columns, console=error_console(), transient=True) as bar:
        task = bar.add_task("", total=None)

        def listen(progress: Progress) -> None:
            bar.update(
                task,
                total=_sum(progress.head),
                completed=_sum(progress.position),
                description=f"{progress.events} events",
            )

        yield listen


def _sum(position: Position) -> int:
    return sum(position.offsets.values())
