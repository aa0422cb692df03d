"""Stampede databases of a single job, made here: what the loader changes is read as it was, and what is
broken is one line.
"""

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from eventlog.errors import InputError, UnavailableError
from monitor.pegasus.database import StampedeDatabase, sqlite_file
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


def write_database(
    path: Path, states: Sequence[str] = FAILED, processes: Sequence[Process] = (), argv: str = ""
) -> None:
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


@pytest.fixture
def told(tmp_path: Path) -> Told:
    """The records of a database of one job, with its states, processes and command line."""

    def tell(
        states: Sequence[str] = FAILED, processes: Sequence[Process] = (), argv: str = ""
    ) -> Sequence[Record]:
        path = tmp_path / "small.stampede.db"
        write_database(path, states, processes, argv)
        return list(StampedeDatabase(path, Reports(_unexpected)).records())

    return tell


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database of one job that ran one process."""
    path = tmp_path / "small.stampede.db"
    write_database(path, processes=[(1.5, 0.5, 512)])
    return path


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
        pytest.param([(0.0, 0.0, -1)], str(127 << 8), id="it could not be started"),
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


def change(path: Path, script: str) -> None:
    with sqlite3.connect(path) as stored:
        stored.executescript(script)
    stored.close()


def records_and_reports(path: Path) -> tuple[Sequence[Record], Sequence[str]]:
    reports: list[str] = []
    return list(StampedeDatabase(path, Reports(reports.append)).records()), reports


def test_a_table_that_lacks_a_column_of_use_is_left_out_with_a_line(database: Path) -> None:
    change(database, "CREATE TABLE tag (wf_id INTEGER, name TEXT); CREATE TABLE host (hostname TEXT);")
    records, reports = records_and_reports(database)
    assert any(each.event == "inv.end" for each in records)
    assert reports == [
        f"{database}: its table host lacks host_id and is left out",
        f"{database}: its table tag lacks job_instance_id and is left out",
    ]


def test_a_replica_catalog_of_an_old_version_in_the_same_file_says_nothing(database: Path) -> None:
    change(database, "CREATE TABLE rc_lfn (id INTEGER, lfn TEXT, pfn TEXT);")
    change(database, "CREATE TABLE workflow_files (wf_id INTEGER, task_id INTEGER, lfn_id INTEGER);")
    records, reports = records_and_reports(database)
    assert records
    assert not reports


def test_a_column_that_every_version_has_is_missed_by_its_name(database: Path) -> None:
    change(database, "ALTER TABLE jobstate DROP COLUMN timestamp; DROP TABLE invocation;")
    with pytest.raises(InputError, match=r"no stampede database: it lacks invocation, jobstate\.timestamp "):
        records_and_reports(database)


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("job_instance", "job_submit_seq"),
        ("jobstate", "jobstate_submit_seq"),
        ("invocation", "task_submit_seq"),
    ],
)
@pytest.mark.parametrize("value", ["NULL", "'some text'"])
def test_a_row_without_its_number_is_left_out_with_a_line(
    database: Path, table: str, column: str, value: str
) -> None:
    change(database, f"UPDATE {table} SET {column} = {value} WHERE rowid = 1")
    records, reports = records_and_reports(database)
    assert any(each.event == "job.info" for each in records)
    assert reports == [f"{database}: {table}: a {column} is no number; its row is left out"]


def test_an_exit_code_or_restart_that_is_no_number_is_one_line_and_the_rest_is_read(database: Path) -> None:
    change(database, "INSERT INTO workflowstate VALUES (1, 'WORKFLOW_STARTED', 1700000001, 'first')")
    change(database, "UPDATE invocation SET exitcode = 'two'")
    records, reports = records_and_reports(database)
    (end,) = (each for each in records if each.event == "job_inst.main.end")
    assert "exitcode" not in end.fields
    assert not reports, "whoever uses the records says what is no number"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers that wait for a lock no longer than a moment."""
    monkeypatch.setattr(sqlite_file, "PATIENCE", 0.01)


@pytest.fixture
def locked(database: Path) -> Iterator[sqlite3.Connection]:
    """A writer of the database who can lock it."""
    writer = sqlite3.connect(database, isolation_level=None)
    yield writer
    writer.close()


@pytest.mark.usefixtures("impatient")
def test_a_locked_database_is_unavailable_and_not_damaged(database: Path, locked: sqlite3.Connection) -> None:
    records = StampedeDatabase(database, Reports(_unexpected)).records()
    next(records)
    locked.execute("BEGIN EXCLUSIVE")
    with pytest.raises(UnavailableError, match="keeps it locked; import it again later"):
        list(records)
    with pytest.raises(UnavailableError, match="keeps it locked; import it again later"):
        records_and_reports(database)


def test_a_database_that_changes_while_it_is_copied_is_copied_again(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(database, "PRAGMA journal_mode=WAL; UPDATE job SET argv = 'before';")
    copied: list[str] = []
    really_copy = shutil.copyfile

    def copy(source: Path, target: Path) -> None:
        really_copy(source, target)
        if not copied:
            change(database, "UPDATE job SET argv = 'after';")
        copied.append(source.name)

    monkeypatch.setattr(shutil, "copyfile", copy)
    records, _ = records_and_reports(database)
    assert [each.fields["argv"] for each in records if each.event == "job.info"] == ["after"]
    assert copied.count(database.name) == 2


def test_a_database_that_never_stands_still_is_unavailable(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(database, "PRAGMA journal_mode=WAL;")
    really_copy = shutil.copyfile

    def copy(source: Path, target: Path) -> None:
        really_copy(source, target)
        change(database, "UPDATE job SET argv = argv || '.';")

    monkeypatch.setattr(shutil, "copyfile", copy)
    monkeypatch.setattr(sqlite_file, "_BETWEEN_COPIES", 0)
    with pytest.raises(UnavailableError, match="changes faster than it can be copied"):
        records_and_reports(database)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgresql://u:geheim@h:port/x", "no address of a database: .*'port'"),
        ("mysql://u:geheim@h/x", r"the driver MySQLdb is not installed: install it, or name another one"),
        ("sqlite://", "names no file"),
        ("nonsense://u:geheim@h/x", "no address of a database"),
    ],
)
def test_an_address_that_cannot_be_used_is_one_line_without_the_password(address: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        list(StampedeDatabase(address, Reports(_unexpected)).records())
    assert "geheim" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_every_way_to_write_an_address_of_postgresql_is_understood(scheme: str) -> None:
    with pytest.raises(UnavailableError, match="cannot be reached"):
        list(StampedeDatabase(f"{scheme}://u@127.0.0.1:1/x", Reports(_unexpected)).records())
