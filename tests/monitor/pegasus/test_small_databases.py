"""Stampede databases of a single job, made here: what the loader changes is read as it was."""

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from monitor.pegasus.database import StampedeDatabase
from monitor.pegasus.records import Record
from monitor.pegasus.reports import Reports

SCHEMA = """
CREATE TABLE workflow (wf_id INTEGER, wf_uuid TEXT, timestamp NUMERIC, root_wf_id INTEGER);
CREATE TABLE workflowstate (wf_id INTEGER, state TEXT, timestamp NUMERIC, restart_count INTEGER);
CREATE TABLE task (task_id INTEGER, wf_id INTEGER, job_id INTEGER, abs_task_id TEXT, argv TEXT);
CREATE TABLE job (job_id INTEGER, wf_id INTEGER, exec_job_id TEXT, argv TEXT);
CREATE TABLE job_instance (
    job_instance_id INTEGER, job_id INTEGER, job_submit_seq INTEGER, exitcode INTEGER);
CREATE TABLE jobstate (
    job_instance_id INTEGER, state TEXT, timestamp NUMERIC, jobstate_submit_seq INTEGER);
CREATE TABLE invocation (
    job_instance_id INTEGER, task_submit_seq INTEGER, start_time NUMERIC, remote_duration NUMERIC,
    remote_cpu_time NUMERIC, exitcode INTEGER, argv TEXT);
INSERT INTO workflow VALUES (1, 'a', 1700000000, 1);
INSERT INTO job_instance VALUES (1, 1, 1, 256);
"""
FAILED = ("EXECUTE", "JOB_TERMINATED", "JOB_FAILURE", "POST_SCRIPT_FAILED")
ABORTED = ("EXECUTE", "JOB_ABORTED", "JOB_FAILURE", "POST_SCRIPT_FAILED")

Process = tuple[float, float, int]
"""Duration and CPU time in seconds, and the raw exit code."""
Told = Callable[..., Sequence[Record]]


def _unexpected(said: str) -> None:
    raise AssertionError(f"nothing is to be reported, but: {said}")


@pytest.fixture
def told(tmp_path: Path) -> Told:
    """The records of a database of one job, with its states, processes and command line."""

    def tell(
        states: Sequence[str] = FAILED, processes: Sequence[Process] = (), argv: str = ""
    ) -> Sequence[Record]:
        path = tmp_path / "small.stampede.db"
        with sqlite3.connect(path) as stored:
            stored.executescript(SCHEMA)
            stored.execute("INSERT INTO job VALUES (1, 1, 'sum_t1', ?)", (argv,))
            stored.execute("INSERT INTO task VALUES (1, 1, 1, 't1', ?)", (argv,))
            for number, state in enumerate(states):
                stored.execute("INSERT INTO jobstate VALUES (1, ?, ?, ?)", (state, 1_700_000_100, number))
            for number, (duration, cpu, raw) in enumerate(processes, 1):
                values = (number, duration, cpu, raw, argv)
                stored.execute("INSERT INTO invocation VALUES (1, ?, 1700000090, ?, ?, ?, ?)", values)
        stored.close()
        return list(StampedeDatabase(path, Reports(_unexpected)).records())

    return tell


@pytest.mark.parametrize(
    ("stored", "line"),
    [
        (r"-e \'it\'\'s\' C:\\dir", r"-e 'it''s' C:\dir"),
        (r"plain \d and \' mixed", r"plain \d and \' mixed"),
        ("a'quote", "a'quote"),
    ],
)
def test_a_command_line_is_read_without_the_backslashes_that_the_loader_adds(
    told: Told, stored: str, line: str
) -> None:
    records = told(processes=[(1.0, 0.5, 0)], argv=stored)
    lines = {each.event: each.fields["argv"] for each in records if "argv" in each.fields}
    assert lines == {"task.info": line, "job.info": line, "inv.end": line}


@pytest.mark.parametrize(
    ("processes", "exit_code"),
    [
        pytest.param([(1.5, 0.5, 512)], "512", id="it ended with 2"),
        pytest.param([(1.5, 0.5, 9)], str(137 << 8), id="a signal: kickstart ends with 128 and its number"),
        pytest.param([(0.0, 0.5, -1)], str(127 << 8), id="it could not be started"),
        pytest.param([(15, 15, 2304)], "2304", id="no record, as DAGMan saw it end"),
        pytest.param([(15, 15, 2)], "512", id="no record, PegasusLite's exit code"),
        pytest.param([(1.5, 0.5, 0)], None, id="the task went well, what came after it did not"),
        pytest.param([(1.5, 0.5, 0), (1.5, 0.5, 256)], None, id="of a clustered job nobody knows"),
        pytest.param([], None, id="no process"),
    ],
)
def test_the_exit_code_that_a_post_script_overwrote_is_told_by_the_only_process(
    told: Told, processes: Sequence[Process], exit_code: str | None
) -> None:
    (end,) = (each for each in told(processes=processes) if each.event == "job_inst.main.end")
    assert end.fields.get("exitcode") == exit_code
    assert end.fields["status"] == "-1"


def test_a_job_that_was_aborted_has_the_exit_code_that_the_monitor_makes_up(told: Told) -> None:
    (end,) = (each for each in told(ABORTED, [(15, 15, 1)]) if each.event == "job_inst.main.end")
    assert end.fields["exitcode"] == "1"
