"""The log on Kafka: what it does beyond the contract of every log."""

import socket
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest

from eventlog.codec import MAX_BODY_SIZE, encode
from eventlog.errors import InputError, LogError, UnavailableError
from eventlog.event import Event, Observer
from eventlog.facts import PlanFailed
from eventlog.kafka import KafkaLog
from eventlog.kafka.message import to_message
from eventlog.kafka.sender import partition_of
from eventlog.log import BEYOND, Appended, EventLog, Position, read_all
from tests.eventlog.waiting import eventually

pytestmark = pytest.mark.kafka
kafka = pytest.importorskip("kafka")

Submitted = Callable[..., list[Event]]
JobsOf = Callable[..., list[int]]


@pytest.fixture
def kafka_log(kafka_location: str) -> Iterator[KafkaLog]:
    """An empty log of four partitions."""
    with closing(KafkaLog.open(kafka_location)) as log:
        yield log


@pytest.fixture
def admin(kafka_server: str) -> Iterator[object]:
    """Kafka's administrator."""
    with closing(kafka.KafkaAdminClient(bootstrap_servers=kafka_server)) as client:
        yield client


@pytest.fixture
def transactional(kafka_server: str) -> Iterator[Callable[[], object]]:
    """Makes producers of another program, that write in transactions."""
    with ExitStack() as opened:

        def produce() -> object:
            producer = kafka.KafkaProducer(bootstrap_servers=kafka_server, transactional_id=uuid.uuid4().hex)
            opened.callback(producer.close)
            producer.init_transactions()
            return producer

        yield produce


def topic_of(location: str) -> str:
    return location.rpartition("/")[2]


def send(producer: object, topic: str, events: list[Event]) -> None:
    for event in events:
        message = to_message(event, encode(event.fact))
        producer.send(topic, message.value, key=message.key, headers=message.headers)  # type: ignore[attr-defined]
    producer.flush()  # type: ignore[attr-defined]


def test_an_event_that_is_appended_twice_is_there_twice(kafka_log: KafkaLog, submitted: Submitted) -> None:
    kafka_log.append(submitted(range(3)))
    assert kafka_log.append(submitted(range(3))) == Appended(kafka_log.head(), duplicates=0)
    ids = [record.id for record in read_all(kafka_log)]
    assert len(ids) == 6
    assert ids[:3] == ids[3:]


def test_each_run_keeps_its_order_in_one_of_several_partitions(
    kafka_log: KafkaLog, submitted: Submitted, jobs_of: JobsOf
) -> None:
    runs = [f"run-{number}" for number in range(12)]
    for job in range(5):
        appended = kafka_log.append([event for run in runs for event in submitted([job], run=run)])
    head = kafka_log.head()
    assert appended.position == head
    assert len(head.offsets) == 4
    records = list(read_all(kafka_log, batch_size=7))
    assert len(records) == 60
    for run in runs:
        of_run = [record for record in records if record.key == run]
        assert jobs_of(of_run) == list(range(5))
        assert {record.partition for record in of_run} == {partition_of(run.encode(), 4)}
        assert list(read_all(kafka_log, key=run, batch_size=2)) == of_run


def test_an_append_reaches_only_the_partitions_that_it_wrote_to(
    kafka_log: KafkaLog, submitted: Submitted
) -> None:
    first = kafka_log.append(submitted([1], run="run-1"))
    second = kafka_log.append(submitted([1], run="run-2"))
    assert [len(each.position.offsets) for each in (first, second)] == [1, 1]
    assert first.position.joined(second.position) == kafka_log.head()
    assert not first.position.reaches(second.position)


def test_the_head_and_the_earliest_position_name_every_partition(
    kafka_log: KafkaLog, submitted: Submitted
) -> None:
    assert kafka_log.head().offsets == kafka_log.earliest().offsets == dict.fromkeys(range(4), 0)
    kafka_log.append(submitted(range(3), run="run-1"))
    assert sorted(kafka_log.head().offsets.values()) == [0, 0, 0, 3]


def test_of_a_partition_in_which_a_reader_stands_beyond_the_end_nothing_is_read(
    kafka_log: KafkaLog, submitted: Submitted
) -> None:
    kafka_log.append([event for n in range(8) for event in submitted(range(5), run=f"run-{n}")])
    mine = partition_of(b"run-1", 4)
    after = Position({p: 0 if p == mine else BEYOND for p in range(4)})
    batch = kafka_log.read(after, 100)
    assert {record.partition for record in batch.records} == {mine}
    assert len(batch.records) == kafka_log.head().offset(mine)
    assert batch.position == Position({**after.offsets, mine: len(batch.records)})


