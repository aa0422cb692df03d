"""append-sqlite: durable appends to the SQLite log in batches of 100, encoding included.

python -m benchmarks.append_sqlite [--events N] [--folder FOLDER] [--samples FILE]

The bar is 20,000 events a second at 10 million events. Events are made beforehand, batch by batch, outside
the measured time; every append is on disk (fsync) before the next begins. Printed beside: the rate of each
tenth, so that a log that slows down as it grows shows; the codec alone; and how long an append of three
events waits beside a process that appends in bulk (its 99th percentile is to stay within 100 ms).
"""

import argparse
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from benchmarks.event_mix import event_mix, run_events
from benchmarks.report import judge, keep_samples, print_environment, print_percentiles, print_verdict
from eventlog.codec import Codec
from eventlog.event import Event
from eventlog.log import Position
from eventlog.sqlite import SqliteLog

BAR = 20_000
BESIDE = 100.0
BATCH = 100
BULK = 200_000


def main() -> None:
    options = _options()
    if options.bulk_writer:
        _append_in_bulk(options.bulk_writer)
        return
    print_environment(
        "fastavro",
        events=options.events,
        batch=BATCH,
        journal="WAL",
        synchronous="FULL (fsync at every append)",
    )
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        path = Path(folder) / "log.db"
        seconds = _measure_appends(path, options.events)
        _print_codec(path)
        _print_small_beside_bulk(Path(folder) / "shared.db")
    if options.samples:
        keep_samples(options.samples, seconds)
    rate = options.events / sum(seconds)
    print_verdict(judge("append-sqlite", rate, "events/s", bar=BAR, more_is_better=True))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Durable appends to the SQLite log.")
    parser.add_argument(
        "--events", type=int, default=1_000_000, help="how many (the bar is stated at 10,000,000)"
    )
    parser.add_argument("--folder", type=Path, help="where the log lies while it is measured")
    parser.add_argument("--samples", type=Path, help="file for the raw samples, seconds of each append")
    parser.add_argument("--bulk-writer", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _measure_appends(path: Path, events: int) -> list[float]:
    """The seconds of each append."""
    log = SqliteLog.open(path)
    seconds, processor = [], 0.0
    for batch in _batches(event_mix(events), BATCH):
        start, processor_start = time.perf_counter(), time.process_time()
        log.append(batch)
        processor += time.process_time() - processor_start
        seconds.append(time.perf_counter() - start)
    log.close()
    share = processor / sum(seconds)
    print(f"processor time: {processor / events * 1e6:.1f} µs an event, {share:.0%} of the time")
    print_percentiles("append of 100", [second * 1000 for second in seconds], "ms")
    for tenth in range(10):
        part = seconds[tenth * len(seconds) // 10 : (tenth + 1) * len(seconds) // 10]
        print(f"  tenth {tenth + 1:2}: {len(part) * BATCH / sum(part):10,.0f} events/s")
    print(f"bytes an event, on disk: {path.stat().st_size / events:.0f}")
    return seconds


def _print_codec(path: Path) -> None:
    """Print how fast bodies are written, and records read and decoded, without and with the log."""
    log = SqliteLog.open(path, read_only=True)
    codec = Codec(log)
    start = time.perf_counter()
    records = log.read(Position(), 20_000).records
    read = time.perf_counter()
    events = [codec.decode(record) for record in records]
    decoded = time.perf_counter()
    for event in events:
        codec.encode(event.fact)
    encoded = time.perf_counter()
    log.close()
    steps = {"read": read - start, "decode": decoded - read, "encode": encoded - decoded}
    print("events/s: " + ", ".join(f"{step} {len(events) / spent:,.0f}" for step, spent in steps.items()))


def _print_small_beside_bulk(path: Path) -> None:
    """Print how long an append of three events takes while another process appends in bulk."""
    log = SqliteLog.open(path)
    program = [sys.executable, "-m", "benchmarks.append_sqlite", "--bulk-writer", str(path)]
    events = run_events(1_000_000, jobs=10_000)
    waits = []
    with subprocess.Popen(program, stdout=subprocess.PIPE) as bulk:
        assert bulk.stdout is not None
        bulk.stdout.readline()
        while bulk.poll() is None:
            batch = list(islice(events, 3))
            start = time.perf_counter()
            log.append(batch)
            waits.append((time.perf_counter() - start) * 1000)
            time.sleep(0.01)
    log.close()
    print_percentiles("append of 3 beside a bulk writer", waits, "ms")
    p99 = sorted(waits)[math.ceil(len(waits) * 0.99) - 1]
    print_verdict(judge("append-sqlite-beside", p99, "ms p99", bar=BESIDE, more_is_better=False))


def _append_in_bulk(path: Path) -> None:
    log = SqliteLog.open(path)
    events = list(event_mix(BULK))
    print("ready", flush=True)
    log.append(events)
    log.close()


def _batches(events: Iterator[Event], size: int) -> Iterator[list[Event]]:
    while batch := list(islice(events, size)):
        yield batch


if __name__ == "__main__":
    main()
