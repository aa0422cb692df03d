"""Logs that outlive a process: closed and opened, written by several processes, killed at any moment."""

import random
import subprocess
import time
from collections.abc import Callable

import pytest

from eventlog.errors import LogError
from eventlog.event import Event
from eventlog.log import EventLog, Position, read_all

Opened = Callable[[object], EventLog]
Submitted = Callable[..., list[Event]]
Appending = Callable[..., subprocess.Popen[str]]
JobsOf = Callable[..., list[int]]


def test_events_and_identity_survive_closing_and_opening(
    durable: object, opened: Opened, submitted: Submitted, events_in: Callable[[EventLog], list[Event]]
) -> None:
    log = opened(durable)
    log.append(submitted(range(10)))
    identity, head = log.identity, log.head()
    log.close()
    again = opened(durable)
    assert (again.identity, again.head()) == (identity, head)
    again.append(submitted(range(10, 12)))
    assert events_in(again) == submitted(range(12))


def test_a_closed_log_says_so(durable: object, opened: Opened, submitted: Submitted) -> None:
    log = opened(durable)
    log.append(submitted([1]))
    log.close()
    log.close()
    with pytest.raises(LogError, match="closed"):
        log.append(submitted([2]))
    with pytest.raises(LogError, match="closed"):
        log.read(Position(), 10)


def test_two_handles_on_one_log_see_one_another(
    durable: object, opened: Opened, submitted: Submitted, events_in: Callable[[EventLog], list[Event]]
) -> None:
    one, other = opened(durable), opened(durable)
    assert one.identity == other.identity
    one.append(submitted([1]))
    other.append(submitted([2]))
    assert events_in(one) == events_in(other) == submitted([1, 2])


def test_writers_of_several_processes_lose_nothing_and_each_keeps_its_order(
    durable: object, opened: Opened, appending: Appending, jobs_of: JobsOf
) -> None:
    writers = [appending(durable, f"run-{number}", 0, 200, batch=3) for number in range(4)]
    assert [writer.wait(timeout=60) for writer in writers] == [0] * 4
    log = opened(durable)
    for number in range(4):
        assert jobs_of(list(read_all(log, key=f"run-{number}"))) == list(range(200))
    assert len(list(read_all(log))) == 800


def test_a_reader_follows_while_another_process_writes(
    durable: object, opened: Opened, appending: Appending, jobs_of: JobsOf, root: str
) -> None:
    log = opened(durable)
    writer = appending(durable, root, 0, 600, batch=10)
    position, seen = log.earliest(), []
    deadline = time.monotonic() + 60
    while len(seen) < 600 and time.monotonic() < deadline:
        batch = log.read(position, 50)
        seen += jobs_of(batch.records)
        position = batch.position
    assert seen == list(range(600))
    assert writer.wait(timeout=60) == 0


def test_a_small_append_gets_its_turn_beside_a_bulk_writer(
    durable: object, opened: Opened, appending: Appending, submitted: Submitted, jobs_of: JobsOf, root: str
) -> None:
    log = opened(durable)
    bulk = appending(durable, "bulk", 0, 3000, batch=3000)
    small = 0
    while bulk.poll() is None:
        log.append(submitted([small]))
        small += 1
    assert bulk.returncode == 0
    assert jobs_of(list(read_all(log, key="bulk"))) == list(range(3000))
    assert jobs_of(list(read_all(log, key=root))) == list(range(small))


@pytest.mark.crash
@pytest.mark.parametrize("seed", range(6))
def test_what_was_acknowledged_survives_a_killed_writer(
    durable: object, opened: Opened, appending: Appending, jobs_of: JobsOf, root: str, seed: int
) -> None:
    chance = random.Random(seed)
    batch = chance.choice([1, 7, 100, 700])
    writer = appending(durable, root, 0, 100_000, batch=batch)
    assert writer.stdout is not None
    for _ in range(chance.randrange(1, 12)):
        writer.stdout.readline()
    time.sleep(chance.random() / 50)
    writer.kill()
    acknowledged = max((int(line) for line in writer.stdout.read().split()), default=0)
    writer.wait()

    log = opened(durable)
    kept = jobs_of(list(read_all(log)))
    assert kept == list(range(len(kept)))
    assert len(kept) >= acknowledged
    assert appending(durable, root, 0, len(kept) + 10, batch=50).wait(timeout=60) == 0
    # a log that knows no ids holds some twice now; none is missing or out of turn
    assert list(dict.fromkeys(jobs_of(list(read_all(log))))) == list(range(len(kept) + 10))


@pytest.mark.crash
def test_writers_that_are_killed_while_others_wait_block_nobody(
    durable: object, opened: Opened, appending: Appending, jobs_of: JobsOf
) -> None:
    chance = random.Random(17)
    victims = [appending(durable, f"victim-{number}", 0, 100_000, batch=50) for number in range(2)]
    survivor = appending(durable, "survivor", 0, 300, batch=10)
    for victim in victims:
        time.sleep(0.2 + chance.random() / 5)
        victim.kill()
    assert survivor.wait(timeout=60) == 0
    assert jobs_of(list(read_all(opened(durable), key="survivor"))) == list(range(300))
