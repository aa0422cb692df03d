"""Sends messages to topics, durably, whole batches at a time.

The library takes messages one by one, with a future, a lock and a check of every header for each: two thirds
of all that an append costs. Here batches are filled by ``records`` and handed to the library's queue as they
are; numbering, sending, retrying and giving up stay the library's. That queue is not part of its promises:
its version is held in ``pyproject.toml``, and the tests of the log on Kafka go through it.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from kafka import KafkaProducer
from kafka.errors import IllegalStateError, KafkaTimeoutError
from kafka.partitioner import murmur2
from kafka.producer.producer_batch import ProducerBatch
from kafka.record.memory_records import MemoryRecordsBuilder
from kafka.structs import TopicPartition

from eventlog.kafka.connection import connection_of, errors_of, milliseconds, request_timeout, settings_of
from eventlog.kafka.location import KafkaLocation
from eventlog.kafka.message import Outgoing
from eventlog.kafka.records import BATCH_BYTES, Records, encode_records

MAX_MESSAGE_BYTES = 1_048_576
"""What a topic and a request take: the largest event, its envelope and Kafka's framing."""

AT_ONCE_EVENTS = 2000
AT_ONCE_BYTES = 8_000_000
"""How much is sent before it is acknowledged: the delivery timeout is about one such part."""

_MESSAGE_FORMAT = 2
# the producer gives up a batch after the delivery timeout; this is for the last of them
_GRACE = 5.0


@dataclass(frozen=True, slots=True)
class Placed:
    """Where messages lie in a partition: from ``first`` up to, without, ``end``.

    ``end`` is None where the broker had them already and does not tell the place any more.
    """

    first: int
    end: int | None


@lru_cache(maxsize=65_536)  # murmur2 in Python takes as long as all the rest of a send
def partition_of(key: bytes, partitions: int) -> int:
    """The partition that Kafka's default partitioner chooses for a key."""
    return int(murmur2(key) & 0x7FFFFFFF) % partitions


def by_partition(messages: Sequence[Outgoing], partitions: int) -> dict[int, list[Outgoing]]:
    """The messages of each partition, in their order."""
    parts: dict[int, list[Outgoing]] = {}
    for message in messages:
        parts.setdefault(partition_of(message.key, partitions), []).append(message)
    return parts


def in_parts(messages: Sequence[Outgoing]) -> Iterator[Sequence[Outgoing]]:
    """How a row of messages is cut into parts that are sent one after the other."""
    start = size = 0
    for number, message in enumerate(messages):
        if number > start and (number - start == AT_ONCE_EVENTS or size > AT_ONCE_BYTES):
            yield messages[start:number]
            start, size = number, 0
        size += len(message.value)
    if len(messages) > start:
        yield messages[start:]


class _WholeBatch(ProducerBatch):  # type: ignore[misc]
    """A batch that is taken or refused as a whole.

    The library would cut one that is refused for its size, and nobody would hear of the parts.
    """

    @property
    def record_count(self) -> int:
        return 1


class Sender:
    """Sends messages, each call's durable on all in-sync replicas when it returns.

    Safe to share between threads.
    """

    def __init__(self, location: KafkaLocation) -> None:
        self._location = location
        self._topics: set[str] = set()
        compression: Any = location.compression
        with settings_of(location):
            self._producer: Any = KafkaProducer(
                **connection_of(location),
                compression_type=compression,
                enable_idempotence=True,
                acks="all",
                batch_size=BATCH_BYTES,
                linger_ms=0,
                max_request_size=MAX_MESSAGE_BYTES,
                request_timeout_ms=request_timeout(location),
                delivery_timeout_ms=milliseconds(location.delivery_timeout),
                max_block_ms=milliseconds(location.delivery_timeout),
                allow_auto_create_topics=False,
                metrics_enabled=False,
            )

    def send(self, topic: str, parts: Mapping[int, Sequence[Outgoing]]) -> dict[int, Placed]:
        """Send each partition its messages, in order; tells where they lie.

        Raises UnavailableError when they are not acknowledged within the delivery timeout: then some may be
        there, and this sender is to be closed.
        """
        with errors_of(self._location):
            if topic not in self._topics:
                # asks for the topic's partitions and their leaders
                self._producer.partitions_for(topic)
                self._topics.add(topic)
            waiting = [
                self._enqueue(TopicPartition(topic, partition), records)
                for partition, messages in parts.items()
                for records in encode_records(messages)
            ]
            self._producer._sender.wakeup()
            deadline = time.monotonic() + self._location.delivery_timeout + _GRACE
            placed: dict[int, Placed] = {}
            for batch in waiting:
                partition, first = batch.topic_partition.partition, _first_offset(batch, deadline)
                end = None if first < 0 else first + batch.records.next_offset()
                placed[partition] = Placed(placed[partition].first if partition in placed else first, end)
        return placed

    def _enqueue(self, place: TopicPartition, records: Records) -> Any:
        """Hand a batch to the library's queue as if its own had become full."""
        queue = self._producer._accumulator
        batch = _WholeBatch(place, _filled(records, self._producer.config["compression_attrs"]))
        queue._appends_in_progress.increment()
        try:
            with queue._tp_lock(place):
                if queue._closed:
                    raise IllegalStateError("the producer was closed meanwhile")
                queue._batches[place].append(batch)
                queue._incomplete.add(batch)
        finally:
            queue._appends_in_progress.decrement()
        return batch

    def close(self) -> None:
        """Let go of the connections; what was not acknowledged yet is given up."""
        # it says so where something was left, which whoever sent that has heard
        with errors_of(self._location), suppress(KafkaTimeoutError):
            self._producer.close(timeout=0)


def _filled(records: Records, compression: int) -> Any:
    """The library's builder of a batch, as if it had taken the records one by one."""
    builder: Any = MemoryRecordsBuilder(_MESSAGE_FORMAT, compression, BATCH_BYTES)
    batch = builder._builder
    batch._buffer += records.content
    batch._first_timestamp = batch._max_timestamp = time.time_ns() // 1_000_000
    batch._num_records = builder._next_offset = records.count
    batch._last_offset = records.count - 1
    return builder


def _first_offset(batch: Any, deadline: float) -> int:
    """The offset of a batch's first record; raises what the library gives for one that was not taken."""
    if not batch.produce_future.wait(max(0.0, deadline - time.monotonic())):
        raise KafkaTimeoutError("the broker did not answer")
    offset, _, error_of = batch.produce_future.value
    if error_of is not None:
        raise error_of(0)
    return int(offset)
