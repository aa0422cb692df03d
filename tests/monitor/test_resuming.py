"""Engines that are killed, stopped, and started again: nothing is lost, nothing is done twice."""

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from eventlog.facts import JobAborted, JobFinished, JobStarted, JobSubmitted, RunFinished, RunStarted
from monitor.plan_state import ENGINE_LOST
from planner.executable import PlannedJob


def diamonds(bench) -> list[PlannedJob]:
    """Two layers of four jobs between a root and a join; each leaves a mark when it begins."""

    def script(name: str, inputs: list[str]) -> str:
        mark = f"echo x >> ../begun_{name}; sleep 0.08"
        return f"{mark}; cat /dev/null {' '.join(inputs)} > f.{name}; echo {name} >> f.{name}"

    def marked(name: str, parents: list[int], inputs: list[str]) -> PlannedJob:
        return bench.job(
            name, script(name, inputs), parents=parents, inputs=inputs, outputs=[f"f.{name}"], retries=1
        )

    jobs = [marked("root", [], [])]
    jobs += [marked(f"up{n}", [0], ["f.root"]) for n in range(4)]
    jobs += [marked(f"down{n}", [n + 1], [f"f.up{n}"]) for n in range(4)]
    jobs.append(marked("join", [5, 6, 7, 8], [f"f.down{n}" for n in range(4)]))
    return jobs


