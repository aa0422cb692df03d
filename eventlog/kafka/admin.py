"""Makes, changes, describes and deletes topics."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import AuthorizationError, TopicAlreadyExistsError, UnknownTopicOrPartitionError
from kafka.structs import TopicPartition

from eventlog.kafka.connection import connection_of, errors_of, request_timeout, settings_of
from eventlog.kafka.location import KafkaLocation

# how Kafka asks for the offset behind the last message
_LATEST = -1


class Topics:
    """Topics of a cluster: makes, changes, describes and deletes them."""

    def __init__(self, location: KafkaLocation) -> None:
        self._location = location
        with settings_of(location):
            self._admin: Any = KafkaAdminClient(
                **connection_of(location), request_timeout_ms=request_timeout(location)
            )

    def names(self) -> list[str]:
        """Every topic that we may see."""
        with errors_of(self._location):
            return [str(name) for name in self._admin.list_topics()]

    def partitions(self, topic: str) -> int:
        """How many partitions a topic has, 0 where there is none of that name."""
        with errors_of(self._location):
            (described,) = self._admin.describe_topics([topic])
            return len(described["partitions"])

    def create(
        self, topic: str, partitions: int, replication: int | None, settings: Mapping[str, str]
    ) -> None:
        """Make a topic, unless somebody else was faster."""
        wanted = {
            "num_partitions": partitions,
            "replication_factor": -1 if replication is None else replication,
            "configs": dict(settings),
        }
        with errors_of(self._location):
            try:
                self._admin.create_topics({topic: wanted}, timeout_ms=request_timeout(self._location))
            except TopicAlreadyExistsError:
                return

    def await_partitions(self, topic: str) -> int:
        """How many partitions a topic has as soon as it can be used."""
        with errors_of(self._location):
            self._admin.wait_for_topics([topic], timeout_ms=request_timeout(self._location))
        return self.partitions(topic)

    def settings(self, topic: str) -> Mapping[str, str]:
        """The settings of a topic; empty where we may not see them."""
        with errors_of(self._location):
            try:
                found = self._admin.describe_configs(
                    [ConfigResource(ConfigResourceType.TOPIC, topic)], config_filter="all"
                )
            except AuthorizationError:
                return {}
        return {name: str(each["value"]) for name, each in found["topic"][topic].items()}

    def change(self, topic: str, settings: Mapping[str, str]) -> None:
        """Give a topic these settings; the others stay as they are."""
        with errors_of(self._location):
            resource = ConfigResource(ConfigResourceType.TOPIC, topic, dict(settings))
            self._admin.alter_configs([resource], incremental=True)

    def replication(self, topic: str) -> int:
        """How many copies a topic has of each partition."""
        with errors_of(self._location):
            (described,) = self._admin.describe_topics([topic])
            return min(len(each["replica_nodes"]) for each in described["partitions"])

    def ends(self, topic: str, partitions: int) -> dict[int, int]:
        """The offset behind the last message of each partition, that of an open transaction too."""
        wanted = {TopicPartition(topic, number): _LATEST for number in range(partitions)}
        with errors_of(self._location):
            found = self._admin.list_partition_offsets(wanted)
        return {place.partition: int(each.offset) for place, each in found.items()}

    def truncate(self, topic: str, before: Mapping[int, int]) -> None:
        """Let a topic's partitions begin at these offsets."""
        wanted = {TopicPartition(topic, number): offset for number, offset in before.items()}
        with errors_of(self._location):
            self._admin.delete_records(wanted, timeout_ms=request_timeout(self._location))

    def delete(self, topic: str) -> None:
        """Delete a topic, unless there is none of that name; the broker removes its files a minute later."""
        with errors_of(self._location), suppress(UnknownTopicOrPartitionError):
            self._admin.delete_topics([topic], timeout_ms=request_timeout(self._location))

    def close(self) -> None:
        """Let go of the connections."""
        self._admin.close()


@contextmanager
def topics_of(location: KafkaLocation) -> Iterator[Topics]:
    """Opens a view of a cluster's topics and closes it again."""
    with closing(Topics(location)) as topics:
        yield topics
