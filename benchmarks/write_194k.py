"""write-194k: build, infer and write a workflow of 194,364 jobs in <= 7 s and <= 1 GB.

Each measurement is a process of its own, from after the import to the file being on disk (fsync included).
Pegasus.api writes the same workflow in the same run where it is installed. It takes over a minute and 4 GB;
`--reference-jobs` lets it write a smaller one, whose time is then scaled by the number of jobs.
"""

import argparse
import importlib.util
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

from benchmarks.report import judge, print_environment, print_percentiles, print_verdict
from benchmarks.workflow_194k import JOBS, build_workflow

SECONDS = 7.0
MEGABYTES = 1000.0


def write_once(api_name: str, jobs: int, folder: Path) -> dict[str, float]:
    """Write the workflow in this process; return seconds, of the processor too, and peak memory in MB."""
    api = import_module(api_name)
    start, processor = time.perf_counter(), time.process_time()
    workflow = build_workflow(api, jobs)
    built = time.perf_counter()
    path = folder / "workflow.yml"
    workflow.write(str(path))
    end, processor = time.perf_counter(), time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    size = path.stat().st_size / 1e6
    return {
        "build": built - start,
        "write": end - built,
        "processor": processor,
        "memory": peak,
        "size": size,
    }


def measure_once(api_name: str, jobs: int) -> dict[str, float]:
    """Write the workflow in a fresh process and return its figures."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.write_194k", "--inside", api_name]
        command += ["--jobs", str(jobs), "--dir", folder]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def measure_reference(jobs: int, wanted: int) -> float | None:
    """Return the seconds that Pegasus.api takes for `wanted` jobs, scaled from `jobs`; None without it."""
    if not jobs or importlib.util.find_spec("Pegasus") is None:
        print("reference: not measured (Pegasus.api is not installed, or --reference-jobs 0)")
        return None
    figures = measure_once("Pegasus.api", jobs)
    seconds = figures["build"] + figures["write"]
    print(f"reference: Pegasus.api, {jobs} jobs: {seconds:.1f} s, {figures['memory']:.0f} MB")
    return seconds * wanted / jobs


def main() -> None:
    """Measure ours several times and the reference once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--reference-jobs", type=int, default=JOBS, help="0: leave the reference out")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    parser.add_argument("--dir", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        print(json.dumps(write_once(options.inside, options.jobs, options.dir)))
        return
    print_environment(jobs=options.jobs, fsync="once, before the rename")
    rounds = [measure_once("hoofprint", options.jobs) for _ in range(options.repeat)]
    totals = [figures["build"] + figures["write"] for figures in rounds]
    print_percentiles("build", [figures["build"] for figures in rounds], "s")
    print_percentiles("write", [figures["write"] for figures in rounds], "s")
    print_percentiles("total", totals, "s")
    print_percentiles("processor", [figures["processor"] for figures in rounds], "s")
    print_percentiles("memory", [figures["memory"] for figures in rounds], "MB")
    print(f"file: {rounds[0]['size']:.1f} MB")
    reference = measure_reference(options.reference_jobs, options.jobs)
    peak = max(figures["memory"] for figures in rounds)
    print_verdict(judge("write-194k-memory", peak, "MB", bar=MEGABYTES, more_is_better=False))
    seconds = statistics.median(totals)
    print_verdict(judge("write-194k", seconds, "s", bar=SECONDS, more_is_better=False, reference=reference))


if __name__ == "__main__":
    main()
