"""Makes, changes and describes topics."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import AuthorizationError, TopicAlreadyExistsError

from eventlog.kafka.connection import connection_of, errors_of, request_timeout, settings_of
from eventlog.kafka.location import KafkaLocation


class Topics:
    """Makes topics and tells what they are like."""

    def __init__(self, location: KafkaLocation) -> None:
        self._location = location
        with settings_of(location):
            self._admin: Any = KafkaAdminClient(
                **connection_of(location), request_timeout_ms=request_timeout(location)
            )

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

    def close(self) -> None:
        """Let go of the connections."""
        self._admin.close()


@contextmanager
def topics_of(location: KafkaLocation) -> Iterator[Topics]:
    """Opens a view of a cluster's topics and closes it again."""
    with closing(Topics(location)) as topics:
        yield topics
