"""What is left when a worker is told to end, or dies."""

import fcntl
import os
import signal
import threading
import time
from pathlib import Path

import pytest


def wait_for(condition, seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.01)


@pytest.fixture(autouse=True)
def hangups_count():
    """The tests may themselves run under nohup, which those that they start would inherit."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_worker_told_to_end_stops_its_task_and_leaves_its_account(site, number) -> None:
    process = site.start(
        site.order(tasks=[site.shell("touch begun; exec sleep 30"), site.shell("touch second")])
    )
    wait_for((site.scratch / "begun").exists)
    process.send_signal(number)
    ended = site.finish(process)
    assert ended.code == 1
    assert ended.one("invocation")["exit_raw"] == signal.SIGTERM
    assert ended.one("finished")["exit_raw"] == number
    assert ended.one("finished")["phase"] == "tasks"
    assert f"terminated by signal {number:d}" in ended.problems
    assert f"raw: {signal.SIGTERM:d}" in ended.record
    assert not (site.scratch / "second").exists()


def test_a_task_that_ignores_sigterm_is_killed_when_its_worker_is_told_to_end(site) -> None:
    process = site.start(
        site.order(tasks=[site.shell("trap '' TERM; touch begun; sleep 30; sleep 30")], grace=0.3)
    )
    wait_for((site.scratch / "begun").exists)
    process.terminate()
    ended = site.finish(process)
    assert ended.one("invocation")["exit_raw"] == signal.SIGKILL
    assert ended.one("finished")["exit_raw"] == signal.SIGTERM


def test_a_task_that_answers_sigterm_with_success_still_counts_as_stopped(site) -> None:
    process = site.start(site.order(tasks=[site.shell("trap 'exit 0' TERM; touch begun; sleep 30 & wait")]))
    wait_for((site.scratch / "begun").exists)
    process.terminate()
    ended = site.finish(process)
    assert ended.code == 1
    assert ended.one("invocation")["exit_raw"] == 0
    assert ended.one("finished")["exit_raw"] == signal.SIGTERM


def test_a_worker_told_to_end_gives_up_a_transfer_that_waits(site, web) -> None:
    released = threading.Event()
    asked = web.answers_with("/slow", lambda handler: released.wait(30))
    process = site.start(site.order(stage_in=[site.transfer("f.a", asked), site.transfer("f.b", asked)]))
    wait_for(lambda: web.asked)
    process.terminate()
    started = time.monotonic()
    ended = site.finish(process)
    released.set()
    assert time.monotonic() - started < 10
    assert (ended.code, ended.one("finished")["phase"]) == (1, "stage_in")
    assert ended.one("finished")["exit_raw"] == signal.SIGTERM
    assert "terminated by signal 15" in ended.problems


def test_nohup_keeps_its_meaning(site) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = site.start(site.order(tasks=[site.shell("touch begun; sleep 0.3; touch ended")]))
    finally:
        signal.signal(signal.SIGHUP, before)
    wait_for((site.scratch / "begun").exists)
    process.send_signal(signal.SIGHUP)
    assert site.finish(process).code == 0
    assert (site.scratch / "ended").exists()


def test_a_file_is_absent_at_its_destination_when_the_worker_is_killed_while_copying(site, tmp_path) -> None:
    source = tmp_path / "big"
    with source.open("wb") as file:
        file.truncate(2 << 30)  # sparse: no disk is filled, but reading it takes long enough
    process = site.start(site.order(stage_in=[site.transfer("big", source.as_uri())]))
    wait_for(lambda: _arriving(site.scratch) > 0)
    process.kill()
    ended = site.finish(process)
    assert ended.code == -signal.SIGKILL
    assert not (site.scratch / "big").exists()
    assert (ended.facts, ended.record) == ([], "")
    for part in site.scratch.glob(".hoofprint-*"):
        part.unlink()


def _arriving(directory: Path) -> int:
    return sum(part.stat().st_size for part in directory.glob(".hoofprint-*.part"))


def _is_locked(path: Path) -> bool:
    descriptor = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def test_the_lock_is_held_for_the_whole_life_of_the_worker(site) -> None:
    lock = site.root / "demo.lock.000"
    process = site.start(site.order(tasks=[site.shell("touch begun; until test -f go; do sleep 0.01; done")]))
    wait_for((site.scratch / "begun").exists)
    assert _is_locked(lock)
    (site.scratch / "go").touch()
    assert site.finish(process).code == 0
    assert not _is_locked(lock)


def test_the_lock_of_a_killed_worker_is_held_until_its_task_has_ended_too(site) -> None:
    lock = site.root / "demo.lock.000"
    process = site.start(
        site.order(tasks=[site.shell("echo $$ > begun; exec sleep 30", stdout="o", stderr="e")])
    )
    wait_for(lambda: (site.scratch / "begun").exists() and (site.scratch / "begun").read_text())
    process.kill()
    site.finish(process)
    assert _is_locked(lock)
    os.kill(int((site.scratch / "begun").read_text()), signal.SIGKILL)
    wait_for(lambda: not _is_locked(lock))


def test_what_a_task_leaves_running_does_not_hold_the_lock_of_a_worker_that_ended(site) -> None:
    ended = site.run(tasks=[site.shell("sleep 30 > /dev/null 2>&1 & echo $! > left")])
    assert ended.code == 0
    assert not _is_locked(site.root / "demo.lock.000")
    os.kill(int((site.scratch / "left").read_text()), signal.SIGKILL)


def test_a_second_worker_for_the_same_attempt_does_nothing(site) -> None:
    process = site.start(site.order(tasks=[site.shell("touch begun; until test -f go; do sleep 0.01; done")]))
    wait_for((site.scratch / "begun").exists)
    second = site.finish(site.start(site.order(tasks=[site.shell("touch second")])))
    assert second.code == 2
    assert "is held: another worker runs this attempt" in second.stderr
    assert second.facts == []
    (site.scratch / "go").touch()
    assert site.finish(process).code == 0
    assert not (site.scratch / "second").exists()
