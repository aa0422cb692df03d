"""Views folded from a log on Kafka: an event counts once, however often it is in the log."""

import dataclasses
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

import pytest
from sqlalchemy import select

from eventlog.codec import encode
from eventlog.event import Event
from eventlog.kafka import KafkaLog
from eventlog.kafka.message import to_message
from eventlog.log import read_all
from eventlog.memory import MemoryLog
from eventlog.redaction import Redacted, encode_tombstone
from projections.bookkeeping import DEAD_LETTERS, read_unhandled
from projections.digest import digest_group
from projections.groups import GROUPS
from projections.projector import Projector
from projections.store import ViewStore
from projections.verify import verify_views

pytestmark = pytest.mark.kafka
kafka = pytest.importorskip("kafka")


@pytest.fixture
def log(kafka_location: str) -> Iterator[KafkaLog]:
    """An empty log of four partitions."""
    with closing(KafkaLog.open(kafka_location)) as log:
        yield log


@pytest.fixture
def stories(story: Callable[..., object]) -> Sequence[Event]:
    """Eight runs, told side by side, as they would come from several hosts."""
    runs = [
        story(f"run-{number}", start=1000 * number).planned().ran().events  # type: ignore[attr-defined]
        for number in range(8)
    ]
    return [event for together in zip(*runs, strict=True) for event in together]


def digests(store: ViewStore) -> dict[str, str]:
    found: dict[str, str] = {}
    for group in GROUPS:
        with store.reading(group.name) as connection:
            found |= {f"{group.name}.{k}": v for k, v in digest_group(connection, group).items()}
    return found


@pytest.fixture
def once(stories: Sequence[Event], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The digests of views that were told each event once, in order."""
    told = MemoryLog()
    told.append(stories)
    with closing(ViewStore.open(tmp_path_factory.mktemp("once"))) as store:
        Projector(told, store).catch_up()
        return digests(store)


def test_an_event_that_is_sent_again_much_later_shows_once(
    store: ViewStore, log: KafkaLog, kafka_location: str, stories: Sequence[Event], once: dict[str, str]
) -> None:
    half = len(stories) // 2
    log.append(stories[:half])
    Projector(log, store, batch_size=11).catch_up()
    # a producer that never heard of its acknowledgement starts over, in another process' place
    with closing(KafkaLog.open(kafka_location)) as other:
        other.append(stories)
    assert len(list(read_all(log))) == half + len(stories)
    Projector(log, store, batch_size=11).catch_up()
    assert digests(store) == once
    assert all(verdict.holds for verdict in verify_views(log, store))


def test_views_stand_at_a_place_in_each_partition_and_go_on_from_there(
    store: ViewStore, log: KafkaLog, stories: Sequence[Event], once: dict[str, str]
) -> None:
    for start in range(0, len(stories), 40):
        log.append(stories[start : start + 40])
        Projector(log, store, batch_size=13).catch_up()
    assert len(log.head().offsets) > 1
    assert all(store.checkpoint(group.name).position == log.head() for group in GROUPS)
    assert Projector(log, store).catch_up() == 0
    assert digests(store) == once


def test_what_a_foreign_program_aborted_shows_nowhere_and_stops_nothing(
    store: ViewStore,
    log: KafkaLog,
    kafka_server: str,
    kafka_location: str,
    stories: Sequence[Event],
    once: dict[str, str],
) -> None:
    log.append(stories)
    strange = [dataclasses.replace(event, key=event.key.replace("run", "other")) for event in stories]
    with closing(
        kafka.KafkaProducer(bootstrap_servers=kafka_server, transactional_id=uuid.uuid4().hex)
    ) as foreign:
        foreign.init_transactions()
        foreign.begin_transaction()
        for event in strange:
            message = to_message(event, encode(event.fact))
            foreign.send(
                kafka_location.rpartition("/")[2], message.value, key=message.key, headers=message.headers
            )
        foreign.flush()
        foreign.abort_transaction()
    Projector(log, store, batch_size=20).catch_up()
    assert digests(store) == once
    assert all(verdict.holds for verdict in verify_views(log, store))


def test_a_message_of_another_program_is_a_dead_letter_with_its_place_and_stops_nothing(
    store: ViewStore,
    log: KafkaLog,
    kafka_server: str,
    kafka_location: str,
    stories: Sequence[Event],
    once: dict[str, str],
) -> None:
    log.append(stories[:50])
    with closing(kafka.KafkaProducer(bootstrap_servers=kafka_server)) as foreign:
        sent = foreign.send(kafka_location.rpartition("/")[2], b'{"hello": 1}', key=b"run-3").get(10)
    log.append(stories[50:])
    Projector(log, store, batch_size=20).catch_up()
    assert digests(store) == once
    assert all(verdict.holds for verdict in verify_views(log, store))
    for group in GROUPS:
        with store.reading(group.name) as connection:
            (letter,) = connection.execute(select(DEAD_LETTERS))
        assert (letter.partition, letter.offset) == (sent.partition, sent.offset)
        assert "is no event type that this version knows" in letter.error


def test_redacted_events_are_counted(store: ViewStore, log: KafkaLog, stories: Sequence[Event]) -> None:
    log.append(stories)
    log.redact(list(read_all(log))[-2:], encode_tombstone(Redacted(reason="test")))
    Projector(log, store).catch_up()
    for group in GROUPS:
        with store.reading(group.name) as connection:
            assert read_unhandled(connection)["Redacted"] == 2
