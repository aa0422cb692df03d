"""Merges what a source tells with what the log holds: nothing twice, gaps filled, contradictions counted.

Of two accounts of one fact that contradict each other the first stays. One that only says more (a field that
was empty, a time to the millisecond in place of the second) is stated in the next revision.
"""

from dataclasses import dataclass, field, replace
from typing import NamedTuple
from uuid import UUID

from eventlog.codec import Codec, encode
from eventlog.event import Event, Observer, ordinal_of
from eventlog.facts import ChecksumComputed, Fact, JobNoted, MetadataRegistered, Tag, Tagged
from eventlog.identity import event_id
from eventlog.log import EventLog, Position, Record, read_all
from eventlog.redaction import is_tombstone
from monitor.pegasus.comparing import TIMED, Difference, merge_facts
from monitor.pegasus.translation.attempt_trace import ENDS_OF_NOTES

SHORTEST_CUT = 245
"""Characters to which the reference's database cuts the values of metadata."""

_NOBODY = 0
"""Who said it, where a source does not name the attempt."""

MOST_SHOWN = 20
"""Contradictions that are kept with both values; the others are counted."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A fact that the log says otherwise; ``subject`` is run, job and attempt."""

    subject: str
    fact: str
    field: str
    kept: str
    offered: str


@dataclass(slots=True)
class Counts:
    """What became of the events that were offered."""

    added: int = 0
    refined: int = 0
    known: int = 0
    contradicted: int = 0
    contradictions: list[Contradiction] = field(default_factory=list)


class _Kept(NamedTuple):
    """What is remembered of an event of the log: a digest of its body, its time, and where it stands."""

    digest: int
    time: int
    partition: int
    offset: int


class Merger:
    """Holds events against the log, root by root.

    Of a root that the log does not know everything is new: nothing is looked up. Of others, ids and digests
    are kept in memory, and a body is read again only where another one is offered.
    """

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._roots: dict[tuple[str, str], _KnownRoot | None] = {}
        self._counts = Counts()

    def new(self, event: Event) -> Event | None:
        """The event, where the log lacks it; a revised one, where the event says more; else None."""
        root = self._root(event)
        if root is None:
            self._counts.added += 1
            return event
        last = root.last_revision(event)
        if isinstance(event.fact, MetadataRegistered):
            return self._unsaid(root, last, event, event.fact)
        if last is not None:
            return self._merged(root, last, event)
        if root.has_digest(event.fact) or root.has_end(event):
            self._counts.known += 1
            return None
        self._counts.added += 1
        return event

    def look_again(self) -> None:
        """Hold what comes from now on against what the log holds by now."""
        self._roots.clear()

    def take_counts(self) -> Counts:
        """What was counted since it was asked last."""
        counts, self._counts = self._counts, Counts()
        return counts

    def _root(self, event: Event) -> "_KnownRoot | None":
        key = (event.namespace, event.key)
        if key not in self._roots:
            known = _KnownRoot(self._log, event.key, event.namespace)
            self._roots[key] = None if known.is_empty else known
        return self._roots[key]

    def _unsaid(
        self, root: "_KnownRoot", last: "_Revision | None", event: Event, fact: MetadataRegistered
    ) -> Event | None:
        """What of the metadata nobody has said yet: another source, or another attempt, may have."""
        items, differences = [], []
        for item in fact.items:
            tags = []
            for tag in item.tags:
                said = root.said(fact, item, tag)
                if said is None or (last is None and not _is_said(tag.text, said)):
                    tags.append(tag)
                elif not _is_said(tag.text, said):
                    differences.append(Difference(f"{item.name} {tag.key}".strip(), said[0], tag.text))
            if tags:
                items.append(replace(item, tags=tuple(tags)))
        if differences:
            self._contradicted(event, tuple(differences))
        if not items:
            self._counts.known += 1
            return None
        if last is None:
            self._counts.added += 1
            return replace(event, fact=replace(fact, items=tuple(items)))
        self._counts.refined += 1
        return _revised(event, replace(fact, items=tuple(items), revision=last.revision + 1), event.time)

    def _merged(self, root: "_KnownRoot", last: "_Revision", offered: Event) -> Event | None:
        if root.is_same(last, offered):
            self._counts.known += 1
            return None
        known = root.read(last)
        if known is None:
            # redacted: what was taken away is not said again
            self._counts.known += 1
            return None
        merged = merge_facts(known.fact, known.time, offered.fact, offered.time)
        if merged.differences:
            self._contradicted(offered, merged.differences)
        if not merged.says_more:
            self._counts.known += 1
            return None
        self._counts.refined += 1
        revised = _revised(offered, replace(merged.fact, revision=last.revision + 1), merged.time)
        root.remember(revised)
        return revised

    def _contradicted(self, event: Event, differences: tuple[Difference, ...]) -> None:
        self._counts.contradicted += 1
        room = MOST_SHOWN - len(self._counts.contradictions)
        for difference in differences[:room] if room > 0 else ():
            self._counts.contradictions.append(
                Contradiction(
                    event.subject, event.type, difference.field, difference.kept, difference.offered
                )
            )


