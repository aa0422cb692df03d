"""A broker that is killed while events come in, and starts again: what was acknowledged is there."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from eventlog.kafka import KafkaLog
from eventlog.log import read_all

pytestmark = [pytest.mark.kafka, pytest.mark.crash]

CHECKOUT = Path(__file__).parents[2]
PROGRAMS = Path(__file__).parent / "programs"


@pytest.fixture
def running() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a program of ours in a process of its own."""
    with ExitStack() as processes:

        def start(program: str, *arguments: str) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [sys.executable, str(PROGRAMS / program), *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={"PYTHONPATH": str(CHECKOUT)},
            )
            processes.enter_context(process)
            processes.callback(process.kill)
            return process

        yield start


def lines_of(process: subprocess.Popen[str], count: int) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline() for _ in range(count)]


def step(process: subprocess.Popen[str]) -> str:
    """What a program says to one more line of its input."""
    assert process.stdin is not None
    process.stdin.write("go on\n")
    process.stdin.flush()
    return lines_of(process, 1)[0]


def test_a_broker_that_is_killed_and_comes_back_lost_nothing_that_it_acknowledged(
    broker: Any,
    running: Callable[..., subprocess.Popen[str]],
    root: str,
    jobs_of: Callable[..., list[int]],
) -> None:
    location = f"kafka://{broker.start()}/events"
    # this one outwaits the restart, however slow the machine; the other gives up soon
    patient = running(
        "append_batches.py", f"{location}?delivery.timeout.ms=120000", root, "0", "100000", "20"
    )
    hasty = running("outlast_broker.py", f"{location}?delivery.timeout.ms=4000", "hasty")
    before = int(lines_of(patient, 30)[-1])
    assert step(hasty) == "appended\n"
    broker.kill()
    assert "is out of reach: " in step(hasty)
    assert broker.start() in location
    assert int(lines_of(patient, 30)[-1]) > before
    assert step(hasty) == "appended\n"
    patient.kill()
    assert patient.stdout is not None
    acknowledged = max((int(line) for line in patient.stdout.read().split()), default=before)
    with closing(KafkaLog.open(location)) as log:
        kept = jobs_of(list(read_all(log, key=root)))
        hasty_jobs = jobs_of(list(read_all(log, key="hasty")))
    assert kept == list(range(len(kept)))
    assert len(kept) >= acknowledged
    # the job in the middle may have arrived without its acknowledgement
    assert [job for job in hasty_jobs if job != 1] == [0, 2]
