"""The live display of a run: one line that moves, and a line for each failure."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from hoofprint.app.output import error_console, printable
from monitor.progress import JobFailure, Progress, ProgressListener

_NAMES_SHOWN = 3


class FailureLines:
    """Prints failures and nothing else: for a stderr that is no terminal; a ``ProgressListener``."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def progressed(self, progress: Progress) -> None:
        """Say nothing."""

    def failed(self, failure: JobFailure) -> None:
        """Print a failed attempt."""
        self._console.print(_failure_text(failure), soft_wrap=True)


class RunDisplay:
    """Shows a run's progress on stderr; a ``ProgressListener``."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self._task = bar.add_task("", total=None)

    def progressed(self, progress: Progress) -> None:
        """Move the bar."""
        counts = progress.counts
        self._bar.update(
            self._task,
            total=counts.total,
            completed=counts.succeeded + counts.failed,
            description=_running(progress),
        )

    def failed(self, failure: JobFailure) -> None:
        """Print a failed attempt above the bar."""
        self._bar.console.print(_failure_text(failure), soft_wrap=True)


@contextmanager
def showing_progress(quiet: bool) -> Iterator[ProgressListener | None]:
    """The display for one run; None where nothing shall be shown."""
    if quiet:
        yield None
        return
    console = error_console()
    if not console.is_terminal:
        yield FailureLines(console)
        return
    # plain text columns: job names are foreign text, and markup in them must stay text
    columns = (
        BarColumn(30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Bar(*columns, console=console, transient=True) as bar:
        yield RunDisplay(bar)


def _running(progress: Progress) -> str:
    names = progress.running[:_NAMES_SHOWN]
    more = len(progress.running) - len(names)
    text = ", ".join(names) + (f" and {more} more" if more > 0 else "")
    if progress.counts.failed:
        text += f"; {progress.counts.failed} failed"
    return printable(text)


def _failure_text(failure: JobFailure) -> str:
    what = "failed" if failure.final else "failed, is tried again"
    reason = failure.problem or failure.stderr_tail.strip().rpartition("\n")[2]
    return printable(f"{failure.job} (attempt {failure.attempt}) {what}: {reason}")
