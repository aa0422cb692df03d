"""A run whose broker dies and comes back: the run goes on, says so, and the log has everything in order."""

import json
import subprocess
import time
from collections.abc import Callable
from itertools import pairwise

import pytest

pytestmark = [pytest.mark.kafka, pytest.mark.crash]

JOBS = 6
JOB_EVENTS = ("JobSubmitted", "JobStarted", "InvocationRecorded", "JobFinished")


def eventually(holds: Callable[[], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_run_outlasts_its_broker_and_nothing_of_it_is_lost_or_overtaken(
    project, write_workflow: Callable[..., None], broker
) -> None:
    names = [f"job{number}" for number in range(JOBS)]
    jobs = [(name, f"sleep 0.7; echo {name} > out.{name}", (), (f"out.{name}",)) for name in names]
    write_workflow("chain", *jobs, edges=tuple(pairwise(names)))
    place = f"kafka://{broker.start()}/chain?partitions=2"
    project.environment["HOOFPRINT_LOG"] = f"{place}&delivery.timeout.ms=2000&bootstrap.timeout.ms=2000"
    planned = project.json("plan", "workflow.yml", "--output-dir", "outputs")

    outputs = project.folder / "outputs"
    running = project.start("run", planned["run"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    eventually(lambda: any(outputs.rglob("out.*")) or running.poll() is not None)
    broker.kill()
    _, said = running.communicate(timeout=240)
    assert running.returncode == 0, said
    assert "is out of reach; events go to the spool" in said
    assert "events wait in the spool: hoofprint log drain" in said
    waiting = project.json("log", "spool")
    assert waiting["events"] > len(JOB_EVENTS)
    project.call("log", "drain", expect=4)

    broker.start()
    assert project.json("log", "drain")["drained"] == waiting["events"]
    assert project.json("log", "spool")["events"] == 0
    told = [json.loads(line) for line in project.call("log", "show", "latest", "--json").stdout.splitlines()]
    # an event that was sent and not acknowledged is there twice: its first place counts
    first = {(event["type"], event["subject"]): place for place, event in reversed(list(enumerate(told)))}
    for name in names:
        job = next(subject for _, subject in first if f"/{name}" in subject or f"_{name}/" in subject)
        places = [first[kind, job] for kind in JOB_EVENTS]
        assert places == sorted(places)
    assert told[-1]["type"] == "RunFinished"
    assert project.json("views", "verify")["holds"]

    # once more, told to a log that knows ids and was never away
    digest = project.json("views", "digest")
    project.call("log", "export", "archive")
    project.environment["HOOFPRINT_LOG"] = f"sqlite:{project.folder / 'other' / 'log.db'}"
    project.environment["HOOFPRINT_VIEWS"] = f"sqlite:{project.folder / 'other' / 'views'}"
    project.call("log", "import", "archive")
    assert project.json("views", "digest") == digest
