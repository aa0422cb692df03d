"""Drains a spool while its process waits for something else: a job of hours, a caller."""

from threading import Event, Thread

from eventlog.spool import SpoolingLog

_EVERY = 1.0


class SpoolDrainer:
    """A thread that drains a batch now and then, as long as anything is spooled and the log answers."""

    def __init__(self, log: SpoolingLog, *, every: float = _EVERY) -> None:
        self._log = log
        self._every = every
        self._over = Event()
        self._thread = Thread(target=self._run, name="hoofprint-spool", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread, before its log is closed; it is in the midst of one batch at most."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.is_set():
            # As long as something goes, the next batch follows at once.
            if not self._log.drain_if_due():
                self._over.wait(self._every)
