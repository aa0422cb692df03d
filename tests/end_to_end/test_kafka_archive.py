"""A real run whose log lies on Kafka: archived, imported, let go of, rebuilt, redacted."""

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.kafka


SECRET = "hunter2-is-the-password"


@pytest.fixture
def imported(split, kafka_location: str):
    """The split example, planned and run with a log on this machine; its archive imported into a topic."""
    planned = split.json("plan", "workflow.yml")
    split.call("run", planned["run"], "--quiet")
    split.call("tag", "count.txt.a", f"password={SECRET}")
    told = split.json("log", "export", "archive")
    split.environment["HOOFPRINT_LOG"] = kafka_location
    assert split.json("log", "import", "archive")["events"] == told["events"] > 30
    assert split.json("log", "import", "archive")["events"] == 0
    return split


def test_a_log_on_kafka_is_archived_let_go_of_rebuilt_and_redacted(imported, kafka_server: str) -> None:
    before = imported.json("--log", f"sqlite:{imported.folder / 'home' / 'log.db'}", "views", "digest")
    imported.environment["HOOFPRINT_VIEWS"] = f"sqlite:{imported.folder / 'kafka-views'}"
    assert imported.json("views", "digest") == before
    shown, head = events(imported), imported.json("log", "info")["head"]

    imported.call("log", "export", "kafka-archive")
    imported.call("log", "release", "kafka-archive", "--until", head)
    assert imported.json("log", "info")["earliest"] == head
    lost = imported.call("views", "rebuild", "runs", expect=1)
    assert "HOOFPRINT_ARCHIVE" in lost.stderr
    imported.environment["HOOFPRINT_ARCHIVE"] = str(imported.folder / "kafka-archive")
    imported.call("views", "rebuild", "runs", "--grace", "0")
    assert imported.json("views", "verify")["holds"]
    assert events(imported) == shown

    imported.call("tag", "count.txt.b", f"password={SECRET}")
    arguments = ("--run", "latest", "--type", "MetadataRegistered", "--matching", SECRET)
    done = imported.json("log", "redact", *arguments, "--reason", "a password")
    assert len(done["events"]) == 2
    after = events(imported)
    assert [places(event) for event in after[: len(shown)]] == [places(event) for event in shown]
    assert {event["id"] for event in after if "redacted" in event} == set(done["events"])
    assert not [path for path in (imported.folder / "kafka-views").rglob("*") if holds(path, SECRET)]
    assert SECRET.encode() not in everything_of(kafka_server, imported.environment["HOOFPRINT_LOG"])
    assert imported.json("views", "verify")["holds"]
    assert imported.json("log", "verify-archive", "kafka-archive")["holds"]


def events(project) -> list[dict[str, object]]:
    return [json.loads(line) for line in project.call("log", "show", "latest", "--json").stdout.splitlines()]


def places(event: dict[str, object]) -> tuple[object, ...]:
    return event["id"], event["partition"], event["offset"], event["recorded"]


def holds(path: Path, secret: str) -> bool:
    return path.is_file() and secret.encode() in path.read_bytes()


def everything_of(server: str, location: str) -> bytes:
    """What any reader finds in the topics of a log."""
    kafka = pytest.importorskip("kafka")
    consumer = kafka.KafkaConsumer(bootstrap_servers=server, auto_offset_reset="earliest")
    try:
        name = location.rpartition("/")[2]
        topics = [topic for topic in consumer.topics() if topic.startswith(name)]
        assert len(topics) == 2
        places = [kafka.TopicPartition(topic, part) for topic in topics for part in range(4)]
        known = {place for place in places if place.partition in consumer.partitions_for_topic(place.topic)}
        consumer.assign(sorted(known))
        ends, found = consumer.end_offsets(sorted(known)), b""
        while any(consumer.position(place) < end for place, end in ends.items()):
            found += b"".join(m.value for part in consumer.poll(500).values() for m in part)
        return found
    finally:
        consumer.close()
