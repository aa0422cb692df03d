"""Brings into the log what workflows write into their submit directories, as they write it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from eventlog.event import Event
from eventlog.log import EventLog
from monitor.pegasus.merging import Merger
from monitor.pegasus.reports import Reports
from monitor.pegasus.submit_directory.source import SubmitDirectory
from monitor.pegasus.translation.translator import Translator

_BATCH = 500


@dataclass(slots=True)
class _Followed:
    source: SubmitDirectory
    translator: Translator


class Following:
    """Follows submit directories from their beginning; what the log holds already is not said again.

    So nothing has to be remembered from one process to the next: killed and started again, it reads anew and
    goes on where the log ends.
    """

    def __init__(
        self, sources: Sequence[SubmitDirectory], log: EventLog, reports: Reports, namespace: str
    ) -> None:
        self._followed = [_Followed(source, Translator(reports, namespace)) for source in sources]
        self._log = log
        self._merger = Merger(log)

    @property
    def is_running(self) -> bool:
        """Whether any of the workflows has not ended, as far as it was read."""
        return any(each.source.is_running for each in self._followed)

    def step(self) -> Iterator[Sequence[Event]]:
        """Append what was written since the last time; each batch is given when it is durable.

        Raises ``InputError`` for a directory that cannot be read, and what the log raises.
        """
        for each in self._followed:
            yield from self._appended(self._told(each))

    def finish(self) -> Iterator[Sequence[Event]]:
        """Append what waits for more, where nothing more is waited for; a restart may still come."""
        for each in self._followed:
            told = (e for record in each.source.rest() for e in each.translator.translate(record))
            yield from self._appended(chain(told, each.translator.finish()))

    def close(self) -> None:
        """Let go of every file."""
        for each in self._followed:
            each.source.close()

    @staticmethod
    def _told(each: _Followed) -> Iterator[Event]:
        is_quiet = True
        for record in each.source.read_on():
            is_quiet = False
            yield from each.translator.translate(record)
        if is_quiet:
            yield from each.translator.settle()

    def _appended(self, events: Iterable[Event]) -> Iterator[Sequence[Event]]:
        batch: list[Event] = []
        for event in events:
            new = self._merger.new(event)
            if new is not None:
                batch.append(new)
            if len(batch) >= _BATCH:
                yield self._append(batch)
                batch = []
        if batch:
            yield self._append(batch)

    def _append(self, batch: list[Event]) -> Sequence[Event]:
        self._log.append(batch)
        return batch
