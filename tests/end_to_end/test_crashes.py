"""kill -9 of whatever runs, at random moments: afterwards the tables equal the fold of the log."""

import os
import random
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

pytestmark = pytest.mark.crash

KILLS = 30 if os.environ.get("HOOFPRINT_SOAK") else 3


def fan(width: int, witness: Path) -> list[tuple[str, str, tuple[str, ...], tuple[str, ...]]]:
    """A fan of jobs that sleep a little, each of which leaves a mark when it begins."""
    parts = tuple(f"part.{n}" for n in range(width))
    work = [
        (f"w{n}", f"echo w{n} >> {witness}; sleep 0.1; cat seed > part.{n}", ("seed",), (f"part.{n}",))
        for n in range(width)
    ]
    return [
        ("seed", f"echo seed >> {witness}; echo 1 > seed", (), ("seed",)),
        *work,
        ("join", f"echo join >> {witness}; cat part.* > joined", parts, ("joined",)),
    ]


def final_states(project) -> dict[str, str]:
    jobs = project.json("statistics", "latest", "--level", "jobs")["jobs"]
    (lines,) = jobs.values()
    return {line["job"]: line["exit_code"] for line in sorted(lines, key=lambda line: line["attempt"])}


def output_digests(project) -> dict[str, str]:
    files = project.json("find", 'checksum = "verified" and role != "input"', "--first", "1000")["files"]
    return {file["lfn"]: file["sha256"] for file in files}


def test_a_killed_engine_is_taken_up_and_no_finished_job_runs_twice(
    tmp_path, project, write_workflow
) -> None:
    chance = random.Random(20261122)
    witness = tmp_path / "witness"
    write_workflow("fan", *fan(8, witness))
    planned = project.json("plan", "workflow.yml", "--cleanup", "none")
    for _ in range(KILLS):
        engine = project.start(
            "run", planned["directory"], "--quiet", "--cores", "4",
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(chance.uniform(0.5, 2.0))
        engine.kill()
        engine.wait()
    outcome = project.json("run", planned["directory"], "--quiet", "--cores", "4")["outcome"]
    assert outcome["status"] == 0
    marks = Counter(witness.read_text().split())
    assert set(marks) == {"seed", "join", *(f"w{n}" for n in range(8))}
    # kill -9 hits the engine alone: workers live on, and their work is taken over
    assert set(marks.values()) == {1}
    assert project.json("views", "verify")["holds"]
    interrupted = final_states(project), output_digests(project)

    undisturbed = project.json("plan", "workflow.yml", "--dir", "again", "--cleanup", "none")
    project.call("run", undisturbed["directory"], "--quiet")
    states = final_states(project)
    assert states == interrupted[0]
    assert output_digests(project) == interrupted[1]


def test_a_projector_that_is_killed_leaves_tables_that_equal_the_fold(split) -> None:
    """The server folds while it runs; it is killed while events come in, and started again."""
    chance = random.Random(4)
    for number in range(KILLS):
        with split.serving() as server:
            planned = split.json("plan", "workflow.yml", "--dir", f"plan{number}")
            engine = split.start("run", planned["directory"], "--quiet", stdout=subprocess.DEVNULL)
            time.sleep(chance.uniform(0.1, 1.0))
            server.process.send_signal(signal.SIGKILL)
            assert engine.wait() == 0
    with split.serving() as server:
        states = server.ask("{ runs { edges { node { state } } } }")["runs"]["edges"]
    assert [edge["node"]["state"] for edge in states] == ["SUCCEEDED"] * KILLS
    assert split.json("views", "verify")["holds"]


def test_a_fold_that_is_killed_again_and_again_ends_where_one_fold_ends(split) -> None:
    chance = random.Random(5)
    planned = split.json("plan", "workflow.yml")
    split.call("run", planned["directory"], "--quiet")
    views = Path(split.environment["HOOFPRINT_HOME"]) / "views"
    expected = split.json("views", "digest")
    for _ in range(KILLS):
        for file in views.glob("*"):
            file.unlink()
        fold = split.start("views", "fold", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.3, 0.9))
        fold.kill()
        fold.wait()
        assert split.json("views", "digest") == expected


def test_a_planner_that_is_killed_leaves_a_whole_plan_or_none(split) -> None:
    chance = random.Random(6)
    for number in range(KILLS):
        planner = split.start(
            "plan", "workflow.yml", "--dir", f"plan{number}",
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(chance.uniform(0.2, 0.8))
        planner.kill()
        planner.wait()
        directory = split.folder / f"plan{number}"
        names = {path.name for path in directory.glob("*")} if directory.exists() else set()
        assert not names or {"plan.jsonl", "manifest.json", "decisions.jsonl", "inputs"} <= names
    runs = split.json("status")["runs"]
    assert all(Path(run["submit_directory"], "plan.jsonl").is_file() for run in runs)
    log = sqlite3.connect(Path(split.environment["HOOFPRINT_HOME"]) / "log.db")
    assert log.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    log.close()
    assert split.json("views", "verify")["holds"]


def test_control_c_ends_a_run_in_order_and_the_next_run_goes_on(tmp_path, project, write_workflow) -> None:
    begun, mark = tmp_path / "begun", tmp_path / "mark"
    write_workflow(
        "long",
        ("first", "echo 1 > one", (), ("one",)),
        ("second", f"touch {begun}; cat one > two; test -e {mark} || sleep 60", ("one",), ("two",)),
    )
    planned = project.json("plan", "workflow.yml")
    engine = project.start("run", planned["directory"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 30
    while not begun.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    engine.send_signal(signal.SIGINT)
    _, said = engine.communicate(timeout=30)
    assert engine.returncode == 130, said
    assert "Traceback" not in said
    progress = project.json("status", "latest")["run"]["progress"]
    assert progress["running"] == 0 < progress["aborted"]
    mark.touch()
    assert project.json("run", planned["directory"], "--quiet")["outcome"]["status"] == 0
