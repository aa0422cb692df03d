"""The thread that folds while the server runs."""

import logging
import threading

from api.settings import Follow

log = logging.getLogger("hoofprint.api")

_PATIENCE = 10.0


class Following:
    """Runs ``follow`` in its own thread until stopped; ``problem`` tells why it ended by itself."""

    def __init__(self, follow: Follow | None) -> None:
        self._follow = follow
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.problem: str | None = None

    def start(self) -> None:
        """Begin to fold, where there is anything to follow with."""
        if self._follow is not None:
            self._thread = threading.Thread(target=self._run, args=(self._follow,), name="hoofprint-folding")
            self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end, and wait for it: it is in the midst of a transaction at most."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_PATIENCE)

    def _run(self, follow: Follow) -> None:
        try:
            follow(self._stop)
        except Exception as error:
            # The log first: who is told to look there finds it.
            log.exception("folding stopped")
            self.problem = f"folding stopped: {error}"
