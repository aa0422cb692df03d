"""Folding in a process of its own beside a command that appends much, so that both processors are used."""

import logging
import multiprocessing
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection

from eventlog.collector import collector_paused
from eventlog.errors import HoofprintError
from hoofprint.app.house import House
from hoofprint.app.settings import Settings

_LOOK_EVERY = 0.1
_WORTH_A_FOLD = 2_000
"""Events; fewer are left for the next look, since every fold has a price of its own."""

_logger = logging.getLogger("hoofprint.folding")


class FoldingBeside:
    """A process that waits until folding is worth its while, and then folds what comes into the log."""

    def __init__(self, settings: Settings) -> None:
        # forked while the command has opened nothing yet: it need not be loaded a second time
        context = multiprocessing.get_context("fork")
        listener, self._commands = context.Pipe(duplex=False)
        self._process = context.Process(
            target=_fold_when_told, args=(settings, listener, self._commands), daemon=True
        )
        self._process.start()
        listener.close()
        self._has_begun = False

    def begin(self) -> None:
        """Let it fold from now on."""
        if not self._has_begun:
            self._has_begun = True
            # where that process was killed, whoever reads next folds
            with suppress(BrokenPipeError):
                self._commands.send(None)

    def end(self) -> None:
        """Wait until everything is folded that is in the log by now, if it folds."""
        self._commands.close()
        self._process.join()


@contextmanager
def folding_beside(settings: Settings) -> Iterator[FoldingBeside]:
    """Something that folds, if it is begun, until the command has done its work.

    To be entered before anything is opened or a thread is started.
    """
    folding = FoldingBeside(settings)
    try:
        yield folding
    finally:
        folding.end()


def _fold_when_told(
    settings: Settings, listener: "Connection[None, None]", commands: "Connection[None, None]"
) -> None:
    # An interrupt is for the command, which stops this process in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # only where the command alone holds this end is its death seen as the end of its commands
    commands.close()
    try:
        listener.recv()
    except EOFError:
        return
    _fold(settings, listener)


@collector_paused()
def _fold(settings: Settings, listener: "Connection[None, None]") -> None:
    """Fold until the command closes its end, by its own will or because it was killed."""
    # loaded in this process alone: a database toolkit takes longer than the command's other modules
    from projections.projector import Projector

    house = House(settings)
    try:
        projector = Projector(house.direct_log, house.store)
        # whatever came while this process was made ready is folded at once: nothing else is to do
        stopped, wait, folded = False, 0.0, -_WORTH_A_FOLD
        while not stopped:
            stopped, wait = listener.poll(wait), _LOOK_EVERY
            end = sum(house.direct_log.head().offsets.values())
            if stopped or end - folded >= _WORTH_A_FOLD:
                projector.catch_up()
                # while it folded more may have come
                wait, folded = 0.0, end
    except HoofprintError as error:
        # whoever reads next folds the rest, and says what is wrong
        _logger.warning("not everything could be folded yet: %s", error)
    finally:
        house.close()
