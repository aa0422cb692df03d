"""Folding in a process of its own beside a command that appends much, so that both processors are used."""

import logging
import multiprocessing
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event

from eventlog.errors import HoofprintError
from hoofprint.app.house import House
from hoofprint.app.settings import Settings

_LOOK_EVERY = 0.1
_logger = logging.getLogger("hoofprint.folding")


class FoldingBeside:
    """Folds what comes into the log; begun where it is worth a process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        context = multiprocessing.get_context("spawn")
        self._stop = context.Event()
        self._process = context.Process(target=_fold, args=(settings, self._stop), daemon=True)

    def begin(self) -> None:
        """Start, unless it runs already."""
        if self._process.pid is None:
            self._process.start()

    def end(self) -> None:
        """Wait until everything is folded that is in the log by now."""
        if self._process.pid is not None:
            self._stop.set()
            self._process.join()


@contextmanager
def folding_beside(settings: Settings) -> Iterator[FoldingBeside]:
    """Something that folds, if it is begun, until the command has done its work."""
    folding = FoldingBeside(settings)
    try:
        yield folding
    finally:
        folding.end()


def _fold(settings: Settings, stop: Event) -> None:
    # loaded in this process alone: a database toolkit takes longer than the command's other modules
    from projections.projector import BATCH_SIZE, Projector

    # An interrupt is for the command, which stops this process in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    command = multiprocessing.parent_process()
    house = House(settings)
    try:
        projector = Projector(house.direct_log, house.store)
        stopped, folded = False, 0
        while not stopped and command is not None and command.is_alive():
            stopped = stop.wait(_LOOK_EVERY)
            end = sum(house.direct_log.head().offsets.values())
            if stopped or end - folded >= BATCH_SIZE:
                projector.catch_up()
                folded = end
    except HoofprintError as error:
        # whoever reads next folds the rest, and says what is wrong
        _logger.warning("not everything could be folded yet: %s", error)
    finally:
        house.close()
