"""append-visible: how soon an event that was appended to the log on Kafka can be read.

python -m benchmarks.append_visible [--events N] [--broker HOST:PORT] [--samples FILE]

A reader in another thread reads on and on; events are appended one at a time, at random moments. Measured is
the time from the call of ``append`` to the moment when the reader has the event: sending, acknowledgement and
the reader's next look. The bar is 50 ms at p95. Without ``--broker`` one is started and stopped.
"""

import argparse
import random
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

from benchmarks.event_mix import event_mix
from benchmarks.report import judge, keep_samples, print_environment, print_percentiles, print_verdict
from benchmarks.servers import kafka
from eventlog.event import Event
from eventlog.kafka import KafkaLog
from eventlog.log import Position

BAR = 50.0
PAUSE = 0.02
IDLE = 0.02


def main() -> None:
    options = _options()
    print_environment("kafka-python", events=options.events, acks="all", looks=f"every {IDLE * 1000:.0f} ms")
    with ExitStack() as opened:
        address = opened.enter_context(kafka(options.broker))
        place = f"kafka://{address}/append-visible-{uuid.uuid4().hex[:8]}?partitions=4"
        writer, reader = (opened.enter_context(closing(KafkaLog.open(place))) for _ in range(2))
        seconds = list(_delays(writer, reader, list(event_mix(options.events))))
    milliseconds = [second * 1000 for second in seconds]
    print_percentiles("append to readable", milliseconds, "ms")
    if options.samples:
        keep_samples(options.samples, seconds)
    p95 = sorted(milliseconds)[len(milliseconds) * 95 // 100]
    print_verdict(judge("append-visible", p95, "ms at p95", bar=BAR, more_is_better=False))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How soon an appended event can be read on Kafka.")
    parser.add_argument("--broker", help="HOST:PORT of a broker; a topic is made and stays")
    parser.add_argument("--events", type=int, default=500)
    parser.add_argument("--samples", type=Path, help="file for the raw samples, seconds of each event")
    return parser.parse_args()


def _delays(writer: KafkaLog, reader: KafkaLog, events: list[Event]) -> Iterator[float]:
    """For each event but the first, which opens connections, the seconds until it was read."""
    read: dict[uuid.UUID, float] = {}
    stop = threading.Event()
    thread = threading.Thread(target=_read_on, args=(reader, read, stop))
    thread.start()
    chance, sent = random.Random(7), []
    for event in events:
        time.sleep(chance.random() * PAUSE)
        sent.append((event.id, time.perf_counter()))
        writer.append([event])
    while len(read) < len(events):
        time.sleep(IDLE)
    stop.set()
    thread.join()
    return (read[identity] - start for identity, start in sent[1:])


def _read_on(reader: KafkaLog, read: dict[uuid.UUID, float], stop: threading.Event) -> None:
    position = Position()
    while not stop.is_set():
        batch = reader.read(position, 1000)
        now = time.perf_counter()
        read.update((record.id, now) for record in batch.records)
        position = batch.position
        if not batch.records:
            stop.wait(IDLE)


if __name__ == "__main__":
    main()
