"""end-to-end: appended to the log on Kafka -> a row that readers see in PostgreSQL, at 1,000 events a second.

python -m benchmarks.end_to_end [--seconds N] [--rate N] [--broker HOST:PORT] [--store URL] [--samples FILE]

Events are appended in order, a hundredth of a second's worth at a time, while ``hoofprint views follow`` runs
beside in a process of its own. Again and again one of the jobs that finish is chosen, and its attempt asked
for until it is finished there too: the time since its append began is a sample, to which asking every few
milliseconds adds. What broker, server and follower need to get going, ten seconds, is left out. The bar is
200 ms for the 95th percentile. Without ``--broker`` and ``--store`` (an empty
database) both are started and stopped.
"""

import argparse
import math
import queue
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sqlalchemy import select

from benchmarks.event_mix import event_mix
from benchmarks.report import judge, keep_samples, print_environment, print_percentiles, print_verdict
from benchmarks.servers import follower, kafka, postgres
from eventlog.event import Event
from eventlog.facts import JobFinished
from eventlog.kafka import KafkaLog
from projections.keys import run_key
from projections.runs.attempts import ATTEMPTS
from projections.store import ViewStore

BAR = 200.0
_TICKS = 100
_ASK_EVERY = 0.003
_WARM = 10.0
_LATEST = 60.0


@dataclass(frozen=True, slots=True)
class Probe:
    """An attempt that finished, and when its append began (monotonic seconds)."""

    run_key: int
    job: str
    attempt: int
    appended: float


def main() -> None:
    """Measure and print."""
    options = _options()
    with ExitStack() as started:
        address = started.enter_context(kafka(options.broker))
        location = f"kafka://{address}/end-to-end-{uuid.uuid4().hex[:8]}?partitions=4"
        url = started.enter_context(postgres(options.store))
        log = started.enter_context(closing(KafkaLog.open(location)))
        store = started.enter_context(closing(ViewStore.open(url)))
        with follower(location, url):
            late, samples = _measure(log, store, options.rate, options.seconds)
    print_environment(
        "kafka-python", "psycopg", rate=options.rate, seconds=options.seconds, acks="all", partitions=4
    )
    print(f"appends began late, at worst: {late * 1000:.0f} ms")
    print_percentiles("append -> visible row", [1000 * seconds for seconds in samples], "ms")
    if options.samples:
        keep_samples(options.samples, samples)
    p95 = 1000 * sorted(samples)[math.ceil(len(samples) * 0.95) - 1]
    print_verdict(judge("end-to-end", p95, "ms p95", bar=BAR, more_is_better=False))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="From an append on Kafka to a row in PostgreSQL.")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long it is measured")
    parser.add_argument("--rate", type=int, default=1_000, help="events a second")
    parser.add_argument("--broker", help="HOST:PORT of a broker; a topic is made and stays")
    parser.add_argument("--store", help="the URL of an empty database")
    parser.add_argument("--samples", type=Path, help="file for the raw samples, in seconds")
    return parser.parse_args()


def _measure(log: KafkaLog, store: ViewStore, rate: int, seconds: float) -> tuple[float, list[float]]:
    """How late appends began at worst, and how long each probe took, in seconds."""
    probes: queue.SimpleQueue[Probe] = queue.SimpleQueue()
    stop, late = threading.Event(), [0.0]
    appender = threading.Thread(target=_append, args=(log, rate, probes, stop, late))
    appender.start()
    try:
        _visible_after(store, probes.get(timeout=60.0), patience=60.0)
        warm = time.monotonic() + _WARM
        samples, until = [], warm + seconds
        while time.monotonic() < until:
            taken = _visible_after(store, _newest(probes), patience=_LATEST)
            if time.monotonic() > warm:
                samples.append(taken)
    finally:
        stop.set()
        appender.join()
    return late[0], samples


def _append(
    log: KafkaLog, rate: int, probes: queue.SimpleQueue[Probe], stop: threading.Event, late: list[float]
) -> None:
    events, due = event_mix(10**9), time.monotonic()
    while not stop.is_set():
        batch = list(islice(events, rate // _TICKS))
        due += 1 / _TICKS
        time.sleep(max(0.0, due - time.monotonic()))
        began = time.monotonic()
        late[0] = max(late[0], began - due)
        log.append(batch)
        for probe in _probes(batch, began):
            probes.put(probe)


def _probes(batch: list[Event], began: float) -> Iterator[Probe]:
    for event in batch:
        if isinstance(event.fact, JobFinished):
            run = run_key(event.fact.run, event.namespace)
            yield Probe(run, event.fact.job, event.fact.attempt, began)


def _newest(probes: queue.SimpleQueue[Probe]) -> Probe:
    """The job that finished last; waits for the next one where none did since."""
    probe = probes.get(timeout=_LATEST)
    while not probes.empty():
        probe = probes.get()
    return probe


def _visible_after(store: ViewStore, probe: Probe, *, patience: float) -> float:
    """How many seconds after its append an attempt is finished for readers. Raises TimeoutError."""
    finished = select(ATTEMPTS.c.job).where(
        ATTEMPTS.c.run_key == probe.run_key,
        ATTEMPTS.c.job == probe.job,
        ATTEMPTS.c.attempt == probe.attempt,
        ATTEMPTS.c.finish_version >= 0,
    )
    while True:
        with store.reading("runs") as connection:
            there = connection.execute(finished).first() is not None
        taken = time.monotonic() - probe.appended
        if there:
            return taken
        if taken > patience:
            raise TimeoutError(f"{probe} is not visible after {taken:.1f} s")
        time.sleep(_ASK_EVERY)


if __name__ == "__main__":
    main()
