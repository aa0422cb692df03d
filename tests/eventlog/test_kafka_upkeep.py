"""What a log on Kafka does to take records over, to let go of them, and to redact."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace

import pytest

from eventlog.errors import InputError, UnavailableError
from eventlog.event import Event
from eventlog.kafka import KafkaLog
from eventlog.kafka.admin import topics_of
from eventlog.kafka.generation import close_topic
from eventlog.kafka.location import KafkaLocation
from eventlog.log import EventLog, Position, Record, read_all
from eventlog.memory import MemoryLog
from eventlog.redaction import Redacted, encode_tombstone
from tests.eventlog.waiting import eventually

pytestmark = pytest.mark.kafka
kafka = pytest.importorskip("kafka")

Submitted = Callable[..., list[Event]]
JobsOf = Callable[..., list[int]]
TOMBSTONE = encode_tombstone(Redacted(reason="test", actor="tester", time=1))


@pytest.fixture(autouse=True)
def _briskly(monkeypatch: pytest.MonkeyPatch) -> None:
    """One broker with nothing else to do needs no long pauses."""
    monkeypatch.setattr("eventlog.kafka.generation.SETTLE_SECONDS", 0.1)
    monkeypatch.setattr("eventlog.kafka.redacting.FOLLOW_SECONDS", 0.1)


@pytest.fixture
def opened(kafka_location: str) -> Iterator[Callable[..., KafkaLog]]:
    """Opens the log of the test, or another one beside it, as often as the test likes."""
    with ExitStack() as logs:
        yield lambda beside="": logs.enter_context(closing(KafkaLog.open(f"{kafka_location}{beside}")))


def topic_names(location: str) -> set[str]:
    with topics_of(KafkaLocation.parse(location)) as topics:
        return set(topics.names())


def placeless(records: list[Record]) -> list[Record]:
    return [replace(record, partition=0, offset=0) for record in records]


def by_key(log: EventLog, runs: list[str]) -> dict[str, list[Record]]:
    return {run: placeless(list(read_all(log, key=run))) for run in runs}


def test_runs_of_a_log_of_four_partitions_arrive_in_their_order(
    opened: Callable[..., KafkaLog], submitted: Submitted
) -> None:
    source, target = opened(), opened("-copy")
    runs = [f"run-{number}" for number in range(9)]
    for job in range(5):
        source.append([event for run in runs for event in submitted([job], run=run)])
    records = sorted(read_all(source), key=lambda record: record.recorded)
    assert target.append_records(records, origin=source.identity, schemas={}) == 45
    assert by_key(target, runs) == by_key(source, runs)


def test_an_import_that_was_cut_off_is_completed_by_another_process(
    opened: Callable[..., KafkaLog], submitted: Submitted, jobs_of: JobsOf
) -> None:
    source = MemoryLog()
    source.append(submitted(range(30)))
    records = list(read_all(source))
    assert opened().append_records(records[:17], origin=source.identity, schemas={}) == 17
    second = opened()
    assert second.append_records(records[:10], origin=source.identity, schemas={}) == 0
    assert second.append_records(records, origin=source.identity, schemas={}) == 13
    assert jobs_of(list(read_all(second))) == list(range(30))


def test_an_import_sees_what_another_handle_appended_meanwhile(
    opened: Callable[..., KafkaLog], submitted: Submitted
) -> None:
    source, target = MemoryLog(), opened()
    source.append(submitted(range(20)))
    records = list(read_all(source))
    target.append_records(records[:10], origin=source.identity, schemas={})
    opened().append(submitted([100]))
    with pytest.raises(InputError, match="has gone on since"):
        target.append_records(records[10:], origin=source.identity, schemas={})


def test_everything_can_be_let_go_of_and_positions_go_on(
    opened: Callable[..., KafkaLog], submitted: Submitted, jobs_of: JobsOf
) -> None:
    log = opened()
    assert log.truncate_before(Position({0: 5})) == log.head()
    log.append(submitted(range(10)))
    head = log.head()
    assert log.truncate_before(head) == head == log.earliest()
    assert list(read_all(log)) == []
    log.append(submitted([10]))
    assert jobs_of(list(read_all(log))) == [10]
    assert log.earliest() == head


def test_a_redacted_log_keeps_places_times_identity_and_everything_else(
    kafka_location: str, opened: Callable[..., KafkaLog], submitted: Submitted
) -> None:
    log = opened()
    runs = [f"run-{number}" for number in range(6)]
    log.append([event for run in runs for event in submitted(range(20), run=run, site="secret")])
    log.truncate_before(Position(dict.fromkeys(log.head().offsets, 7)))
    before, head, earliest = list(read_all(log)), log.head(), log.earliest()
    secret = [record for record in before if record.key == runs[3]][2:4]
    assert log.redact(secret, TOMBSTONE) == 2
    expected = [replace(r, body=TOMBSTONE) if r in secret else r for r in before]
    for handle in (log, opened()):
        assert sorted(read_all(handle), key=str) == sorted(expected, key=str)
        # closing the old topic may have taken a place or two
        assert handle.head().reaches(head)
        assert handle.earliest() == earliest
        assert handle.identity == log.identity
    topic = KafkaLocation.parse(kafka_location).topic
    assert topic not in topic_names(kafka_location)
    log.append(submitted([99], run=runs[3]))
    assert next(r for r in read_all(log, key=runs[3]) if "job-99" in r.subject).offset >= 0


def test_gaps_stay_where_they_were(
    kafka_server: str, kafka_location: str, opened: Callable[..., KafkaLog], submitted: Submitted
) -> None:
    log = opened("?partitions=1")
    log.append(submitted(range(3)))
    with closing(
        kafka.KafkaProducer(bootstrap_servers=kafka_server, transactional_id=uuid.uuid4().hex)
    ) as producer:
        producer.init_transactions()
        producer.begin_transaction()
        producer.send(KafkaLocation.parse(kafka_location).topic, b"x", key=b"y").get(10)
        producer.abort_transaction()
    # the mark of the end comes after the answer
    eventually(lambda: max(log.head().offsets.values()) == 3 + 1 + 1)
    log.append(submitted(range(3, 6)))
    before = list(read_all(log))
    assert [record.offset for record in before] == [0, 1, 2, 5, 6, 7]
    log.redact(before[:1], TOMBSTONE)
    assert [record.offset for record in read_all(log)] == [0, 1, 2, 5, 6, 7]


def test_handles_of_before_follow_a_redaction(
    opened: Callable[..., KafkaLog], submitted: Submitted, jobs_of: JobsOf
) -> None:
    redactor, reader = opened(), opened("?delivery.timeout.ms=2000")
    writer = opened("?delivery.timeout.ms=2000")
    writer.append(submitted(range(4)))
    position = reader.read(Position(), 100).position
    assert redactor.redact(list(read_all(redactor))[:1], TOMBSTONE) == 1
    writer.append(submitted([4]))
    assert jobs_of(reader.read(position, 100).records) == [4]
    assert jobs_of(list(read_all(redactor))) == [0, 1, 2, 3, 4]


def test_while_a_log_is_redacted_appends_are_refused_and_afterwards_nothing_is_lost(
    kafka_location: str, opened: Callable[..., KafkaLog], submitted: Submitted, jobs_of: JobsOf
) -> None:
    log, place = opened(), KafkaLocation.parse(kafka_location)
    log.append(submitted(range(3)))
    with topics_of(place) as topics:
        close_topic(topics, place, place.topic, 4)
    with pytest.raises(UnavailableError, match="takes no events now: another process redacts it"):
        log.append(submitted(range(3, 5)))
    assert opened().head() == log.head()
    # the process that closed it is dead: the next redaction makes it whole again
    assert opened().redact([], TOMBSTONE) == 0
    log.append(submitted(range(3, 5)))
    assert jobs_of(list(read_all(log))) == list(range(5))


def test_what_a_killed_redaction_left_is_removed_by_the_next(
    kafka_location: str, opened: Callable[..., KafkaLog], submitted: Submitted
) -> None:
    log, place = opened(), KafkaLocation.parse(kafka_location)
    log.append(submitted(range(3)))
    with topics_of(place) as topics:
        topics.create(f"{place.topic}.g1-left", 1, None, {})
    log._ledger.note_draft(f"{place.topic}.g1-left", log._open_sender())
    log.redact(list(read_all(log))[:1], TOMBSTONE)
    left = {name for name in topic_names(kafka_location) if name.startswith(place.topic)}
    assert left == {f"{place.topic}.meta", log._topic}


def test_two_redactions_at_once_refuse_each_other(
    opened: Callable[..., KafkaLog], submitted: Submitted, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, other = opened(), opened()
    log.append(submitted(range(3)))
    records = list(read_all(log))
    refused: list[str] = []

    def meanwhile(*_: object) -> int:
        with pytest.raises(UnavailableError, match="another process redacts") as error:
            other.redact(records[:1], TOMBSTONE)
        refused.append(str(error.value))
        return 0

    monkeypatch.setattr(log, "_others_than", meanwhile)
    log.redact(records[:1], TOMBSTONE)
    assert refused
    assert other.redact(records[:1], TOMBSTONE) == 1


def test_a_redaction_is_pending_until_it_is_settled_in_every_handle(
    opened: Callable[..., KafkaLog], submitted: Submitted
) -> None:
    log, other = opened(), opened()
    log.append(submitted(range(3)))
    assert not other.redaction_pending()
    log.redact(list(read_all(log))[:1], TOMBSTONE)
    assert other.redaction_pending()
    other.settle_redaction()
    assert log.redaction_pending()
    log.settle_redaction()
    assert not other.redaction_pending()


def test_an_open_transaction_of_another_program_refuses_the_redaction_and_opens_the_log_again(
    kafka_server: str, kafka_location: str, opened: Callable[..., KafkaLog], submitted: Submitted,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("eventlog.kafka.generation._PATIENCE", 1.0)
    log = opened("?partitions=1")
    log.append(submitted(range(3)))
    with closing(
        kafka.KafkaProducer(bootstrap_servers=kafka_server, transactional_id=uuid.uuid4().hex)
    ) as producer:
        producer.init_transactions()
        producer.begin_transaction()
        producer.send(KafkaLocation.parse(kafka_location).topic, b"x", key=b"y").get(10)
        with pytest.raises(UnavailableError, match="has a transaction open"):
            log.redact(list(read_all(log))[:1], TOMBSTONE)
        producer.abort_transaction()
    eventually(lambda: max(log.head().offsets.values()) >= 3 + 1 + 1)
    log.append(submitted([3]))
    assert len(list(read_all(log))) == 4
