"""How a log on Kafka is named, and what is wrong with other names."""

from pathlib import Path

import pytest

from eventlog.errors import InputError
from eventlog.kafka.location import KafkaLocation


def test_a_location_names_servers_and_topic() -> None:
    location = KafkaLocation.parse("kafka://one.example.org:9092,[::1]:9093/survey.events")
    assert location.servers == ("one.example.org:9092", "[::1]:9093")
    assert location.topic == "survey.events"
    assert (location.partitions, location.replication, location.compression) == (None, None, "lz4")


def test_options_may_follow() -> None:
    location = KafkaLocation.parse(
        "kafka://h:1/t?partitions=12&replication=3&compression.type=zstd&bootstrap.timeout.ms=2500"
        "&delivery.timeout.ms=60000&security.protocol=SSL&ssl.ca.location=/etc/ca.pem"
    )
    assert (location.partitions, location.replication, location.compression) == (12, 3, "zstd")
    assert (location.bootstrap_timeout, location.delivery_timeout) == (2.5, 60.0)
    assert location.client == {"security_protocol": "SSL", "ssl_cafile": "/etc/ca.pem"}


def test_a_properties_file_gives_what_the_location_does_not(tmp_path: Path) -> None:
    properties = tmp_path / "kafka.properties"
    properties.write_text(
        "# the site's broker\n\nsecurity.protocol = SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\n"
        "sasl.username=hoof\nsasl.password=a=b\npartitions=2\n"
    )
    location = KafkaLocation.parse(f"kafka://h:1/t?properties={properties}&partitions=5")
    assert location.partitions == 5
    assert location.client == {
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "hoof",
        "sasl_plain_password": "a=b",
    }
    assert "a=b" not in repr(location)
    assert location.name == "kafka://h:1/t"


@pytest.mark.parametrize(
    "location",
    [
        "kafka:topic",
        "kafka://h/topic",
        "kafka:///topic",
        "kafka://h:x/topic",
        "kafka://h:1",
        "kafka://h:1,/t",
    ],
)
def test_what_names_no_broker_is_refused_with_the_form(location: str) -> None:
    with pytest.raises(InputError, match=r"it is written kafka://HOST:PORT\[,HOST:PORT\]/TOPIC"):
        KafkaLocation.parse(location)


@pytest.mark.parametrize(
    ("rest", "complaint"),
    [
        ("", "'' is no topic's name"),
        ("ä", "is no topic's name"),
        ("..", "is no topic's name"),
        ("x" * 245, "is no topic's name"),
        ("t?partition=3", "HOOFPRINT_LOG: unknown option 'partition'.*partitions"),
        ("t?partitions=0", "partitions=0: it is a number from 1 to 10000"),
        ("t?partitions=²", "it is a number from 1 to 10000"),
        ("t?delivery.timeout.ms=5s", "it is a number of milliseconds"),
        ("t?compression.type=none", "it is lz4, zstd or gzip"),
        ("t?sasl.password=secret", "write it into a file, and name that with .properties=FILE"),
        ("t?properties=/no/such/file", "/no/such/file: .*No such file"),
    ],
)
def test_wrong_topics_and_options_are_refused_with_what_would_be_right(rest: str, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        KafkaLocation.parse(f"kafka://h:1/{rest}")


@pytest.mark.parametrize(
    ("line", "complaint"),
    [("sasl.password", "line 2: a property is written name=value"), ("sasl.user=x", "unknown option")],
)
def test_a_wrong_line_of_a_properties_file_is_named(tmp_path: Path, line: str, complaint: str) -> None:
    properties = tmp_path / "kafka.properties"
    properties.write_text(f"# mine\n{line}\n")
    with pytest.raises(InputError, match=complaint) as refused:
        KafkaLocation.parse(f"kafka://h:1/t?properties={properties}")
    assert str(properties) in str(refused.value)
