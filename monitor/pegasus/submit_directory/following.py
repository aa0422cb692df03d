"""Brings into the log what workflows write into their submit directories, as they write it."""

from collections.abc import Iterable, Iterator, Sequence

from eventlog.errors import InputError
from eventlog.event import Event
from eventlog.log import Appended, EventLog
from monitor.pegasus.merging import Merger
from monitor.pegasus.reports import Reports
from monitor.pegasus.submit_directory.source import SubmitDirectory
from monitor.pegasus.translation.translator import Translator

_BATCH = 500
_MOST_SKIPPED = 64


class _Followed:
    """One directory, and what was made of it so far.

    ``trouble`` is why it could not be read the last time.
    """

    def __init__(self, source: SubmitDirectory, log: EventLog, reports: Reports, namespace: str) -> None:
        self.source = source
        self._log, self._reports, self._namespace = log, reports, namespace
        self.trouble = ""
        self._skips = self._skipped = 0
        self._is_finished = False
        self._translator = Translator(reports, namespace)
        self._merger = Merger(log)

    def told(self) -> Iterator[Event]:
        """What was written since the last time, and where the run has ended then, what only the end tells."""
        if self._skipped < self._skips:
            self._skipped += 1
            return
        try:
            yield from self._told()
        except (InputError, OSError) as error:
            self._begin_again(str(error))
        else:
            self.trouble, self._skips = "", 0

    def rest(self) -> Iterator[Event]:
        """What is left where nothing more is waited for."""
        if not self._is_finished:
            self._is_finished = True
            for record in self.source.rest():
                yield from self._translator.translate(record)
            yield from self._translator.finish()

    def merged(self, event: Event) -> Event | None:
        """What of an event the log lacks."""
        return self._merger.new(event)

    def look_again(self) -> None:
        """Hold what comes from now on against what the log holds by now."""
        self._merger.look_again()

    def _told(self) -> Iterator[Event]:
        is_quiet = True
        for record in self.source.read_on():
            is_quiet = self._is_finished = False
            yield from self._translator.translate(record)
        if not self.source.is_running:
            yield from self.rest()
            if self.source.is_overtaken:
                # All is read anew, the next time, for what was waited for in vain and is there by now.
                self._begin()
        elif is_quiet:
            yield from self._translator.settle()

    def _begin_again(self, trouble: str) -> None:
        """After an error everything is read anew, less and less often: it may last."""
        if trouble != self.trouble:
            self._reports.note(f"{trouble}: tried again")
        self.trouble = trouble
        self._skips, self._skipped = min(2 * self._skips + 1, _MOST_SKIPPED), 0
        self._begin()

    def _begin(self) -> None:
        self.source.close()
        self._is_finished = False
        self._translator = Translator(self._reports, self._namespace)
        self._merger = Merger(self._log)


class Following:
    """Follows submit directories from their beginning; what the log holds already is not said again.

    So nothing has to be remembered from one process to the next: killed and started again, it reads anew and
    goes on where the log ends. A directory that cannot be read is tried again, and keeps no other waiting.
    """

    def __init__(
        self, sources: Sequence[SubmitDirectory], log: EventLog, reports: Reports, namespace: str
    ) -> None:
        self._followed = [_Followed(source, log, reports, namespace) for source in sources]
        self._log = log

    @property
    def is_running(self) -> bool:
        """Whether any of the workflows has not ended, as far as it was read."""
        return any(each.source.is_running for each in self._followed)

    @property
    def trouble(self) -> str:
        """Why one of the directories could not be read the last time; empty where all could be."""
        return next((each.trouble for each in self._followed if each.trouble), "")

    def step(self) -> Iterator[Sequence[Event]]:
        """Append what was written since the last time; each batch is given when it is durable.

        Raises what the log raises.
        """
        for each in self._followed:
            yield from self._appended(each, each.told())

    def finish(self) -> Iterator[Sequence[Event]]:
        """Append what waits for more, of runs that have not ended, too; they may go on.

        Raises ``InputError`` for a directory that cannot be read, and what the log raises.
        """
        for each in self._followed:
            yield from self._appended(each, each.rest())

    def close(self) -> None:
        """Let go of every file."""
        for each in self._followed:
            each.source.close()

    def _appended(self, followed: _Followed, events: Iterable[Event]) -> Iterator[Sequence[Event]]:
        batch: list[Event] = []
        for event in events:
            new = followed.merged(event)
            if new is not None:
                batch.append(new)
            if len(batch) >= _BATCH:
                yield self._append(followed, batch)
                batch = []
        if batch:
            yield self._append(followed, batch)

    def _append(self, followed: _Followed, batch: list[Event]) -> Sequence[Event]:
        appended = self._log.append(batch)
        if isinstance(appended, Appended) and appended.conflicts:
            followed.look_again()
            self._log.append([new for new in map(followed.merged, batch) if new is not None])
        return batch
