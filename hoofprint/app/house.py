"""Joins the rooms for one command: opens log and views where the settings say, and folds what is new."""

import socket
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from eventlog.archive.archived_log import ArchivedLog
from eventlog.archive.manifest import MANIFEST
from eventlog.event import Observer
from eventlog.log import EventLog
from eventlog.opening import open_log
from hoofprint.app.settings import Settings

if TYPE_CHECKING:
    from projections.store import ViewStore


class House:
    """Log, views and identity of one command; opened when first used, closed by ``close``."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._opened: list[Callable[[], None]] = []

    @cached_property
    def log(self) -> EventLog:
        """The event log that the settings name, with its archive where they name one."""
        folder = self.archive
        if folder is None:
            return self.live_log
        log = ArchivedLog(folder, self.live_log)
        self._opened.append(log.close)
        return log

    @cached_property
    def live_log(self) -> EventLog:
        """The event log that the settings name, by itself."""
        log = open_log(self.settings["log"])
        self._opened.append(log.close)
        return log

    @property
    def archive(self) -> Path | None:
        """The archive that the settings name, None where there is none yet."""
        folder = Path(self.settings["archive"]).expanduser()
        return folder if self.settings["archive"] and (folder / MANIFEST).exists() else None

    @cached_property
    def store(self) -> "ViewStore":
        """The views that the settings name, as they are."""
        # loaded when needed: a database toolkit takes longer than most of what does without one
        from projections.store import ViewStore

        store = ViewStore.open(self.settings["views"])
        self._opened.append(store.close)
        return store

    def folded(self) -> "ViewStore":
        """The views with everything folded that the log holds now."""
        from projections.projector import Projector

        Projector(self.log, self.store).catch_up()
        return self.store

    def observer(self, root: str, *, namespace: str | None = None) -> Observer:
        """Who speaks when this command emits events of the workflow tree ``root``."""
        return Observer(
            source=f"hoofprint@{socket.gethostname()}",
            actor=self.settings["actor"],
            root=root,
            namespace=namespace or self.settings["namespace"],
        )

    def close(self) -> None:
        """Let go of everything that was opened."""
        while self._opened:
            self._opened.pop()()


def now() -> int:
    """The time, in microseconds since the epoch."""
    return time.time_ns() // 1000