def times_begun(bench, jobs: list[PlannedJob]) -> dict[str, int]:
    return {job.name: len((bench.folder / f"begun_{job.name}").read_text()) // 2 for job in jobs}


def start_and_see(bench, eventually) -> "subprocess.Popen[str]":
    """An engine in its own process, back when it said that it runs."""
    before = len(bench.facts(RunStarted))
    engine = bench.start_engine()
    eventually(lambda: len(bench.facts(RunStarted)) > before)
    return engine


EXPECTED_JOIN = "".join(f"root\nup{n}\ndown{n}\n" for n in range(4)) + "join\n"


def assert_as_undisturbed(bench, jobs: list[PlannedJob]) -> None:
    """Every job ended well exactly once, and its output is what an undisturbed run makes."""
    assert (bench.scratch / "f.join").read_text() == EXPECTED_JOIN
    well = [fact.job for fact in bench.facts(JobFinished) if fact.exit_raw == 0]
    assert sorted(well) == sorted(job.name for job in jobs)
    over: set[str] = set()
    for fact in bench.all_facts():
        if isinstance(fact, JobFinished) and fact.exit_raw == 0:
            over.add(fact.job)
        assert not (isinstance(fact, JobSubmitted) and fact.job in over), f"{fact} came after its success"


@pytest.mark.crash
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_killed_at_random_points_it_ends_as_if_undisturbed_and_starts_no_job_twice(
    bench, kill_dead, eventually, seed
):
    jobs = diamonds(bench)
    bench.write(jobs)
    bench.use_sqlite()
    pause = random.Random(seed)
    while len(bench.facts(JobFinished)) < len(jobs) // 2:
        engine = start_and_see(bench, eventually)
        time.sleep(pause.random() * 0.4)
        kill_dead(engine)
    outcome = bench.run()
    assert outcome.status == 0
    assert_as_undisturbed(bench, jobs)
    assert set(times_begun(bench, jobs).values()) == {1}  # the workers outlived their engine
    starts, ends = bench.facts(RunStarted), bench.facts(RunFinished)
    assert [fact.restart for fact in starts] == [fact.restart for fact in ends] == list(range(len(starts)))
    assert len(starts) > 1
    assert {fact.status for fact in ends[:-1]} == {ENGINE_LOST}


def kill_everything(bench) -> None:
    """End all processes of the run, as a power cut would."""
    folder = str(bench.folder)
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            ours = folder in (process / "cmdline").read_text() or os.readlink(process / "cwd").startswith(
                folder
            )
        except OSError:
            continue
        if ours and int(process.name) != os.getpid():
            os.kill(int(process.name), signal.SIGKILL)


@pytest.mark.crash
@pytest.mark.parametrize("seed", [4, 5])
def test_after_a_power_cut_running_jobs_are_begun_anew_and_finished_ones_left_alone(bench, eventually, seed):
    jobs = diamonds(bench)
    bench.write(jobs)
    bench.use_sqlite()
    pause = random.Random(seed)
    while len(bench.facts(JobFinished)) < len(jobs) // 2:
        engine = start_and_see(bench, eventually)
        time.sleep(pause.random() * 0.7)
        kill_everything(bench)
        engine.communicate()
    assert bench.run().status == 0
    assert_as_undisturbed(bench, jobs)
    aborted = {(fact.job, fact.attempt) for fact in bench.facts(JobAborted)}
    assert aborted
    failed = {(fact.job, fact.attempt) for fact in bench.facts(JobFinished) if fact.exit_raw}
    assert failed == set()
    assert sum(times_begun(bench, jobs).values()) <= len(jobs) + len(aborted)


def test_a_worker_that_outlives_its_engine_is_adopted(bench, kill_dead, eventually):
    bench.write(
        [bench.job("long", "touch begun; sleep 1; echo done >> done"), bench.job("next", parents=[0])]
    )
    bench.use_sqlite()
    engine = bench.start_engine()
    eventually((bench.scratch / "begun").exists)
    kill_dead(engine)
    assert bench.run().status == 0
    assert (bench.scratch / "done").read_text() == "done\n"
    assert [(fact.job, fact.attempt) for fact in bench.facts(JobFinished)] == [("long", 1), ("next", 1)]
    assert [fact.attempt for fact in bench.facts(JobStarted) if fact.job == "long"] == [1]
    lost, _ = bench.facts(RunFinished)
    assert (lost.status, lost.reason) == (ENGINE_LOST, "the engine ended without a word")


def test_an_account_that_nobody_read_is_read_by_the_next_engine(bench, kill_dead, eventually):
    bench.write([bench.job("quick", "sleep 0.3; exit 4", retries=1)])
    bench.use_sqlite()
    engine = bench.start_engine()
    eventually(lambda: len(bench.facts(JobStarted)) == 1)
    kill_dead(engine)
    eventually((bench.plan / "jobs/00/00/quick.facts.000").exists)
    assert bench.run().status == 1
    assert [(fact.attempt, fact.exit_raw >> 8) for fact in bench.facts(JobFinished)] == [(1, 4), (2, 4)]


def test_a_job_that_failed_for_good_under_a_killed_engine_is_not_tried_again(bench, kill_dead, eventually):
    bench.write([bench.job("bad", "exit 4"), bench.job("long", "sleep 1")])
    bench.use_sqlite()
    engine = bench.start_engine()
    eventually(lambda: len(bench.facts(JobFinished)) == 1)
    kill_dead(engine)
    outcome = bench.run()
    assert outcome.reason == "1 job failed"
    assert [(failure.job, failure.attempt) for failure in outcome.failures] == [("bad", 1)]
    assert [fact.job for fact in bench.facts(JobFinished)] == ["bad", "long"]


def test_two_engines_in_two_processes_are_kept_apart(bench, eventually):
    bench.write([bench.job("long", "touch begun; sleep 30")])
    bench.use_sqlite()
    first = bench.start_engine()
    eventually((bench.scratch / "begun").exists)
    second = bench.start_engine()
    _, complaint = second.communicate(timeout=20)
    assert second.returncode == 5
    assert f"is being run by process {first.pid}" in complaint
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=20)
    assert first.returncode == 130


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_in_order_and_the_next_run_finishes_it(bench, eventually, number):
    script = "echo x >> begun; test -e mended || sleep 30"
    bench.write([bench.job("slow", script), bench.job("later", parents=[0])])
    bench.use_sqlite()
    engine = bench.start_engine()
    eventually((bench.scratch / "begun").exists)
    engine.send_signal(number)
    said, _ = engine.communicate(timeout=20)
    assert engine.returncode == 130
    assert said.strip() == f"interrupted by {number.name}, 1 job cut off, 1 never ran"
    assert [(f.job, f.reason) for f in bench.facts(JobAborted)] == [("slow", f"interrupted by {number.name}")]
    (bench.scratch / "mended").touch()
    assert bench.run().status == 0
    assert [fact.attempt for fact in bench.facts(JobFinished) if fact.job == "slow"] == [2]
    assert [fact.status for fact in bench.facts(RunFinished)] == [1, 0]


def test_a_second_request_ends_a_task_that_does_not_listen(bench, eventually):
    bench.write([bench.job("deaf", "trap '' TERM; touch begun; while true; do sleep 0.1; done")])
    bench.use_sqlite()
    engine = bench.start_engine()
    eventually((bench.scratch / "begun").exists)
    begin = time.monotonic()
    engine.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert engine.poll() is None
    engine.send_signal(signal.SIGINT)
    engine.communicate(timeout=20)
    assert engine.returncode == 130
    assert time.monotonic() - begin < 4  # long before the patience with the first request ends
    assert [fact.job for fact in bench.facts(JobAborted)] == ["deaf"]


def test_a_stop_reaches_an_adopted_worker_too(bench, kill_dead, eventually):
    bench.write([bench.job("long", "touch begun; sleep 30")])
    bench.use_sqlite()
    engine = bench.start_engine()
    eventually((bench.scratch / "begun").exists)
    kill_dead(engine)
    second = bench.start_engine()
    eventually(lambda: len(bench.facts(RunStarted)) == 2)
    second.send_signal(signal.SIGINT)
    second.communicate(timeout=20)
    assert second.returncode == 130
    assert [fact.job for fact in bench.facts(JobAborted)] == ["long"]