class _Revision(NamedTuple):
    """An event of the log by its id, and which revision of its fact it is."""

    id: UUID
    revision: int


class _KnownRoot:
    """What the log holds of one workflow tree."""

    def __init__(self, log: EventLog, root: str, namespace: str) -> None:
        self._log = log
        self._codec = Codec(log)
        self._root = root
        self._kept: dict[bytes, _Kept] = {}
        self._revised: dict[bytes, Event] = {}
        self._said: dict[int, tuple[tuple[int, str], ...]] = {}
        self._digests: set[int] = set()
        for record in read_all(log, key=root):
            if record.namespace == namespace:
                self._keep(record)

    @property
    def is_empty(self) -> bool:
        """Whether the log knows nothing of it."""
        return not self._kept

    def has_digest(self, fact: Fact) -> bool:
        """Whether this is a file's digest that a job told already, from a source that knows no job."""
        return isinstance(fact, ChecksumComputed) and not fact.job and _digest_key(fact) in self._digests

    def has_end(self, event: Event) -> bool:
        """Whether this notes something as going on of which the end is known."""
        fact = event.fact
        if not isinstance(fact, JobNoted) or fact.note not in ENDS_OF_NOTES:
            return False
        kind, ordinal = ENDS_OF_NOTES[fact.note]
        end = event_id(
            kind.__name__, root=event.key, run=fact.run, job=fact.job, attempt=fact.attempt, ordinal=ordinal
        )
        return end.bytes in self._kept

    def said(self, fact: MetadataRegistered, item: Tagged, tag: Tag) -> tuple[str, ...] | None:
        """Every value that was said under a key of something, by whatever source.

        What another attempt said does not count for one that speaks itself: both did.
        """
        said = self._said.get(_key(fact.run, item, tag), ())
        speaker = _speaker(fact)
        values = tuple(text for who, text in said if speaker in (who, _NOBODY) or who == _NOBODY)
        return values or None

    def last_revision(self, event: Event) -> _Revision | None:
        """The highest revision of the event's fact that the log holds."""
        found, revision = None, 0
        while True:
            identity = _identity(event, revision)
            if identity.bytes not in self._kept:
                return found
            found = _Revision(identity, revision)
            revision += 1

    def is_same(self, last: _Revision, offered: Event) -> bool:
        """Whether the log says just that."""
        kept = self._kept[last.id.bytes]
        if kept.time != offered.time and type(offered.fact) in TIMED:
            return False
        return kept.digest == hash(encode(replace(offered.fact, revision=last.revision)))

    def read(self, last: _Revision) -> Event | None:
        """The event of the log; None where it was redacted."""
        revised = self._revised.get(last.id.bytes)
        if revised is not None:
            return revised
        kept = self._kept[last.id.bytes]
        records = self._log.read(Position({kept.partition: kept.offset}), 1, key=self._root).records
        record = next(record for record in records if record.id == last.id)
        return None if is_tombstone(record.body) else self._codec.decode(record)

    def remember(self, event: Event) -> None:
        """Count an event as held that is about to be appended."""
        self._kept[event.id.bytes] = _Kept(hash(encode(event.fact)), event.time, -1, -1)
        self._revised[event.id.bytes] = event

    def _keep(self, record: Record) -> None:
        self._kept[record.id.bytes] = _Kept(hash(record.body), record.time, record.partition, record.offset)
        if record.type in _LEARNT and not is_tombstone(record.body):
            fact = self._codec.decode(record).fact
            if isinstance(fact, MetadataRegistered):
                self._learn(fact)
            elif isinstance(fact, ChecksumComputed) and fact.lfn is not None:
                self._digests.add(_digest_key(fact))

    def _learn(self, fact: MetadataRegistered) -> None:
        speaker = _speaker(fact)
        for item in fact.items:
            for tag in item.tags:
                key = _key(fact.run, item, tag)
                self._said[key] = (*self._said.get(key, ()), (speaker, tag.text))


_LEARNT = frozenset((MetadataRegistered.__name__, ChecksumComputed.__name__))


def _digest_key(fact: ChecksumComputed) -> int:
    return hash((fact.run, fact.lfn, fact.sha256))


def _key(run: str, item: Tagged, tag: Tag) -> int:
    return hash((run, item.target, item.name, tag.key))


def _speaker(fact: MetadataRegistered) -> int:
    return hash((fact.job, fact.attempt)) if fact.job else _NOBODY


def _is_said(text: str, said: tuple[str, ...]) -> bool:
    """Whether a value was said already, if need be as the beginning that a database column has room for."""
    return text in said or (len(text) >= SHORTEST_CUT and any(known.startswith(text) for known in said))


def _identity(event: Event, revision: int) -> UUID:
    fact = event.fact
    return event_id(
        event.type,
        root=event.key,
        run=fact.run,
        job=getattr(fact, "job", ""),
        attempt=getattr(fact, "attempt", 0),
        ordinal=ordinal_of(fact),
        revision=revision,
    )


def _revised(event: Event, fact: Fact, time: int) -> Event:
    return Observer(event.source, event.actor, event.key, event.namespace).event(fact, time)