def test_any_vector_of_positions_can_be_read_from(kafka_log: KafkaLog, submitted: Submitted) -> None:
    kafka_log.append([event for n in range(8) for event in submitted(range(5), run=f"run-{n}")])
    everything = list(read_all(kafka_log))
    head = kafka_log.head()
    for back in (1, 3, 2):
        after = Position({partition: offset - back for partition, offset in head.offsets.items()})
        batch = kafka_log.read(after, 100)
        expected = [record for record in everything if record.offset >= after.offset(record.partition)]
        assert sorted(batch.records, key=lambda r: (r.partition, r.offset)) == sorted(
            expected, key=lambda r: (r.partition, r.offset)
        )
        assert batch.position == head


def test_a_position_beyond_the_end_waits_there_instead_of_starting_over(
    kafka_log: KafkaLog, submitted: Submitted
) -> None:
    kafka_log.append(submitted(range(3)))
    beyond = Position({partition: offset + 10 for partition, offset in kafka_log.head().offsets.items()})
    batch = kafka_log.read(beyond, 100)
    assert (batch.records, batch.position) == ([], beyond)


def test_aborted_transactions_and_kafkas_own_marks_are_gaps(
    kafka_location: str, kafka_log: KafkaLog, transactional: Callable[[], object], submitted: Submitted,
    jobs_of: JobsOf, root: str,
) -> None:  # fmt: skip
    producer, topic = transactional(), topic_of(kafka_location)
    kafka_log.append(submitted(range(3)))
    producer.begin_transaction()  # type: ignore[attr-defined]
    send(producer, topic, submitted(range(100, 105)))
    producer.abort_transaction()  # type: ignore[attr-defined]
    kafka_log.append(submitted(range(3, 5)))
    producer.begin_transaction()  # type: ignore[attr-defined]
    send(producer, topic, submitted(range(5, 7)))
    producer.commit_transaction()  # type: ignore[attr-defined]
    eventually(lambda: max(kafka_log.head().offsets.values()) == 3 + 5 + 1 + 2 + 2 + 1)
    for key in (None, root):
        for limit in (1, 3, 7, 100):
            assert jobs_of(list(read_all(kafka_log, key=key, batch_size=limit))) == list(range(7))
    assert kafka_log.read(kafka_log.earliest(), 100).position == kafka_log.head()


@pytest.mark.parametrize("key", [None, "root"])
def test_reading_reaches_the_head_where_nothing_but_an_aborted_transaction_is_left(
    kafka_location: str, kafka_log: KafkaLog, transactional: Callable[[], object], submitted: Submitted,
    root: str, key: str | None,
) -> None:  # fmt: skip
    kafka_log.append(submitted(range(2)))
    before = kafka_log.read(kafka_log.earliest(), 100).position
    producer = transactional()
    producer.begin_transaction()  # type: ignore[attr-defined]
    send(producer, topic_of(kafka_location), submitted(range(5)))
    producer.abort_transaction()  # type: ignore[attr-defined]
    eventually(lambda: max(kafka_log.head().offsets.values()) == 2 + 5 + 1)
    batch = kafka_log.read(before, 100, key=root if key else None)
    assert batch.records == []
    assert batch.position == kafka_log.head() != before


def test_an_open_transaction_holds_back_its_partition_until_it_is_committed(
    kafka_location: str, kafka_log: KafkaLog, transactional: Callable[[], object], submitted: Submitted,
    jobs_of: JobsOf,
) -> None:  # fmt: skip
    producer = transactional()
    producer.begin_transaction()  # type: ignore[attr-defined]
    send(producer, topic_of(kafka_location), submitted([1]))
    appended = kafka_log.append(submitted([2]))
    assert not kafka_log.head().reaches(appended.position)
    assert list(read_all(kafka_log)) == []
    producer.commit_transaction()  # type: ignore[attr-defined]
    eventually(lambda: kafka_log.head().reaches(appended.position))
    assert jobs_of(list(read_all(kafka_log))) == [1, 2]


def test_handles_that_are_opened_at_once_found_one_log(kafka_location: str) -> None:
    with ThreadPoolExecutor(4) as threads, ExitStack() as opened:
        logs = list(threads.map(KafkaLog.open, [kafka_location] * 4))
        for log in logs:
            opened.enter_context(closing(log))
        assert len({log.identity for log in logs}) == 1


def test_a_schema_that_another_handle_wrote_is_found(
    kafka_location: str,
    kafka_log: KafkaLog,
    submitted: Submitted,
    events_in: Callable[[EventLog], list[Event]],
) -> None:
    with closing(KafkaLog.open(kafka_location)) as other:
        other.append(submitted([1]))
    (record,) = read_all(kafka_log)
    assert '"JobSubmitted"' in (kafka_log.writer_schema(int.from_bytes(record.body[2:10], "little")) or "")


