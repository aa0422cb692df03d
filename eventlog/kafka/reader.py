"""Reads the messages of a topic, from any offsets on, and waits for those that come."""

import time
from collections.abc import Mapping
from typing import Any, Literal

from kafka import KafkaConsumer
from kafka.structs import TopicPartition

from eventlog.kafka.connection import (
    connection_of,
    errors_of,
    milliseconds,
    request_timeout,
    settings_of,
    unavailable,
)
from eventlog.kafka.location import KafkaLocation
from eventlog.kafka.message import Incoming

_FETCH_BYTES = 10 * 1024 * 1024
# so that a fetch which waits for news at the end does not hold up one from another place
_FETCH_WAIT_MS = 20
# a watch waits for news and for nothing else; the broker answers when there are some
_WATCH_WAIT_MS = 500
_WATCH_BYTES = 1024


class Reader:
    """Reads a topic's messages, without those of transactions that were aborted or are still open."""

    def __init__(self, location: KafkaLocation, topic: str, partitions: int) -> None:
        self._location = location
        self._partitions = {number: TopicPartition(topic, number) for number in range(partitions)}
        self._timeout = request_timeout(location)
        # where the consumer stands, as far as reads ended well
        self._standing: dict[int, int] = {}
        self._consumer = _consumer(location, "earliest", wait_ms=_FETCH_WAIT_MS, size=_FETCH_BYTES)

    def starts(self) -> dict[int, int]:
        """The first offset of each partition that can still be read."""
        with errors_of(self._location):
            found = self._consumer.beginning_offsets(
                list(self._partitions.values()), timeout_ms=self._timeout
            )
        return {partition.partition: offset for partition, offset in found.items()}

    def ends(self) -> dict[int, int]:
        """For each partition the offset behind the last message that can be read."""
        with errors_of(self._location):
            found = self._consumer.end_offsets(list(self._partitions.values()), timeout_ms=self._timeout)
        return {partition.partition: offset for partition, offset in found.items()}

    def read(
        self, after: Mapping[int, int], ends: Mapping[int, int], limit: int
    ) -> tuple[list[Incoming], dict[int, int]]:
        """Up to ``limit`` messages of the partitions in ``after``, from there to about ``ends``.

        Also gives where each of these partitions stands then; aborted messages and Kafka's own marks are
        passed over. Raises UnavailableError when the broker sends nothing for the delivery timeout.
        """
        # beyond its end the consumer would start a partition over
        positions = {number: offset for number, offset in after.items() if offset <= ends[number]}
        messages: list[Incoming] = []
        with errors_of(self._location):
            self._look_at(positions)
            deadline = time.monotonic() + self._location.delivery_timeout
            while len(messages) < limit and any(at < ends[number] for number, at in positions.items()):
                polled = self._consumer.poll(timeout_ms=_FETCH_WAIT_MS, max_records=limit - len(messages))
                messages += [_incoming(record) for part in polled.values() for record in part]
                before, positions = positions, {number: self._position(number) for number in positions}
                if positions != before:
                    deadline = time.monotonic() + self._location.delivery_timeout
                elif time.monotonic() > deadline:
                    raise unavailable(self._location, "it sends no messages")
            self._standing = positions
        return messages, {**after, **positions}

    def _look_at(self, wanted: Mapping[int, int]) -> None:
        """Fetch from these offsets on, and nothing else; what is fetched is kept where reading goes on.

        The others are not paused but let go of: the library stalls on what it fetched for a paused partition
        whose position changes.
        """
        standing, self._standing = self._standing, {}
        self._consumer.assign([self._partitions[number] for number in wanted])
        for number, offset in wanted.items():
            if standing.get(number) != offset:
                self._consumer.seek(self._partitions[number], offset)

    def _position(self, number: int) -> int:
        position = self._consumer.position(self._partitions[number], timeout_ms=self._timeout)
        return 0 if position is None else int(position)

    def close(self) -> None:
        """Let go of the connections."""
        self._consumer.close(autocommit=False)


class Watch:
    """Waits until messages come; the broker holds the question until then."""

    def __init__(self, location: KafkaLocation, topic: str) -> None:
        self.topic = topic
        self._location = location
        # where the consumer stands, as far as nothing came
        self._standing: dict[int, int] = {}
        # offsets beyond the end are not there to be read from the start
        self._consumer = _consumer(location, "latest", wait_ms=_WATCH_WAIT_MS, size=_WATCH_BYTES)

    def wait(self, after: Mapping[int, int], seconds: float) -> bool:
        """Whether there are messages from these offsets on, or come within so many seconds."""
        with errors_of(self._location):
            if after != self._standing:
                self._look_at(after)
            news = bool(self._consumer.poll(timeout_ms=milliseconds(seconds), max_records=1))
        # the library gives what was polled once only: the next look has to go back to it
        self._standing = {} if news else dict(after)
        return news

    def _look_at(self, after: Mapping[int, int]) -> None:
        partitions = {TopicPartition(self.topic, number): offset for number, offset in after.items()}
        if self._consumer.assignment() != partitions.keys():
            self._consumer.assign(list(partitions))
        for partition, offset in partitions.items():
            self._consumer.seek(partition, offset)

    def close(self) -> None:
        """Let go of the connections."""
        self._consumer.close(autocommit=False)


def _consumer(
    location: KafkaLocation, beyond: Literal["earliest", "latest"], *, wait_ms: int, size: int
) -> Any:
    """A consumer that goes to ``beyond`` from an offset that is not there; ``size`` is in bytes."""
    with settings_of(location):
        return KafkaConsumer(
            **connection_of(location),
            request_timeout_ms=request_timeout(location),
            isolation_level="read_committed",
            auto_offset_reset=beyond,
            enable_auto_commit=False,
            allow_auto_create_topics=False,
            fetch_max_wait_ms=wait_ms,
            max_partition_fetch_bytes=size,
            metrics_enabled=False,
        )


def _incoming(record: Any) -> Incoming:
    return Incoming(
        record.partition,
        record.offset,
        record.timestamp,
        record.key or b"",
        record.value or b"",
        record.headers,
    )
