"""ingest-10k: a finished 10,000-job run of Pegasus, from its event file into the log and all tables.

python -m benchmarks.ingest_10k [--jobs N] [--repeat N] [--source event-file|directory|both] [--flat]

The run has 1000genome's shape and is written beforehand, as an event file (27 lines a job) and as a submit
directory (three files a job). Measured is `hoofprint import`, a process of its own and one that folds beside
it, from its start until everything is in the tables; processor time of both is printed, too. Each is
imported --repeat times into an empty house, and the median counts: the bars are 6 s from the event file and
15 s from the directory. With --flat runs of four times as many jobs are imported as well: the memory of each
process, which is printed, should stay where it was.
"""

import argparse
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.genome_event_file import write_event_file
from benchmarks.genome_run import GenomeRun
from benchmarks.genome_submit_directory import write_submit_directory
from benchmarks.report import Verdict, judge, print_environment, print_verdict

JOBS = 10_000
BAR = 6.0
BAR_OF_DIRECTORY = 15.0
OF_MONITORD = 619.0
"""Seconds that pegasus-monitord needs for such a run of so many jobs."""

_COMMAND = (sys.executable, "-P", "-m", "hoofprint")
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)
_LOOK_EVERY = 0.05


@dataclass(frozen=True, slots=True)
class Measured:
    """One import: seconds until all is in the tables, processor seconds, each process' most memory (KiB)."""

    seconds: float
    processor: float
    peaks: Sequence[int]


def main() -> None:
    options = _options()
    print_environment("sqlalchemy", jobs=options.jobs, journal="WAL", synchronous="FULL")
    sizes = [(options.jobs, options.repeat), *([(4 * options.jobs, 1)] if options.flat else [])]
    verdicts = []
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        if options.source != "event-file":
            seconds = [_from_directory(Path(folder), jobs, times) for jobs, times in sizes]
            verdicts.append(_judged("ingest-10k-directory", options.jobs, seconds[0], BAR_OF_DIRECTORY))
        if options.source != "directory":
            seconds = [_from_event_file(Path(folder), jobs, times) for jobs, times in sizes]
            verdicts.append(_judged("ingest-10k", options.jobs, seconds[0], BAR))
    for verdict in verdicts:
        print_verdict(verdict)


def _judged(name: str, jobs: int, seconds: float, bar: float) -> Verdict:
    reference = OF_MONITORD if jobs == JOBS else None
    return judge(name, seconds, "s", bar=bar, more_is_better=False, reference=reference)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A finished run of Pegasus into the tables.")
    parser.add_argument("--jobs", type=int, default=JOBS, help="how many (the bars are stated at 10,000)")
    parser.add_argument("--repeat", type=int, default=3, help="how often each is imported")
    parser.add_argument("--folder", type=Path, help="where run, log and tables lie meanwhile")
    parser.add_argument("--source", choices=("event-file", "directory", "both"), default="both")
    parser.add_argument("--flat", action="store_true", help="measure four times as many jobs, too")
    options: argparse.Namespace = parser.parse_args()
    return options


def _from_event_file(folder: Path, jobs: int, times: int) -> float:
    source = folder / f"{jobs}.bp"
    lines = write_event_file(GenomeRun(jobs), source)
    size = source.stat().st_size / 1e6
    seconds = _median(f"event file of {jobs} jobs ({lines} lines, {size:.0f} MB)", source, times)
    source.unlink()
    return seconds


def _from_directory(folder: Path, jobs: int, times: int) -> float:
    source = folder / f"run-{jobs}"
    write_submit_directory(GenomeRun(jobs), source)
    seconds = _median(f"directory of {jobs} jobs", source, times)
    shutil.rmtree(source)
    return seconds


def _median(what: str, source: Path, times: int) -> float:
    """Seconds that the import of a source takes; each one is printed."""
    measured = []
    for _ in range(times):
        home = source.with_name("home")
        measured.append(_import(source, home))
        shutil.rmtree(home)
        _print(what, measured[-1])
    return statistics.median(each.seconds for each in measured)


def _print(source: str, measured: Measured) -> None:
    peaks = " and ".join(f"{peak / 1024:.0f}" for peak in measured.peaks)
    print(
        f"from the {source}: {measured.seconds:.2f} s, {measured.processor:.2f} s of processors, "
        f"peaks of {peaks} MiB"
    )


def _import(source: Path, home: Path) -> Measured:
    """Import into an empty house; what is left to fold is folded."""
    environment = {**os.environ, "HOOFPRINT_HOME": str(home), "TZ": "UTC"}
    # what was written beforehand is not to be waited for by the first fsync
    os.sync()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    command = [*_COMMAND, "import", str(source)]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as importing:
        peaks = _watch(importing)
    if importing.returncode:
        raise SystemExit(f"hoofprint import ended with {importing.returncode}")
    seconds = time.perf_counter() - started
    subprocess.run([*_COMMAND, "views", "fold"], env=environment, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(seconds, processor, peaks)


def _watch(process: "subprocess.Popen[bytes]") -> Sequence[int]:
    """The most memory that a process had, and each one that it started, in KiB."""
    peaks: dict[str, int] = {}
    while process.poll() is None:
        for member in (str(process.pid), *_started_by(process.pid)):
            with suppress(OSError):
                match = _PEAK.search(Path(f"/proc/{member}/status").read_text(encoding="utf-8"))
                peaks[member] = max(peaks.get(member, 0), int(match[1]) if match else 0)
        time.sleep(_LOOK_EVERY)
    return list(peaks.values())


def _started_by(process: int) -> Sequence[str]:
    try:
        return Path(f"/proc/{process}/task/{process}/children").read_text(encoding="utf-8").split()
    except OSError:
        return ()


if __name__ == "__main__":
    main()
