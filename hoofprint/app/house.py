"""Joins the rooms for one command: opens log and views where the settings say, and folds what is new."""

import logging
import socket
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from eventlog.clock import now
from eventlog.event import Observer
from eventlog.log import EventLog
from eventlog.opening import is_remote, open_log
from eventlog.spool import PromptLog, SpoolingLog, spool_metrics
from eventlog.spool_drainer import SpoolDrainer
from eventlog.spool_file import Bounds, SpoolFile
from hoofprint.app.settings import Settings

if TYPE_CHECKING:
    from projections.store import ViewStore

T = TypeVar("T")
_logger = logging.getLogger("hoofprint.spool")


class House:
    """Log, views and identity of one command; opened when first used, closed by ``close``."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._opened = ExitStack()
        self._drainer: SpoolDrainer | None = None

    @cached_property
    def log(self) -> EventLog:
        """The event log that the settings name; one on another host with this host's spool before it."""
        return self._spooling or self.direct_log

    @cached_property
    def prompt_log(self) -> EventLog:
        """The event log for those who must not spool: an append is in the log, or fails."""
        return PromptLog(self._spooling) if self._spooling else self.direct_log

    @cached_property
    def _spooling(self) -> SpoolingLog | None:
        location = self.settings["log"]
        if not is_remote(location):
            return None
        spool = SpoolFile.open(Path(self.settings["spool"]).expanduser())
        bounds = Bounds(self.settings.count("spool_events"), self.settings.count("spool_bytes"))
        # The place alone: how it is reached may change while events wait for it.
        log = SpoolingLog(lambda: self.direct_log, location.partition("?")[0], spool, bounds=bounds)
        self._opened.callback(log.close)
        self._drainer = SpoolDrainer(log)
        return log

    def spool_metrics(self) -> Mapping[str, float]:
        """What waits in this host's spool, as ``/metrics`` shows it; empty where the log needs none."""
        return spool_metrics(self._spooling.state(), now()) if self._spooling else {}

    @cached_property
    def direct_log(self) -> EventLog:
        """The event log that the settings name, with its archive where they name one."""
        folder = self.archive
        if folder is None:
            return self.live_log
        # loaded where there is one: reading Avro's files is for them alone
        from eventlog.archive.archived_log import ArchivedLog

        log = ArchivedLog(folder, self.live_log)
        self._opened.callback(log.close)
        return log

    @cached_property
    def live_log(self) -> EventLog:
        """The event log that the settings name, by itself."""
        log = open_log(self.settings["log"])
        self._opened.callback(log.close)
        return log

    @property
    def archive(self) -> Path | None:
        """The archive that the settings name, None where there is none yet."""
        if not self.settings["archive"]:
            return None
        from eventlog.archive.manifest import MANIFEST

        folder = Path(self.settings["archive"]).expanduser()
        return folder if (folder / MANIFEST).exists() else None

    @cached_property
    def store(self) -> "ViewStore":
        """The views that the settings name, as they are."""
        # loaded when needed: a database toolkit takes longer than most of what does without one
        from projections.store import ViewStore

        store = ViewStore.open(self.settings["views"])
        self._opened.callback(store.close)
        return store

    def folded(self) -> "ViewStore":
        """The views with everything folded that the log holds now."""
        from projections.projector import Projector

        Projector(self.log, self.store).catch_up()
        return self.store

    def keep(self, opening: AbstractContextManager[T]) -> T:
        """Open something that stays open until this command ends."""
        return self._opened.enter_context(opening)

    def observer(self, root: str, *, namespace: str | None = None) -> Observer:
        """Who speaks when this command emits events of the workflow tree ``root``."""
        return Observer(
            source=f"hoofprint@{socket.gethostname()}",
            actor=self.settings["actor"],
            root=root,
            namespace=namespace or self.settings["namespace"],
        )

    def close(self) -> None:
        """Let go of everything that was opened; what still waits in the spool is told."""
        if self._drainer is not None:
            self._drainer.close()
            self._drainer = None
            self._tell_what_waits()
        self._opened.close()

    def _tell_what_waits(self) -> None:
        left = self._spooling.state().events if self._spooling else 0
        if left:
            _logger.warning("%d events wait in the spool: hoofprint log drain brings them to the log", left)
