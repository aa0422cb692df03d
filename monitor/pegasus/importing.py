"""Brings one source into the log: records to events, merged with what the log holds, in batches."""

from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from eventlog.collector import collector_paused
from eventlog.event import DEFAULT_NAMESPACE, Event
from eventlog.facts import Fact, FilesDeclared, JobsPlanned, TasksDeclared, WorkflowPlanned
from eventlog.log import Appended, EventLog
from monitor.pegasus.merging import MOST_SHOWN, Contradiction, Merger
from monitor.pegasus.records import RecordSource
from monitor.pegasus.reports import Reports
from monitor.pegasus.translation.translator import Translator

BATCH_SIZE = 4_000

_ITEMS_OF: Mapping[type[Fact], Callable[[Any], Sized]] = {
    FilesDeclared: attrgetter("files"),
    TasksDeclared: attrgetter("tasks"),
    JobsPlanned: attrgetter("jobs"),
}
"""What makes an event of a plan a large one."""
_ITEMS_AN_EVENT = 2
"""So many of them take about the room of another event."""


@dataclass(slots=True)
class Imported:
    """What an import came to.

    ``added`` events say something new, ``refined`` ones say more than an event before them, ``known`` ones
    were in the log already; ``contradictions`` are the first of ``contradicted`` facts that the log says
    otherwise, and that stay as they are. ``runs`` are those that were spoken of, ``without_roles`` those of
    which nobody told which task reads and writes which file; ``unreadable`` counts what could not be used.
    """

    added: int = 0
    refined: int = 0
    known: int = 0
    contradicted: int = 0
    unreadable: int = 0
    runs: list[str] = field(default_factory=list)
    without_roles: list[str] = field(default_factory=list)
    contradictions: list[Contradiction] = field(default_factory=list)


@collector_paused()
def import_source(
    source: RecordSource,
    log: EventLog,
    reports: Reports,
    imported: Imported,
    *,
    namespace: str = DEFAULT_NAMESPACE,
    progress: Callable[[Imported], None] | None = None,
) -> None:
    """Append what a source tells and the log does not hold; counts are added to ``imported``.

    What was appended is durable: killed in the midst and started again, it goes on where it was. Raises what
    the source and the log raise.
    """
    merger, runs = Merger(log), set(imported.runs)
    before = reports.unreadable_lines
    batch: list[Event] = []
    room = BATCH_SIZE
    for event in _events(source, reports, namespace):
        if event.fact.run not in runs:
            runs.add(event.fact.run)
            imported.runs.append(event.fact.run)
        new = merger.new(event)
        if new is None:
            continue
        batch.append(new)
        if isinstance(new.fact, WorkflowPlanned) and new.fact.tasks and not new.fact.files:
            imported.without_roles.append(new.fact.run)
        room -= _size(new.fact)
        if room <= 0:
            # not in a thread: that and the parsing take the interpreter from each other row by row
            _append(log, batch, merger, imported)
            batch, room = [], BATCH_SIZE
            if progress is not None:
                progress(_counted(imported, merger))
    if batch:
        _append(log, batch, merger, imported)
    imported.unreadable += reports.unreadable_lines - before
    _counted(imported, merger)


def _append(log: EventLog, batch: Sequence[Event], merger: Merger, imported: Imported) -> None:
    """Append events; of a fact that the source itself told before, and otherwise, what it says more."""
    appended = log.append(batch)
    if isinstance(appended, Appended) and appended.conflicts:
        _counted(imported, merger).added -= appended.duplicates
        merger.look_again()
        log.append([new for new in map(merger.new, batch) if new is not None])
        known = imported.known
        _counted(imported, merger).known = known + appended.duplicates - appended.conflicts


def _size(fact: Fact) -> int:
    """The room that a fact takes in memory, in events of usual size."""
    items_of = _ITEMS_OF.get(type(fact))
    return 1 if items_of is None else 1 + len(items_of(fact)) // _ITEMS_AN_EVENT


def _events(source: RecordSource, reports: Reports, namespace: str) -> Iterator[Event]:
    translator = Translator(reports, namespace)
    for record in source.records():
        yield from translator.translate(record)
    yield from translator.finish()


def _counted(imported: Imported, merger: Merger) -> Imported:
    """The counts with what a merger counted since it was asked last."""
    counts = merger.take_counts()
    imported.added += counts.added
    imported.refined += counts.refined
    imported.known += counts.known
    imported.contradicted += counts.contradicted
    room = MOST_SHOWN - len(imported.contradictions)
    imported.contradictions.extend(counts.contradictions[: max(0, room)])
    return imported
