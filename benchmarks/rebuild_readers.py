"""rebuild-readers: latency of readers while a group of views is rebuilt beside them, against idle views.

A second process rebuilds the runs views from a log of ``--events`` events; this one keeps asking for runs and
their progress. An error or an empty answer ends the benchmark. Measured are SQLite, PostgreSQL (a server is
started and stopped), or both; ``--store postgresql+psycopg://...`` names an empty database.
"""

import argparse
import math
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from benchmarks.kept_log import kept_log
from benchmarks.report import judge, print_environment, print_percentiles, print_verdict
from benchmarks.servers import postgres
from eventlog.log import Position
from eventlog.sqlite import SqliteLog
from projections.answers.runs import list_runs, progress_of
from projections.groups import RUNS
from projections.past import Moment, PastLog
from projections.projector import Projector
from projections.store import ViewStore

BAR = 2.0
_PAUSE = 0.002


def rebuild(path: Path, events: int, location: str) -> None:
    """Rebuild the runs views, in a process of its own."""
    with _reading(path, events) as log, closing(ViewStore.open(location)) as store:
        Projector(log, store).rebuild(RUNS)


@contextmanager
def _reading(path: Path, events: int) -> Iterator[PastLog]:
    """The first ``events`` events of a log."""
    with closing(SqliteLog.open(path, read_only=True)) as log:
        yield PastLog(log, Moment(Position({0: events})))


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


def measure(kind: str, location: str, events: int, seconds: float) -> bool:
    """Measure idle views for some seconds, then while they are rebuilt, and print; whether all went well."""
    path = kept_log(events).path
    with closing(ViewStore.open(location)) as store:
        with _reading(path, events) as log:
            Projector(log, store).catch_up()
        until = time.monotonic() + seconds
        idle = latencies(store, lambda: time.monotonic() < until)
        process = multiprocessing.get_context("spawn").Process(target=rebuild, args=(path, events, location))
        process.start()
        busy = latencies(store, process.is_alive)
        process.join()
    print_environment("sqlalchemy", events=events, store=kind)
    print_percentiles("idle", [1000 * seconds for seconds in idle], "ms")
    print_percentiles("during the rebuild", [1000 * seconds for seconds in busy], "ms")
    slower = p99(busy) / p99(idle)
    print_verdict(judge(f"rebuild-readers-{kind}", slower, "times p99", bar=BAR, more_is_better=False))
    return not process.exitcode


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Readers while views are rebuilt.")
    parser.add_argument("--store", default="both", help="sqlite, postgres, both, or a database's URL")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--idle", type=float, default=10.0, help="seconds to measure idle views for")
    options = parser.parse_args()
    well = True
    if options.store in ("sqlite", "both"):
        with tempfile.TemporaryDirectory(prefix="hoofprint-rebuild-") as folder:
            well = measure("sqlite", folder, options.events, options.idle)
    if options.store != "sqlite":
        with postgres(None if options.store in ("postgres", "both") else options.store) as url:
            well = measure("postgres", url, options.events, options.idle) and well
    if not well:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
