"""What every benchmark prints: the machine and its settings, percentiles, and one line of JSON at the end."""

import json
import math
import os
import platform
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

PERCENTILES = (50, 90, 99, 99.9)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The last line of a benchmark.

    ``ratio`` says how many times better than the reference we are; it and ``reference`` are None where none
    was measured in the same run.
    """

    name: str
    value: float
    unit: str
    bar: float
    reference: float | None
    ratio: float | None
    holds: bool


def judge(
    name: str, value: float, unit: str, *, bar: float, more_is_better: bool, reference: float | None = None
) -> Verdict:
    """Hold a figure against its bar: a rate is to reach it, a time or a size to stay within it."""
    holds = value >= bar if more_is_better else value <= bar
    ratio = None
    if reference is not None:
        ratio = round(value / reference if more_is_better else reference / value, 2)
        reference = round(reference, 3)
    return Verdict(name, round(value, 3), unit, bar, reference, ratio, holds)


def print_environment(*packages: str, **settings: object) -> None:
    """Print the machine, the versions, and what else decides the figures (fsync mode, sizes, seeds)."""
    facts = {
        "cpu": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "load": " ".join(f"{load:.1f}" for load in os.getloadavg()),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **{package: version(package) for package in packages},
        **settings,
    }
    for name, value in facts.items():
        print(f"{name + ':':<14} {value}")


def print_percentiles(name: str, samples: Sequence[float], unit: str) -> None:
    """Print how samples are spread: percentiles (nearest rank) and the worst."""
    ordered = sorted(samples)
    ranks = {f"p{rank}": ordered[math.ceil(len(ordered) * rank / 100) - 1] for rank in PERCENTILES}
    spread = "  ".join(f"{rank} {value:.3f}" for rank, value in ranks.items())
    print(f"{name} [{unit}, {len(ordered)} samples]:  {spread}  max {ordered[-1]:.3f}")


def keep_samples(path: Path, samples: Sequence[float]) -> None:
    """Write the raw samples, a line each."""
    path.write_text("".join(f"{sample:.6f}\n" for sample in samples), encoding="utf-8")


def print_verdict(verdict: Verdict) -> None:
    """Print the line that a program reads: the benchmark's last."""
    print(json.dumps(asdict(verdict)), flush=True)


def _processor() -> str:
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
        return next(names, platform.machine())