def test_other_programs_read_keys_and_cloudevents_headers(
    kafka_server: str, kafka_location: str, kafka_log: KafkaLog, submitted: Submitted
) -> None:
    (event,) = submitted([1], run="run-1")
    kafka_log.append([event])
    with closing(
        kafka.KafkaConsumer(
            topic_of(kafka_location), bootstrap_servers=kafka_server, auto_offset_reset="earliest"
        )
    ) as consumer:
        (message,) = (each for part in consumer.poll(10_000).values() for each in part)
    assert message.key == b"run-1"
    assert message.timestamp_type == 1  # of the broker
    assert dict(message.headers)["ce_id"] == str(event.id).encode()


def test_the_largest_event_with_the_largest_envelope_is_taken(
    kafka_log: KafkaLog, events_in: Callable[[EventLog], list[Event]]
) -> None:
    key = "".join(str(uuid.uuid4()) for _ in range(1300))
    # random text, since compression would make it small
    reason = "".join(uuid.uuid4().hex for _ in range((MAX_BODY_SIZE - 50_000) // 32))
    event = Observer("tests", "tester", key).event(PlanFailed(run=key, reason=reason), 0)
    kafka_log.append([event])
    assert events_in(kafka_log) == [event]


def test_a_topic_that_got_more_partitions_is_refused(
    kafka_location: str, kafka_log: KafkaLog, admin: object
) -> None:
    topic = topic_of(kafka_location)
    admin.create_partitions({topic: 6})  # type: ignore[attr-defined]
    eventually(lambda: len(admin.describe_topics([topic])[0]["partitions"]) == 6)  # type: ignore[attr-defined]
    with pytest.raises(LogError, match=r"made with 4 partitions and has 6 now.*Name a new topic"):
        KafkaLog.open(kafka_location)


def test_a_topic_is_made_with_the_partitions_that_are_asked_for(
    kafka_location: str, submitted: Submitted
) -> None:
    with closing(KafkaLog.open(f"{kafka_location}?partitions=2&replication=1")) as log:
        log.append([event for number in range(30) for event in submitted([1], run=f"run-{number}")])
        assert len(log.head().offsets) == 2
    with pytest.raises(InputError, match="has 2 partitions, not 5: the number is fixed"):
        KafkaLog.open(f"{kafka_location}?partitions=5")


def test_a_topic_that_forgets_is_refused_with_the_remedy(kafka_location: str, admin: object) -> None:
    topic = topic_of(kafka_location)
    admin.create_topics(  # type: ignore[attr-defined]
        {topic: {"num_partitions": 1, "replication_factor": 1, "configs": {"retention.ms": "604800000"}}}
    )
    with pytest.raises(
        LogError, match=r"retention\.ms=604800000 and would lose.*--add-config retention\.ms=-1"
    ):
        KafkaLog.open(kafka_location)


def test_a_topic_of_another_program_is_refused(
    kafka_location: str, kafka_log: KafkaLog, admin: object, submitted: Submitted
) -> None:
    kafka_log.append(submitted([1]))
    admin.delete_topics([f"{topic_of(kafka_location)}.meta"])  # type: ignore[attr-defined]
    with pytest.raises(LogError, match="holds messages, but nothing says that it is a log of ours"):
        KafkaLog.open(kafka_location)


def test_a_topic_that_somebody_deleted_is_not_made_anew(
    kafka_location: str, kafka_log: KafkaLog, admin: object, submitted: Submitted
) -> None:
    kafka_log.append(submitted([1]))
    admin.delete_topics([topic_of(kafka_location)])  # type: ignore[attr-defined]
    with pytest.raises(LogError, match="is not there any more: its events are gone"):
        KafkaLog.open(kafka_location)


def test_a_broker_that_is_not_there_is_named_with_the_setting(kafka_server: str) -> None:
    start = time.monotonic()
    with pytest.raises(UnavailableError, match=r"Kafka at 127\.0\.0\.1:1 .*[Rr]efused.*HOOFPRINT_LOG"):
        KafkaLog.open("kafka://127.0.0.1:1/events")
    assert time.monotonic() - start < 5


def test_a_broker_that_takes_connections_and_never_answers_is_given_up() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        server = f"127.0.0.1:{silent.getsockname()[1]}"
        start = time.monotonic()
        with pytest.raises(UnavailableError, match=f"Kafka at {server} is out of reach"):
            KafkaLog.open(f"kafka://{server}/events?bootstrap.timeout.ms=700")
        assert time.monotonic() - start < 10
