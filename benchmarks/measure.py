"""What every benchmark prints: percentiles, the machine it ran on, and the verdict as its last line."""

import json
import os
import platform
import statistics
import sys
from collections.abc import Sequence


def print_environment(**settings: object) -> None:
    """Print the machine, the versions, and what else decides the figures (fsync mode, sizes, seeds)."""
    facts = {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "load": " ".join(f"{load:.1f}" for load in os.getloadavg()),
        **settings,
    }
    print("environment: " + ", ".join(f"{name} {value}" for name, value in facts.items()))


def _processor() -> str:
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
        return next(names, platform.machine())


def print_percentiles(name: str, samples: Sequence[float], unit: str) -> None:
    """Print the raw samples and their median, 90th and 99th percentile and maximum."""
    ordered = sorted(samples)
    ranks = {f"p{rank}": ordered[min(len(ordered) - 1, len(ordered) * rank // 100)] for rank in (50, 90, 99)}
    shown = ", ".join(f"{rank} {value:.3f}" for rank, value in ranks.items())
    print(
        f"{name} [{unit}]: {shown}, max {ordered[-1]:.3f}; raw "
        + " ".join(f"{value:.3f}" for value in samples)
    )


def print_verdict(
    name: str, samples: Sequence[float], unit: str, bar: float, reference: float | None, *, holds: bool
) -> None:
    """Print the last line: the median against the bar, and how much longer the reference takes, if known."""
    value = statistics.median(samples)
    verdict = {
        "name": name,
        "value": round(value, 3),
        "unit": unit,
        "bar": bar,
        "reference": None if reference is None else round(reference, 3),
        "ratio": None if reference is None else round(reference / value, 2),
        "holds": holds,
    }
    sys.stdout.write(json.dumps(verdict) + "\n")
