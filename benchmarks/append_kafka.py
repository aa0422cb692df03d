"""append-kafka: durable appends to the log on Kafka in batches of 100, encoding included.

python -m benchmarks.append_kafka [--events N] [--partitions N] [--broker HOST:PORT] [--samples FILE]

The bar is 15,000 events a second at 10 million events. Events are made beforehand, batch by batch, outside
the measured time; every append is acknowledged by the broker (acks=all) before the next begins. Printed
beside: our own processor time an event, the largest memory of the process, kafka-python alone, sending the
same bodies and keys without headers in the same batches, and how fast the log is read and decoded.
Without ``--broker`` one is started and stopped; like every Kafka it leaves fsync to its system.
"""

import argparse
import resource
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

from kafka import KafkaProducer

from benchmarks.event_mix import event_mix
from benchmarks.report import judge, keep_samples, print_environment, print_percentiles, print_verdict
from benchmarks.servers import kafka
from eventlog.codec import Codec, encode
from eventlog.event import Event
from eventlog.kafka import KafkaLog
from eventlog.log import Position

BAR = 15_000
BATCH = 100
ALONE = 50_000
READ = 200_000


def main() -> None:
    options = _options()
    print_environment(
        "kafka-python",
        events=options.events,
        batch=BATCH,
        partitions=options.partitions,
        acks="all",
        fsync="left to the broker's system",
    )
    topic = f"append-kafka-{uuid.uuid4().hex[:8]}"
    with kafka(options.broker) as address:
        with closing(KafkaLog.open(f"kafka://{address}/{topic}?partitions={options.partitions}")) as log:
            seconds = _measure_appends(log, options.events)
            _print_reading(log)
        alone = _measure_library(address, topic, min(ALONE, options.events))
    if options.samples:
        keep_samples(options.samples, seconds)
    rate = options.events / sum(seconds)
    print_verdict(judge("append-kafka", rate, "events/s", bar=BAR, more_is_better=True, reference=alone))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Durable appends to the log on Kafka.")
    parser.add_argument("--broker", help="HOST:PORT of a broker; a topic is made and stays")
    parser.add_argument(
        "--events", type=int, default=200_000, help="how many (the bar is stated at 10,000,000)"
    )
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--samples", type=Path, help="file for the raw samples, seconds of each append")
    return parser.parse_args()


def _measure_appends(log: KafkaLog, events: int) -> list[float]:
    """The seconds of each append."""
    seconds, processor = [], 0.0
    for batch in _batches(event_mix(events), BATCH):
        start, processor_start = time.perf_counter(), time.process_time()
        log.append(batch)
        processor += time.process_time() - processor_start
        seconds.append(time.perf_counter() - start)
    _print_processor("our processor time", processor, events, sum(seconds))
    print(f"largest memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")
    print_percentiles("append of 100", [second * 1000 for second in seconds], "ms")
    for tenth in range(10):
        part = seconds[tenth * len(seconds) // 10 : (tenth + 1) * len(seconds) // 10]
        print(f"  tenth {tenth + 1:2}: {len(part) * BATCH / sum(part):10,.0f} events/s")
    return seconds


def _print_processor(what: str, processor: float, events: int, seconds: float) -> None:
    print(f"{what}: {processor / events * 1e6:.1f} µs an event, {processor / seconds:.0%} of the time")


def _print_reading(log: KafkaLog) -> None:
    """Print how fast the first records are read, and decoded."""
    codec, position = Codec(log), Position()
    start, decoding, records = time.perf_counter(), 0.0, 0
    while records < READ and (batch := log.read(position, 5000)).position != position:
        position, records = batch.position, records + len(batch.records)
        read = time.perf_counter()
        for record in batch.records:
            codec.decode(record)
        decoding += time.perf_counter() - read
    reading = time.perf_counter() - start - decoding
    print(f"events/s: read {records / reading:,.0f}, decode {records / decoding:,.0f}")


def _measure_library(broker: str, topic: str, events: int) -> float:
    """Events a second of the library alone; bodies are encoded outside the measured time."""
    seconds = processor = 0.0
    with closing(
        KafkaProducer(
            bootstrap_servers=broker, acks="all", compression_type="lz4", linger_ms=20, batch_size=256 * 1024
        )
    ) as producer:
        for batch in _batches(event_mix(events), BATCH):
            messages = [(event.key.encode(), encode(event.fact)) for event in batch]
            start, processor_start = time.perf_counter(), time.process_time()
            waiting = [producer.send(topic, body, key=key) for key, body in messages]
            producer.flush()
            for each in waiting:
                each.get(timeout=0)
            processor += time.process_time() - processor_start
            seconds += time.perf_counter() - start
    print(f"kafka-python alone, no headers, nothing encoded: {events / seconds:,.0f} events/s")
    _print_processor("  its processor time", processor, events, seconds)
    return events / seconds


def _batches(events: Iterator[Event], size: int) -> Iterator[list[Event]]:
    while batch := list(islice(events, size)):
        yield batch


if __name__ == "__main__":
    main()
