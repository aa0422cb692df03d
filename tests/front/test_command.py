"""Workflows call commands: what they ask, what they hand back, and what they say when it goes wrong."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import hoofprint.command
from hoofprint import CommandError, HoofprintError, Job, Workflow, WorkflowError
from hoofprint.command import ask

# Prints what it was asked, answers what the environment says, and ends as it says.
PROGRAM = """
import json, os, sys
with open(os.environ["ASKED"], "a") as asked:
    asked.write(json.dumps(sys.argv[1:]) + "\\n")
sys.stderr.write(os.environ.get("COMPLAINT", ""))
sys.stdout.write(os.environ.get("ANSWER", "{}"))
sys.exit(int(os.environ.get("CODE", "0")))
"""


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """Stand in for the command line with a small program; return a reader of what it was asked."""
    (tmp_path / "program.py").write_text(PROGRAM)
    monkeypatch.setattr(hoofprint.command, "PROGRAM", (sys.executable, str(tmp_path / "program.py")))
    monkeypatch.setenv("ASKED", str(tmp_path / "asked"))
    monkeypatch.setenv("ANSWER", json.dumps({"run": "r1", "directory": str(tmp_path / "plan")}))
    return lambda: [json.loads(line) for line in (tmp_path / "asked").read_text().splitlines()]


@pytest.fixture
def workflow(tmp_path):
    return Workflow("w").add_jobs(Job("wc")).write(tmp_path / "w.yml")


def test_plan_passes_catalogs_sites_and_directories_on(asked, workflow, tmp_path):
    planned = workflow.plan(
        site_catalog="s.yml", transformation_catalog=Path("t.yml"), replica_catalog="r.yml", sites=["a", "b"],
        output_dir=tmp_path / "out", dir="plans", conf="p", cleanup="none", force=True, reuse="any",
        **{"pegasus.mode": "development"},
    ).planned  # fmt: skip
    assert asked() == [[
        "plan", str(tmp_path / "w.yml"), "--site-catalog", "s.yml", "--transformation-catalog", "t.yml",
        "--replica-catalog", "r.yml", "--reuse", "any", "-Dpegasus.mode=development", "--conf", "p",
        "--sites", "a,b", "--output-sites", "local", "--output-dir", str(tmp_path / "out"), "--dir", "plans",
        "--cleanup", "none", "--force", "--json",
    ]]  # fmt: skip
    assert (planned.run, planned.directory) == ("r1", tmp_path / "plan")


def test_a_workflow_that_was_not_written_is_written_before_it_is_planned(asked, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    workflow = Workflow("w").add_jobs(Job("wc")).plan()
    assert workflow.path == tmp_path / "workflow.yml"
    assert asked()[0][:2] == ["plan", str(tmp_path / "workflow.yml")]


def test_an_option_that_the_planner_does_not_have_is_refused_before_anything_is_asked(workflow):
    with pytest.raises(
        WorkflowError, match=r"planner option 'outputdir' is not known; there are .*output_dir"
    ):
        workflow.plan(outputdir="out")


def test_submit_runs_the_plan_and_the_other_methods_ask_about_its_directory(asked, workflow, tmp_path):
    workflow.plan(submit=True)
    answers = [workflow.status(), workflow.statistics(), workflow.analyze()]
    assert [words[0] for words in asked()] == ["plan", "run", "status", "statistics", "analyze"]
    assert asked()[1][1:] == [str(tmp_path / "plan"), "--json"]
    assert all(words[1:] == ["r1", "--json"] for words in asked()[2:])
    assert [answer["run"] for answer in answers] == ["r1"] * 3


def test_a_failing_command_raises_with_what_it_said(asked, workflow, monkeypatch):
    monkeypatch.setenv("CODE", "2")
    monkeypatch.setenv("COMPLAINT", "w.yml, line 3: unknown site 'moon'\n")
    with pytest.raises(
        CommandError, match=r"ended with exit code 2: w\.yml, line 3: unknown site 'moon'"
    ) as caught:
        workflow.plan()
    assert (caught.value.exit_code, caught.value.command[2]) == (2, "plan")
    assert caught.value.stderr == "w.yml, line 3: unknown site 'moon'\n"


def test_a_failed_run_raises_and_can_still_be_analyzed(asked, workflow, monkeypatch):
    workflow.plan()
    monkeypatch.setenv("CODE", "1")
    with pytest.raises(CommandError):
        workflow.run()
    with pytest.raises(CommandError):
        workflow.statistics()
    assert workflow.analyze()["run"] == "r1"
    assert workflow.status()["run"] == "r1"


@pytest.mark.parametrize("answer", ["", "no json", "[1]", '{"a":'])
def test_an_answer_that_is_no_json_object_raises(asked, monkeypatch, answer):
    monkeypatch.setenv("ANSWER", answer)
    with pytest.raises(CommandError, match="no JSON object"):
        ask(["status"])


def test_a_planner_that_names_no_run_raises(asked, workflow, monkeypatch):
    monkeypatch.setenv("ANSWER", '{"run": 1}')
    with pytest.raises(HoofprintError, match="names no run and directory"):
        workflow.plan()


def test_the_command_line_is_started_so_that_no_module_of_the_folder_stands_in_for_ours():
    assert hoofprint.command.PROGRAM[1:] == ("-P", "-m", "hoofprint")


INTERRUPTED = """
import os, signal, sys, time
import hoofprint.command
hoofprint.command.PROGRAM = (sys.executable, "-c", sys.argv[1])
try:
    hoofprint.command.ask(["run"])
except KeyboardInterrupt:
    print("interrupted")
"""
ENDS_IN_ORDER = """
import pathlib, signal, sys, time
def end(*_):
    time.sleep(0.6)  # longer than the quarter of a second that subprocess.run would grant
    pathlib.Path("ended").write_text("in order")
    sys.exit(130)
signal.signal(signal.SIGINT, end)
pathlib.Path("started").touch()
time.sleep(30)
"""


def test_an_interrupt_lets_the_command_end_in_order(tmp_path):
    command = [sys.executable, "-c", INTERRUPTED, ENDS_IN_ORDER]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        while not (tmp_path / "started").exists():
            assert process.poll() is None
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGINT)
        printed, _ = process.communicate(timeout=20)
    assert printed == "interrupted\n"
    assert (tmp_path / "ended").read_text() == "in order"
