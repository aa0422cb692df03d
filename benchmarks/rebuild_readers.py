"""rebuild-readers: latency of readers while a group of views is rebuilt beside them, against idle views.

A second process rebuilds the runs views from a log of ``--events`` events; this one keeps asking for runs and
their progress. An error or an empty answer ends the benchmark.
"""

import argparse
import math
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from benchmarks.event_mix import event_mix
from benchmarks.report import judge, print_environment, print_percentiles, print_verdict
from eventlog.sqlite import SqliteLog
from projections.answers.runs import list_runs, progress_of
from projections.groups import RUNS
from projections.projector import Projector
from projections.store import ViewStore

BAR = 2.0
_AT_ONCE = 5_000
_PAUSE = 0.002


def fill_log(path: Path, events: int) -> None:
    """Append the first ``events`` events of the mix."""
    log, told = SqliteLog.open(path), event_mix(events)
    while part := list(islice(told, _AT_ONCE)):
        log.append(part)
    log.close()


def rebuild(path: Path, location: str) -> None:
    """Rebuild the runs views, in a process of its own."""
    log, store = SqliteLog.open(path, read_only=True), ViewStore.open(location)
    Projector(log, store).rebuild(RUNS)
    store.close()
    log.close()


def latencies(store: ViewStore, goes_on: Callable[[], bool]) -> list[float]:
    """Seconds that each answer took, as long as it goes on. Raises RuntimeError for an empty answer."""
    samples = []
    while goes_on():
        start = time.perf_counter()
        with store.reading("runs") as connection:
            runs = list_runs(connection, limit=20)
            if not runs or not progress_of(connection, runs[0].ref).total:
                raise RuntimeError("an empty answer")
        samples.append(time.perf_counter() - start)
        time.sleep(_PAUSE)
    return samples


def p99(samples: list[float]) -> float:
    """The 99th percentile, by nearest rank."""
    return sorted(samples)[math.ceil(len(samples) * 0.99) - 1]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--store", default="sqlite", help="sqlite, or the URL of an empty PostgreSQL database"
    )
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--idle", type=float, default=10.0, help="seconds to measure idle views for")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hoofprint-rebuild-") as folder:
        path = Path(folder) / "log.db"
        location = str(Path(folder) / "views") if options.store == "sqlite" else options.store
        fill_log(path, options.events)
        log, store = SqliteLog.open(path, read_only=True), ViewStore.open(location)
        Projector(log, store).catch_up()
        log.close()
        until = time.monotonic() + options.idle
        idle = latencies(store, lambda: time.monotonic() < until)
        process = multiprocessing.get_context("spawn").Process(target=rebuild, args=(path, location))
        process.start()
        busy = latencies(store, process.is_alive)
        process.join()
        store.close()
    print_environment("sqlalchemy", events=options.events, store=options.store.partition(":")[0])
    print_percentiles("idle", [1000 * seconds for seconds in idle], "ms")
    print_percentiles("during the rebuild", [1000 * seconds for seconds in busy], "ms")
    kind = "sqlite" if options.store == "sqlite" else "postgres"
    slower = p99(busy) / p99(idle)
    print_verdict(judge(f"rebuild-readers-{kind}", slower, "times p99", bar=BAR, more_is_better=False))
    if process.exitcode:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
