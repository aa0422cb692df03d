"""fold: log -> all views, decoding included, one process, an execution mix, in events a second.

``--store sqlite`` folds into a temporary folder, ``--store postgresql+psycopg://...`` into that (empty)
database. A planning chunk counts as what it lists: its tasks, files or jobs. The log is made in memory before
and is not measured. Processor seconds of this process and rows a
second are printed beside: on a shared machine they tell more than the clock.
"""

import argparse
import gc
import statistics
import tempfile
import time
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import func, select

from benchmarks.event_mix import event_mix
from benchmarks.report import judge, print_environment, print_percentiles, print_verdict
from eventlog.facts import Fact, FilesDeclared, JobsPlanned, JobsReused, TasksDeclared
from eventlog.memory import MemoryLog
from projections.groups import GROUPS
from projections.projector import Projector
from projections.store import ViewStore

BAR = 20_000.0
_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Fold:
    """One fold of a log: seconds on the clock and on this process' processor, rows there afterwards."""

    seconds: float
    processor: float
    rows: int


def make_log(events: int) -> tuple[MemoryLog, int]:
    """A log with the first ``events`` events of the mix, and how many those are with the items of chunks."""
    log, told, counted = MemoryLog(), event_mix(events), 0
    while part := list(islice(told, _AT_ONCE)):
        log.append(part)
        counted += sum(_items(event.fact) for event in part)
    # what stays for good is no business of the garbage collector's
    gc.collect()
    gc.freeze()
    return log, counted


def _items(fact: Fact) -> int:
    match fact:
        case TasksDeclared():
            return len(fact.tasks)
        case FilesDeclared() | JobsReused():
            return len(fact.files)
        case JobsPlanned():
            return len(fact.jobs)
        case _:
            return 1


def fold_once(log: MemoryLog, store: ViewStore) -> Fold:
    """Fold the log into generations of their own, which are dropped again."""
    fresh = {group: store.storage.create(group) for group in GROUPS}
    for group, generation in fresh.items():
        store.storage.activate(group, generation)
    start, processor = time.perf_counter(), time.process_time()
    Projector(log, store).catch_up()
    seconds, processor = time.perf_counter() - start, time.process_time() - processor
    return Fold(seconds, processor, _count_rows(store))


def _count_rows(store: ViewStore) -> int:
    rows = 0
    for group in GROUPS:
        with store.reading(group.name) as connection:
            for table in group.metadata.sorted_tables:
                rows += connection.execute(select(func.count()).select_from(table)).scalar_one()
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--store", default="sqlite", help="sqlite, or the URL of an empty PostgreSQL database"
    )
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    log, counted = make_log(options.events)
    with tempfile.TemporaryDirectory(prefix="hoofprint-fold-") as folder:
        store = ViewStore.open(folder if options.store == "sqlite" else options.store)
        folds = [fold_once(log, store) for _ in range(options.repeat)]
        store.close()
    kind = "sqlite" if options.store == "sqlite" else "postgres"
    print_environment(
        "sqlalchemy",
        events=options.events,
        counted=counted,
        store=kind,
        synchronous="NORMAL" if kind == "sqlite" else "server",
    )
    rates = [counted / fold.seconds for fold in folds]
    print_percentiles("fold", rates, "events/s")
    print_percentiles("fold, per processor second", [counted / f.processor for f in folds], "events/s")
    print_percentiles("rows", [fold.rows / fold.seconds for fold in folds], "rows/s")
    rate = statistics.median(rates)
    print_verdict(judge(f"fold-{kind}", rate, "events/s", bar=BAR, more_is_better=True))


if __name__ == "__main__":
    main()
