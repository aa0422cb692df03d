"""The little of kafka-python that the log needs, with types: the library has none.

Everything of it stays within this module; its errors leave as ours.
"""

import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from functools import lru_cache
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import (
    AuthorizationError,
    KafkaConfigurationError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    TopicAlreadyExistsError,
)
from kafka.partitioner import murmur2
from kafka.structs import TopicPartition

from eventlog.errors import InputError, LogError, UnavailableError
from eventlog.kafka.location import KafkaLocation, server_address
from eventlog.kafka.message import Incoming, Outgoing

MAX_MESSAGE_BYTES = 1_048_576
"""What a topic and a request take: the largest event, its envelope and Kafka's framing."""

_BATCH_BYTES = 256 * 1024
_FETCH_BYTES = 10 * 1024 * 1024
_REQUEST_MS = 10_000
# so that a fetch which waits for news at the end does not hold up one from another place
_FETCH_WAIT_MS = 20


@contextmanager
def errors_of(location: KafkaLocation) -> Iterator[None]:
    """Errors of the library, as ours that name the broker and the setting."""
    try:
        yield
    except (MessageSizeTooLargeError, RecordListTooLargeError) as error:
        raise LogError(f"{location.name} takes no message of that size: {_describe(error)}") from error
    except (KafkaError, OSError) as error:
        raise _unavailable(location, _describe(error)) from error


@contextmanager
def _settings_of(location: KafkaLocation) -> Iterator[None]:
    """Errors of making a client: it may refuse its settings too, or miss a library for one of them."""
    with errors_of(location):
        try:
            yield
        except (KafkaConfigurationError, AssertionError, ValueError, FileNotFoundError) as error:
            raise InputError(
                f"{location.name} cannot be used with these options: {_describe(error)}"
            ) from error


@lru_cache(maxsize=65_536)  # murmur2 in Python takes as long as all the rest of a send
def partition_of(key: bytes, partitions: int) -> int:
    """The partition that Kafka's default partitioner chooses for a key."""
    return int(murmur2(key) & 0x7FFFFFFF) % partitions


def require_reachable(location: KafkaLocation) -> None:
    """Raise UnavailableError, within the bootstrap timeout, where none of the brokers takes a connection.

    The library would try for the whole time, say less, and leave its sockets open.
    """
    failures = []
    for server in location.servers:
        try:
            with socket.create_connection(
                server_address(server), location.bootstrap_timeout / len(location.servers)
            ):
                return
        except OSError as error:
            failures.append(f"{server}: {error.strerror or error}")
    raise _unavailable(location, "; ".join(failures))


class Topics:
    """Makes topics and tells what they are like."""

    def __init__(self, location: KafkaLocation) -> None:
        self._location = location
        with _settings_of(location):
            self._admin: Any = KafkaAdminClient(
                **_connection(location), request_timeout_ms=_request_timeout(location)
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
                self._admin.create_topics({topic: wanted}, timeout_ms=_request_timeout(self._location))
            except TopicAlreadyExistsError:
                return

    def await_partitions(self, topic: str) -> int:
        """How many partitions a topic has as soon as it can be used."""
        with errors_of(self._location):
            self._admin.wait_for_topics([topic], timeout_ms=_request_timeout(self._location))
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


class Reader:
    """Reads a topic's messages, without those of transactions that were aborted or are still open."""

    def __init__(self, location: KafkaLocation, topic: str, partitions: int) -> None:
        self._location = location
        self._partitions = {number: TopicPartition(topic, number) for number in range(partitions)}
        self._timeout = _request_timeout(location)
        # where the consumer stands, as far as reads ended well
        self._standing: dict[int, int] = {}
        with _settings_of(location):
            self._consumer: Any = KafkaConsumer(
                **_connection(location),
                request_timeout_ms=self._timeout,
                isolation_level="read_committed",
                auto_offset_reset="earliest",
                enable_auto_commit=False,
                allow_auto_create_topics=False,
                fetch_max_wait_ms=_FETCH_WAIT_MS,
                max_partition_fetch_bytes=_FETCH_BYTES,
                metrics_enabled=False,
            )

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
                    raise _unavailable(self._location, "it sends no messages")
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


class Sender:
    """Sends messages, each call's durable on all in-sync replicas when it returns."""

    def __init__(self, location: KafkaLocation) -> None:
        self._location = location
        compression: Any = location.compression
        with _settings_of(location):
            self._producer: Any = KafkaProducer(
                **_connection(location),
                compression_type=compression,
                enable_idempotence=True,
                acks="all",
                batch_size=_BATCH_BYTES,
                linger_ms=20,
                max_request_size=MAX_MESSAGE_BYTES,
                request_timeout_ms=_request_timeout(location),
                delivery_timeout_ms=_milliseconds(location.delivery_timeout),
                max_block_ms=_milliseconds(location.delivery_timeout),
                allow_auto_create_topics=False,
                metrics_enabled=False,
            )

    def send(self, topic: str, partitions: int, messages: Sequence[Outgoing]) -> dict[int, int]:
        """Send messages in order to a topic of so many partitions; gives the offset behind the last in each.

        Raises UnavailableError when they are not acknowledged within the delivery timeout: then some may be
        there, and this sender is to be closed.
        """
        send = self._producer.send
        with errors_of(self._location):
            waiting = [
                send(
                    topic,
                    each.value,
                    key=each.key,
                    headers=each.headers,
                    partition=partition_of(each.key, partitions),
                )
                for each in messages
            ]
            # the producer gives up a message after the delivery timeout; this is for the last of them
            self._producer.flush(timeout=self._location.delivery_timeout + 5)
            ends: dict[int, int] = {}
            for each in waiting:
                sent = each.get(timeout=0)
                ends[sent.partition] = max(ends.get(sent.partition, 0), sent.offset + 1)
        return ends

    def close(self) -> None:
        """Let go of the connections; what was not acknowledged yet is given up."""
        # it says so where something was left, which whoever sent that has heard
        with errors_of(self._location), suppress(KafkaTimeoutError):
            self._producer.close(timeout=0)


@contextmanager
def topics_of(location: KafkaLocation) -> Iterator[Topics]:
    """Opens a view of a cluster's topics and closes it again."""
    with closing(Topics(location)) as topics:
        yield topics


def _connection(location: KafkaLocation) -> dict[str, Any]:
    return {
        "client_id": "hoofprint",
        **location.client,
        "bootstrap_servers": list(location.servers),
        "bootstrap_timeout_ms": _milliseconds(location.bootstrap_timeout),
    }


def _request_timeout(location: KafkaLocation) -> int:
    """A request's timeout (ms): it must stay below the delivery timeout less the lingering."""
    return min(_REQUEST_MS, _milliseconds(location.delivery_timeout) - 50)


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _incoming(record: Any) -> Incoming:
    return Incoming(
        record.partition,
        record.offset,
        record.timestamp,
        record.key or b"",
        record.value or b"",
        record.headers,
    )


def _unavailable(location: KafkaLocation, reason: str) -> UnavailableError:
    servers = ", ".join(location.servers)
    return UnavailableError(
        f"Kafka at {servers} is out of reach: {reason}. Start it, or name another log (HOOFPRINT_LOG is "
        f"{location.name})"
    )


def _describe(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:300]}" if text else type(error).__name__
