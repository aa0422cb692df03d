"""What may be wrong after a campaign; each question answers with what it found, nothing if all is well."""

import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from eventlog.errors import UnavailableError
from eventlog.event import Event
from eventlog.log import EventLog, read_all
from eventlog.memory import MemoryLog
from projections.digest import digest_group
from projections.groups import GROUPS
from projections.projector import Projector
from projections.store import ViewStore
from projections.verify import verify_views
from tests.chaos.stories import run_of, story

Stories = Mapping[str, int]
"""How many stories each producer has told, by its name."""

_GONE_WITHIN = 5.0


def lost_or_overtaken(log: EventLog, stories: Stories) -> list[str]:
    """Acknowledged events that the log lacks, and events that came before earlier ones of their key."""
    kept: dict[str, dict[uuid.UUID, None]] = {}
    for record in read_all(log):
        kept.setdefault(record.key, {}).setdefault(record.id)
    found = []
    for key, events in _told(stories):
        expected, there = [event.id for event in events], list(kept.get(key, {}))
        if there != expected:
            missing = len(set(expected) - set(there))
            found.append(f"the log has {key} otherwise than it was told: {missing} events are missing")
    return found


def duplicates(log: EventLog) -> int:
    """How many records of the log repeat an earlier one."""
    names = [(record.key, record.id) for record in read_all(log)]
    return len(names) - len(set(names))


def unlike_the_fold(log: EventLog, store: ViewStore) -> list[str]:
    """Views that are not the clean fold of the log."""
    return [
        f"the {verdict.group} views are not the fold of the log up to {verdict.position}: {verdict.different}"
        for verdict in verify_views(log, store)
        if not verdict.holds
    ]


def unlike_the_stories(store: ViewStore, stories: Stories, folder: Path) -> list[str]:
    """Views that are not those of a log to which everything was told once, in order."""
    told = MemoryLog()
    for _, events in _told(stories):
        told.append(events)
    with closing(ViewStore.open(folder)) as clean:
        Projector(told, clean).catch_up()
        expected = _digests(clean)
    return [
        f"{table} is not what was told"
        for table, digest in _digests(store).items()
        if digest != expected[table]
    ]


def behind(log: EventLog, store: ViewStore, seconds: float) -> list[str]:
    """Views that followers do not bring to the head of the log in so many seconds."""
    end, head = time.monotonic() + seconds, log.head()
    while True:
        late = [g.name for g in GROUPS if not store.checkpoint(g.name).position.reaches(head)]
        if not late or time.monotonic() > end:
            break
        time.sleep(0.1)
    return [f"the {name} views stand at {store.checkpoint(name).position}, not at {head}" for name in late]


def left_behind(store: ViewStore, partitions: Iterable[int]) -> list[str]:
    """Claims and locks of processes that are gone, and views that nobody reads."""
    found = [*_held(store, partitions)]
    for group in GROUPS:
        others = [name for name in store.storage.generations(group) if name != store.live(group)]
        if others:
            found.append(f"views were left: {others}")
    return found


def _held(store: ViewStore, partitions: Iterable[int]) -> Iterator[str]:
    with closing(store.storage.claims()) as claims:
        end = time.monotonic() + _GONE_WITHIN
        # a server notices the end of its clients a moment later
        while claims.members() > 1 and time.monotonic() < end:
            time.sleep(0.1)
        if claims.members() > 1:
            yield f"{claims.members() - 1} followers are still counted"
        held = [partition for partition in partitions if not claims.take(partition)]
        if held:
            yield f"partitions {held} are still claimed"
    for group in GROUPS:
        try:
            with ExitStack() as entered:
                entered.enter_context(store.storage.rebuilding(group))
        except UnavailableError as error:
            yield str(error)


def unexpected_words(texts: Mapping[str, str], words: Sequence[str]) -> list[str]:
    """What no process should ever have said."""
    return [
        f"{name} said {word!r}: …{text[text.index(word) :][:1500]}"
        for name, text in texts.items()
        for word in words
        if word in text
    ]


def _told(stories: Stories) -> Iterator[tuple[str, Sequence[Event]]]:
    for producer, count in stories.items():
        for number in range(count):
            yield run_of(producer, number), story(producer, number)


def _digests(store: ViewStore) -> dict[str, str]:
    found: dict[str, str] = {}
    for group in GROUPS:
        with store.reading(group.name) as connection:
            found |= {f"{group.name}.{k}": v for k, v in digest_group(connection, group).items()}
    return found
