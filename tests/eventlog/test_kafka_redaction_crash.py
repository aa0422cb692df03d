"""Redactions that are killed at any moment while events come in: nothing acknowledged is lost."""

import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from eventlog.kafka import KafkaLog
from eventlog.kafka.admin import topics_of
from eventlog.kafka.location import KafkaLocation
from eventlog.log import read_all
from eventlog.redaction import is_tombstone

pytestmark = [pytest.mark.kafka, pytest.mark.crash]

CHECKOUT = Path(__file__).parents[2]
PROGRAMS = Path(__file__).parent / "programs"
KILLS = 4


@pytest.fixture
def running() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a program of ours in a process of its own, which is killed at the latest at the end."""
    with ExitStack() as processes:

        def start(program: str, *arguments: str) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [sys.executable, "-W", "ignore", str(PROGRAMS / program), *arguments],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env={"PYTHONPATH": str(CHECKOUT)},
            )
            processes.enter_context(process)
            processes.callback(process.kill)
            return process

        yield start


def test_a_redaction_that_is_killed_again_and_again_loses_no_event_and_leaves_no_secret(
    kafka_location: str, running: Callable[..., subprocess.Popen[str]]
) -> None:
    location, seed = f"{kafka_location}?partitions=2&delivery.timeout.ms=3000", random.randrange(1 << 30)
    chance = random.Random(seed)
    writer = running("append_patiently.py", location, "run-1")
    assert writer.stdout is not None
    while int(writer.stdout.readline()) < 50:
        pass
    for _ in range(KILLS):
        redactor = running("redact_secrets.py", location)
        time.sleep(chance.uniform(0.7, 4))
        redactor.kill()
        redactor.wait()
    time.sleep(0.5)
    redactor = running("redact_secrets.py", location)
    _, complaint = redactor.communicate(timeout=120)
    assert redactor.returncode == 0, f"seed {seed}: {complaint}"
    place = KafkaLocation.parse(kafka_location)
    with closing(KafkaLog.open(location)) as log, topics_of(place) as topics:
        assert not log.redaction_pending(), seed
        left = {name for name in topics.names() if name.startswith(place.topic)}
        assert left == {f"{place.topic}.meta", log._topic}, seed
        # the writer follows into the last topic
        head, appended = log.head(), int(writer.stdout.readline())
        while not log.read(head, 1).records:
            appended = int(writer.stdout.readline())
        writer.kill()
        acknowledged = max([appended, *map(int, writer.stdout.read().split())])
        records = list(read_all(log))
    jobs = [int(record.subject.split("/")[1].removeprefix("job-")) for record in records]
    assert list(dict.fromkeys(jobs)) == list(range(max(jobs) + 1)), seed
    assert max(jobs) >= acknowledged, seed
    # those that were there when the first redaction began
    early = [record for record, job in zip(records, jobs, strict=True) if job < 50 and job % 10 == 3]
    assert early
    assert all(is_tombstone(record.body) for record in early), seed
