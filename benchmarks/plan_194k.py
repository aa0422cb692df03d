"""plan-194k: read, plan and record a workflow of 194,364 jobs in <= 15 s, <= 1.5 GB, <= 2,000 files.

From the file that our API wrote to the plan directory on disk and all planning events in an SQLite log. Each
measurement is a process of its own, from after the imports on. `--fan N` plans one fan of N jobs instead
(plan-fan-50k: <= 5 s), made in memory: split -> N workers -> merge.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from benchmarks.report import judge, print_environment, print_percentiles, print_verdict
from benchmarks.workflow_194k import JOBS, write_everything

SECONDS = 15.0
FAN_SECONDS = 5.0
MEGABYTES = 1500.0
FILES = 2000
FAN = 50_000
EVENTS_AT_ONCE = 50

if TYPE_CHECKING:
    from planner.request import PlanRequest, RunIdentity

T = TypeVar("T")


class Stages:
    """Times the stages of one planning."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def run(self, name: str, work: Callable[[], T]) -> T:
        """Do the work of a stage and note how long it took."""
        start = time.perf_counter()
        result = work()
        self.seconds[name] = time.perf_counter() - start
        return result


def plan_once(folder: Path, fan: int | None) -> dict[str, float]:
    """Plan in this process; return the seconds of each stage, their sum, peak memory (MB) and files."""
    from eventlog.collector import collector_paused
    from eventlog.event import Observer
    from eventlog.opening import open_log
    from planner.directory import read_plan, write_plan
    from planner.events import planning_events
    from planner.pipeline import plan_workflow

    stages = Stages()
    with collector_paused():
        request = stages.run("read", lambda: fan_request(fan) if fan else groups_request(folder))
        plan = stages.run("plan", lambda: plan_workflow(request))
        target = folder / "plans" / "run0001"
        stages.run("write", lambda: write_plan(plan, target))
        observer = Observer("benchmark", "nobody", request.identity.root_run)
        log = open_log(str(folder / "log.db"))

        def append() -> None:
            batch = []
            for event in planning_events(plan, observer, 1):
                batch.append(event)
                if len(batch) == EVENTS_AT_ONCE:
                    log.append(batch)
                    batch = []
            log.append(batch)

        stages.run("record", append)
        log.close()
    if fan:
        stages.seconds.pop("read")
    total = sum(stages.seconds.values())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    files = sum(path.is_file() for path in target.rglob("*"))
    again = stages.run("read-plan", lambda: read_plan(target))
    assert len(again.jobs) == len(plan.executable.jobs)
    return {**stages.seconds, "total": total, "memory": peak, "files": files}


def groups_request(folder: Path) -> "PlanRequest":
    """The request for the workflow and catalogs that were written into the folder."""
    from planner.formats import (
        read_replica_catalog,
        read_site_catalog,
        read_transformation_catalog,
        read_workflow,
    )
    from planner.request import PlanRequest

    return PlanRequest(
        workflow=read_workflow(folder / "workflow.yml"),
        identity=_identity(),
        base_directory=str(folder),
        relative_directory="run0001",
        sites=read_site_catalog(folder / "sites.yml", {}),
        transformations=read_transformation_catalog(folder / "transformations.yml", {}),
        replicas=read_replica_catalog(folder / "replicas.yml", {}),
        source_files={name: str(folder / name) for name in ("workflow.yml", "replicas.yml")},
    )


def fan_request(width: int) -> "PlanRequest":
    """The request for one fan, in memory."""
    from planner.abstract import AbstractJob, AbstractWorkflow, Use
    from planner.catalogs import (
        Executable,
        Replica,
        ReplicaCatalog,
        ReplicaEntry,
        Transformation,
        TransformationCatalog,
        TransformationEntry,
    )
    from planner.request import PlanRequest

    split, work, merge = (Transformation(name) for name in ("split", "work", "merge"))
    parts = [f"part.{number:06d}" for number in range(width)]
    results = [f"result.{number:06d}" for number in range(width)]
    jobs = [AbstractJob("S", split, uses=(Use("raw", "input"), *(Use(p, "output") for p in parts)))]
    for number, (part, result) in enumerate(zip(parts, results, strict=True)):
        uses = (Use(part, "input"), Use(result, "output"))
        jobs.append(AbstractJob(f"W{number:06d}", work, arguments=("-i", part, "-o", result), uses=uses))
    jobs.append(AbstractJob("M", merge, uses=(*(Use(r, "input") for r in results), Use("end", "output"))))
    entries = {
        name: TransformationEntry(name, (Executable("local", f"/bin/{name}"),))
        for name in (split, work, merge)
    }
    return PlanRequest(
        workflow=AbstractWorkflow("fan", jobs, []),
        identity=_identity(),
        base_directory="/base",
        relative_directory="run0001",
        transformations=TransformationCatalog(entries),
        replicas=ReplicaCatalog({"raw": ReplicaEntry("raw", (Replica("file:///data/raw", "local"),))}),
    )


def _identity() -> "RunIdentity":
    from planner.request import RunIdentity

    return RunIdentity(str(uuid.uuid5(uuid.NAMESPACE_URL, "benchmark")), 1, "nobody")


def measure_once(folder: Path, fan: int | None) -> dict[str, float]:
    """Plan in a fresh process and return its figures."""
    with tempfile.TemporaryDirectory(dir=folder) as work:
        for name in ("workflow.yml", "replicas.yml", "transformations.yml", "sites.yml"):
            if not fan:
                (Path(work) / name).symlink_to(folder / name)
        command = [sys.executable, "-m", "benchmarks.plan_194k", "--inside", work]
        command += ["--fan", str(fan)] if fan else []
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def main() -> None:
    """Measure ours several times against the bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--fan", type=int, nargs="?", const=FAN, help="plan one fan of so many jobs instead")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        print(json.dumps(plan_once(options.inside, options.fan)))
        return
    name = "plan-fan-50k" if options.fan else "plan-194k"
    print_environment(jobs=options.fan or options.jobs, fsync="plan directory and log", synchronous="FULL")
    with tempfile.TemporaryDirectory() as folder:
        if not options.fan:
            import hoofprint

            write_everything(hoofprint, Path(folder), options.jobs)
        rounds = [measure_once(Path(folder), options.fan) for _ in range(options.repeat)]
    units = {"memory": "MB", "files": "files"}
    for stage in rounds[0]:
        print_percentiles(stage, [figures[stage] for figures in rounds], units.get(stage, "s"))
    totals = [figures["total"] for figures in rounds]
    bar, reference = (FAN_SECONDS, 571) if options.fan else (SECONDS, 128)
    print(f"pegasus-plan 5.x took {reference} s when it was measured, on another machine of two cores")
    for limit, stage in ((MEGABYTES, "memory"), (FILES, "files")):
        print_verdict(
            judge(f"{name}-{stage}", rounds[-1][stage], units[stage], bar=limit, more_is_better=False)
        )
    print_verdict(judge(name, statistics.median(totals), "s", bar=bar, more_is_better=False))


if __name__ == "__main__":
    main()
