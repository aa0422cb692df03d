"""The topics of a log: made as a log needs them, or refused where they would lose events."""

from eventlog.errors import InputError, LogError
from eventlog.kafka.admin import Topics, topics_of
from eventlog.kafka.ledger import Ledger, meta_topic
from eventlog.kafka.location import KafkaLocation
from eventlog.kafka.sender import MAX_MESSAGE_BYTES

DEFAULT_PARTITIONS = 4

SETTINGS = {
    "cleanup.policy": "delete",
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "message.timestamp.type": "LogAppendTime",
    "max.message.bytes": str(MAX_MESSAGE_BYTES),
}


def require_topics(location: KafkaLocation, ledger: Ledger) -> int:
    """Make the log's topics where there are none; returns how many partitions the log has.

    Raises InputError where the location asks for another number of partitions, LogError for a topic whose
    settings would lose events, or that somebody deleted.
    """
    with topics_of(location) as topics:
        _require(topics, location, meta_topic(location), 1)
        ledger.refresh()
        if ledger.founding() is not None and not topics.partitions(ledger.topic):
            raise LogError(
                f"{location.name} was founded, and its topic {ledger.topic} is not there any more: its "
                "events are gone. Import its archive into a log of another name (HOOFPRINT_LOG)"
            )
        partitions = _require(topics, location, ledger.topic, location.partitions or DEFAULT_PARTITIONS)
    if location.partitions not in (None, partitions):
        raise InputError(
            f"{location.name} has {partitions} partitions, not {location.partitions}: the number is fixed "
            "when the topic is made (HOOFPRINT_LOG)"
        )
    return partitions


def _require(topics: Topics, location: KafkaLocation, topic: str, partitions: int) -> int:
    found = topics.partitions(topic)
    if not found:
        topics.create(topic, partitions, location.replication, _settings(location))
        found = topics.await_partitions(topic)
    _refuse_lossy(topics, topic)
    return found


def _settings(location: KafkaLocation) -> dict[str, str]:
    """A topic's settings: with three replicas or more, two must have an event before it counts as durable."""
    copies = "2" if (location.replication or 1) > 2 else "1"
    return SETTINGS if location.replication is None else {**SETTINGS, "min.insync.replicas": copies}


def _refuse_lossy(topics: Topics, topic: str) -> None:
    settings = topics.settings(topic)
    for name, wanted in SETTINGS.items():
        value = settings.get(name, wanted)
        # a log that is being redacted takes nothing, and appending says so
        large = name == "max.message.bytes" and (int(value) >= int(wanted) or int(value) == 0)
        fits = large or value == wanted
        if not fits:
            raise LogError(
                f"the topic {topic} has {name}={value} and would lose or refuse events: set it to {wanted} "
                f"(kafka-configs --alter --entity-type topics --entity-name {topic} --add-config "
                f"{name}={wanted})"
            )
