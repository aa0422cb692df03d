"""What fold-sqlite and fold-postgres measure: the kept log -> all views, decoding included, one process.

A planning chunk counts as what it lists: its tasks, files or jobs. The log is read from its SQLite file
within the measured time. It is folded slice by slice, so that one run tells how the rate holds as the views
grow.
"""

import argparse
import resource
import time
from dataclasses import dataclass

from sqlalchemy import func, select

from benchmarks.kept_log import KeptLog, kept_log
from benchmarks.report import judge, print_environment, print_percentiles, print_verdict
from eventlog.log import Position
from eventlog.sqlite import SqliteLog
from projections.groups import GROUPS
from projections.projector import Projector
from projections.store import ViewStore

BAR = 20_000.0
MILLION = 1_000_000
SMALLEST = 100_000


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the log, folded: where it ends, events counted, seconds by clock and by own processor.

    ``resident`` is how much memory this process holds after it, in bytes.
    """

    end: int
    counted: int
    seconds: float
    processor: float
    resident: int


def fold_options(purpose: str) -> argparse.ArgumentParser:
    """The options that every fold has."""
    parser = argparse.ArgumentParser(description=purpose)
    parser.add_argument(
        "--events", type=int, default=200_000, help="how many (the bar is stated at 10,000,000)"
    )
    return parser


def measure(name: str, store: ViewStore, events: int, *, holds_at: float, **settings: object) -> None:
    """Fold into an empty store, and print; ``holds_at`` is the part of its first rate that must be left."""
    kept = kept_log(events)
    log = SqliteLog.open(kept.path, read_only=True)
    slices = fold_in_slices(log, kept, store, events)
    log.close()
    seconds, counted = sum(part.seconds for part in slices), sum(part.counted for part in slices)
    print_environment("sqlalchemy", events=events, counted=counted, **settings)
    _print_slices(slices)
    rates = [part.counted / part.seconds for part in slices]
    print_percentiles("fold, slice by slice", rates, "events/s")
    processor = sum(part.processor for part in slices)
    print(f"fold, per processor second of this process: {counted / processor:,.0f} events/s")
    rows = count_rows(store)
    print(f"rows: {rows:,}, {rows / counted:.2f} an event, {rows / seconds:,.0f} rows/s")
    _print_how_it_holds(name, slices, holds_at)
    print_verdict(judge(name, counted / seconds, "events/s", bar=BAR, more_is_better=True))


def fold_in_slices(log: SqliteLog, kept: KeptLog, store: ViewStore, events: int) -> list[Slice]:
    """Fold the first events of a log, a million at a time, or a tenth of fewer, but some batches."""
    size = min(MILLION, max(SMALLEST, events // 10))
    projector = Projector(log, store)
    targets, start, slices = projector.live_targets(), 0, []
    while start < events:
        end = min(start + size, events)
        clock, processor = time.perf_counter(), time.process_time()
        projector.fold_into(targets, Position({0: end}))
        seconds, processor = time.perf_counter() - clock, time.process_time() - processor
        slices.append(Slice(end, kept.counted(start, end), seconds, processor, _resident()))
        start = end
    return slices


def _resident() -> int:
    with open("/proc/self/statm", encoding="ascii") as status:
        return int(status.read().split()[1]) * resource.getpagesize()


def _print_slices(slices: list[Slice]) -> None:
    for part in slices:
        print(
            f"  up to {part.end:>10,}: {part.counted / part.seconds:>9,.0f} events/s, "
            f"{part.counted / part.processor:>9,.0f} per processor second, "
            f"{part.resident >> 20:>5,} MiB resident"
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"peak memory: {peak:,} MiB; at the end {slices[-1].resident >> 20:,} MiB")


def _print_how_it_holds(name: str, slices: list[Slice], holds_at: float) -> None:
    """How much of the rate of the first slice is left in the last one."""
    first, last = (part.counted / part.seconds for part in (slices[0], slices[-1]))
    print_verdict(
        judge(f"{name}-holds", last / first, "of its first rate", bar=holds_at, more_is_better=True)
    )


def count_rows(store: ViewStore) -> int:
    """How many rows all views have."""
    rows = 0
    for group in GROUPS:
        with store.reading(group.name) as connection:
            for table in group.metadata.sorted_tables:
                rows += connection.execute(select(func.count()).select_from(table)).scalar_one()
    return rows
