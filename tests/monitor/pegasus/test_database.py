"""Stampede databases: their records are those of the event file of the same run, whatever the engine."""

import re
import sqlite3
import uuid
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import MetaData, create_engine, make_url
from sqlalchemy.pool import NullPool

from eventlog.errors import InputError, NotFoundError, UnavailableError
from monitor.pegasus.database import StampedeDatabase, root_runs
from monitor.pegasus.records import Record
from monitor.pegasus.reports import Reports

SAMPLES = {
    "process_wf_success": "process-0.stampede.db",
    "process_wf_failure": "process-0.stampede.db",
    "hierarchical_wf_success": "hierarchical-workflow-0.stampede.db",
}

EVENTS_WITHOUT_A_HOME_IN_A_DATABASE = {
    "job_inst.composite": "says main.end, host.info and the record's machine again; the loader skips it",
}
FIELDS_WITHOUT_A_HOME_IN_A_DATABASE = {
    ("wf.plan", "dax.index"): "no column",
    ("task.info", "type"): "the number of type_desc",
    ("job.info", "type"): "the number of type_desc",
    ("job_inst.main.start", "stdin.file"): "known at the end of the job only",
    ("job_inst.main.start", "stdout.file"): "known at the end of the job only",
    ("job_inst.main.start", "stderr.file"): "known at the end of the job only",
    ("job_inst.main.end", "stdin_file"): "misspelt in the event file, so that the loader misses it",
    ("rc.meta", "job_inst.id"): "empty: no job is known to have said it",
    ("job_inst.main.end", "stdout.text"): "read of failed job instances only",
    ("job_inst.main.end", "stderr.text"): "read of failed job instances only",
}
TIMES_WITHOUT_A_HOME_IN_A_DATABASE = (
    "static.",
    "task.",
    "job.info",
    "job.edge",
    "xwf.meta",
    "wf.map",
    "rc.",
    "int.metric",
    "job_inst.host.info",
    "job_inst.tag",
)
STATIC_ATTRIBUTES = {
    *("root.xwf.id", "xwf.id", "dax", "dag", "wf.ts", "submit.dir", "pegasus.version", "submit.hostname"),
    *("wf.user", "ts", "event", "level"),
}

_PAIR = re.compile(r'([\w.]+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))')

Told = tuple[str, str, int | None, frozenset[tuple[str, str]]]


def _unexpected(said: str) -> None:
    raise AssertionError(f"nothing is to be reported, but: {said}")


SILENT = Reports(_unexpected)


def _comparable(event: str, run: str, time: int | None, fields: dict[str, str]) -> Told:
    known = {
        (name, _number(value))
        for name, value in fields.items()
        if (event, name) not in FIELDS_WITHOUT_A_HOME_IN_A_DATABASE and value != "None"
    }
    timeless = event.startswith(TIMES_WITHOUT_A_HOME_IN_A_DATABASE)
    return event, run, None if timeless else time, frozenset(known)


def _number(value: str) -> str:
    return format(float(value), ".6f") if re.fullmatch(r"-?\d+(\.\d+)?", value) else value


def _of_event_file(path: Path) -> Counter[Told]:
    told: Counter[Told] = Counter()
    for line in path.read_text().splitlines():
        fields = {name: quoted or plain for name, quoted, plain in _PAIR.findall(line)}
        event = fields["event"].removeprefix("stampede.")
        if event in EVENTS_WITHOUT_A_HOME_IN_A_DATABASE:
            continue
        seconds = datetime.fromisoformat(fields["ts"].replace("Z", "+00:00")).timestamp()
        own = {k: v for k, v in fields.items() if k not in STATIC_ATTRIBUTES or event == "wf.plan"}
        own = {k: v for k, v in own.items() if k not in {"ts", "event", "level", "xwf.id"}}
        if event == "wf.plan":
            own = {
                k: v for k, v in own.items() if k not in {"dax", "dag", "wf.ts", "pegasus.version", "wf.user"}
            }
        told[_comparable(event, fields["xwf.id"], round(seconds * 1_000_000), own)] += 1
    return told


def _of_database(records: list[Record]) -> Counter[Told]:
    return Counter(_comparable(each.event, each.run, each.time, dict(each.fields)) for each in records)


def _database(realdata: Path, sample: str) -> Path:
    return realdata / "submit-dirs" / sample / SAMPLES[sample]


@pytest.mark.realdata
@pytest.mark.parametrize("sample", ["process_wf_success", "process_wf_failure"])
def test_a_database_tells_what_the_event_file_of_the_same_run_tells(realdata: Path, sample: str) -> None:
    stored = list(StampedeDatabase(_database(realdata, sample), SILENT).records())
    told = _of_event_file(realdata / "oracles" / "replay" / f"{sample}.bp")
    told = _each_file_said_once(told)
    found = _of_database(stored)
    assert found - told == Counter()
    assert told - found == Counter()


def _each_file_said_once(told: Counter[Told]) -> Counter[Told]:
    """An LFN has one row a key in a database: of what two attempts said of a file the last stays."""
    last: dict[object, Told] = {}
    for each in told:
        fields = dict(each[3])
        is_meta = each[0] == "rc.meta"
        last[(fields["lfn.id"], fields["key"]) if is_meta else each] = each
    return Counter({each: 1 if each[0] == "rc.meta" else told[each] for each in last.values()})


@pytest.mark.realdata
def test_a_database_saved_while_it_ran_tells_a_part_of_what_the_event_file_tells(realdata: Path) -> None:
    reports: list[str] = []
    path = _database(realdata, "hierarchical_wf_success")
    found = _of_database(list(StampedeDatabase(path, Reports(reports.append)).records()))
    told = _of_event_file(realdata / "oracles" / "replay" / "hierarchical_wf_success.bp")
    root = root_runs(path, Reports(reports.append))[0]
    unknown = {(each[0], dict(each[3])["job.id"]) for each in found - told if each[1] == root}
    assert unknown == {("job_inst.main.end", "wc_ID0000002")}, "its update was not yet committed"
    missing = {each[0] for each in told - found if each[1] != root}
    assert missing == set(), "of the inner workflow only the database knows what ran"
    assert {"job.info", "xwf.map.subwf_job"}.isdisjoint(each[0] for each in told - found)
    assert len(reports) == 1
    assert "13 files are left out" in reports[0]
    assert "2 workflows" in reports[0]


@pytest.mark.realdata
def test_states_come_in_the_order_they_were_seen_and_a_root_before_its_sub_workflows(realdata: Path) -> None:
    path = _database(realdata, "hierarchical_wf_success")
    records = list(StampedeDatabase(path, Reports(lambda said: None)).records())
    runs = [each.run for each in records]
    assert runs == sorted(runs, key=runs.index)
    assert records[0].event == "wf.plan"
    assert {each.root for each in records} == {records[0].run}
    sub = next(each for each in records if each.event == "wf.plan" and each.run != each.root)
    assert sub.fields["parent.xwf.id"] == records[0].run
    for run in set(runs):
        instances = [
            int(each.fields["job_inst.id"]) for each in records if each.run == run and _is_state(each)
        ]
        assert instances == sorted(instances)
    for each in {(each.run, each.fields["job_inst.id"]) for each in records if _is_state(each)}:
        order = [int(one.fields["js.id"]) for one in records if _is_state(one) and _instance(one) == each]
        assert order == sorted(order)


def _is_state(record: Record) -> bool:
    return "js.id" in record.fields


def _instance(record: Record) -> tuple[str, str]:
    return record.run, record.fields["job_inst.id"]


@pytest.mark.realdata
def test_a_failed_job_keeps_its_own_exit_code_though_the_loader_wrote_the_post_scripts(
    realdata: Path,
) -> None:
    path = _database(realdata, "process_wf_failure")
    with sqlite3.connect(path.as_uri() + "?mode=ro", uri=True) as stored:
        overwritten = stored.execute("SELECT exitcode FROM job_instance WHERE exitcode <> 0").fetchall()
    stored.close()
    assert overwritten == [(256,), (256,)]
    ends = [each for each in StampedeDatabase(path, SILENT).records() if _failed_end(each)]
    assert [each.fields["exitcode"] for each in ends] == ["512", "512"]
    assert "invalid option" in ends[0].fields["stdout.text"]


def _failed_end(record: Record) -> bool:
    return record.event == "job_inst.main.end" and record.fields["status"] == "-1"


@pytest.mark.realdata
def test_an_old_schema_is_read_without_the_columns_it_never_had(realdata: Path) -> None:
    path = realdata / "submit-dirs" / "monitoring-test.stampede.db"
    records = list(StampedeDatabase(path, SILENT).records())
    counts = Counter(each.event for each in records)
    assert (counts["job.info"], counts["task.info"], counts["job_inst.main.end"]) == (14, 6, 14)
    assert (counts["inv.end"], counts["task.edge"], counts["job.edge"]) == (28, 7, 24)
    assert counts["job_inst.grid.submit.end"] == counts["job_inst.globus.submit.end"] > 0
    changes = [(each.event, each.fields.get("status")) for each in records if each.event.startswith("xwf.")]
    assert changes[:4] == [("xwf.start", None), ("xwf.end", "2"), ("xwf.start", None), ("xwf.end", "2")]
    assert changes[-1] == ("xwf.end", "0")
    memory = next(each for each in records if each.fields.get("ip") == "128.55.44.46")
    assert memory.fields["total_memory"] == "33874100224"
    assert not any("maxrss" in each.fields for each in records)


@pytest.mark.realdata
def test_a_restart_stands_between_the_job_instances_of_the_two_runs(realdata: Path) -> None:
    path = realdata / "submit-dirs" / "monitoring-test.stampede.db"
    records = list(StampedeDatabase(path, SILENT).records())
    times = [each.time for each in records if each.event in ("xwf.start", "job_inst.submit.end")]
    assert times == sorted(times)


@pytest.fixture
def copy_of_a_run(realdata: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "copy.stampede.db"
    copy.write_bytes(_database(realdata, "process_wf_success").read_bytes())
    return copy


@pytest.mark.realdata
def test_a_write_ahead_log_left_behind_is_read_and_nothing_beside_the_file_is_touched(
    copy_of_a_run: Path,
) -> None:
    before = len(list(StampedeDatabase(copy_of_a_run, SILENT).records()))
    writer = sqlite3.connect(copy_of_a_run)
    writer.execute("PRAGMA journal_mode=WAL")
    writer.execute("PRAGMA wal_autocheckpoint=0")
    writer.execute("INSERT INTO workflow_meta VALUES (1, 'said.last', 'yes')")
    writer.commit()
    files = {each.name: each.read_bytes() for each in copy_of_a_run.parent.iterdir()}
    try:
        records = list(StampedeDatabase(copy_of_a_run, SILENT).records())
        after = {each.name: each.read_bytes() for each in copy_of_a_run.parent.iterdir()}
    finally:
        writer.close()
    assert len(records) == before + 1
    assert any(each.fields.get("key") == "said.last" for each in records)
    assert after == files


@pytest.mark.realdata
def test_a_running_writer_is_not_kept_waiting_by_a_reader_that_paused(copy_of_a_run: Path) -> None:
    records = StampedeDatabase(copy_of_a_run, SILENT).records()
    while next(records).event != "job_inst.main.end":
        pass
    writer = sqlite3.connect(copy_of_a_run, timeout=0)
    with writer:
        writer.execute("UPDATE job_instance SET site = 'elsewhere' WHERE job_instance_id = 5")
    writer.close()
    assert len(list(records)) > 0


@pytest.mark.realdata
def test_one_of_several_root_workflows_can_be_chosen_and_an_unknown_one_is_refused(
    copy_of_a_run: Path,
) -> None:
    other = str(uuid.uuid4())
    with sqlite3.connect(copy_of_a_run) as stored:
        stored.execute(
            "INSERT INTO workflow (wf_id, wf_uuid, timestamp, root_wf_id) VALUES (9, ?, 5.25, 9)",
            (other,),
        )
    stored.close()
    reports: list[str] = []
    both = list(StampedeDatabase(copy_of_a_run, Reports(reports.append)).records())
    assert root_runs(copy_of_a_run, Reports(reports.append)) == (both[0].run, other)
    assert {each.run for each in both} == {both[0].run, other}
    assert not any(each.event.startswith("rc.") for each in both), "a file belongs to a run"
    (alone, *_) = StampedeDatabase(copy_of_a_run, Reports(reports.append), workflow=other).records()
    assert (alone.run, alone.time) == (other, 5_250_000)
    with pytest.raises(NotFoundError, match=f"holds no workflow nowhere; .*{other}"):
        list(StampedeDatabase(copy_of_a_run, Reports(reports.append), workflow="nowhere").records())


@pytest.mark.realdata
def test_a_files_table_says_of_which_workflow_a_shared_lfn_is(copy_of_a_run: Path) -> None:
    with sqlite3.connect(copy_of_a_run) as stored:
        stored.execute("INSERT INTO workflow (wf_id, wf_uuid, root_wf_id) VALUES (9, 'other', 9)")
        stored.execute("INSERT INTO workflow_files (wf_id, task_id, lfn_id) VALUES (1, 1, 1)")
    stored.close()
    records = list(StampedeDatabase(copy_of_a_run, SILENT).records())
    of_files = {each.run for each in records if each.event.startswith(("rc.", "wf.map.file"))}
    assert of_files == {records[0].run}
    mapped = next(each for each in records if each.event == "wf.map.file")
    assert mapped.fields == {"task.id": "ID0000001", "lfn.id": "listing.txt"}


def _refused(path: Path | str) -> str:
    with pytest.raises(InputError) as caught:
        list(StampedeDatabase(path, SILENT).records())
    said = str(caught.value)
    assert "\n" not in said
    return said


def test_an_sqlite_database_of_another_schema_is_refused_in_one_line(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as stored:
        stored.execute("CREATE TABLE places (url TEXT)")
        stored.execute("CREATE TABLE workflow (colour TEXT)")
    stored.close()
    said = _refused(other)
    assert said.startswith(f"{other}: no stampede database: it lacks ")
    assert "it has places, workflow" in said


def test_a_file_that_is_no_database_or_is_missing_is_refused_in_one_line(tmp_path: Path) -> None:
    junk = tmp_path / "junk.db"
    junk.write_bytes(bytes(range(256)) * 8)
    assert "no SQLite database" in _refused(junk)
    assert "cannot be read: No such file" in _refused(tmp_path / "absent.db")
    assert "no address of a database" in _refused("nonsense://u:secret@h/x")
    assert "secret" not in _refused("nonsense://u:secret@h/x")


@pytest.mark.realdata
def test_a_dashboard_index_a_replica_catalog_and_an_empty_database_are_named(copy_of_a_run: Path) -> None:
    with sqlite3.connect(copy_of_a_run) as stored:
        stored.execute("DELETE FROM workflow")
    stored.close()
    assert "a replica catalog in Pegasus' schema" in _refused(copy_of_a_run)
    with sqlite3.connect(copy_of_a_run) as stored:
        stored.execute("DELETE FROM rc_lfn")
    stored.close()
    assert "without a run (yet)" in _refused(copy_of_a_run)
    with sqlite3.connect(copy_of_a_run) as stored:
        stored.execute(
            "INSERT INTO master_workflow (wf_uuid, submit_dir, archived) VALUES ('u', '/runs/run0001', 0)"
        )
    stored.close()
    said = _refused(copy_of_a_run)
    assert "the dashboard's index of 1 workflows" in said
    assert said.endswith("import what it points at: /runs/run0001")


@pytest.mark.realdata
def test_a_schema_that_is_no_text_is_one_clear_error(copy_of_a_run: Path) -> None:
    copy_of_a_run.write_bytes(copy_of_a_run.read_bytes().replace(b"NOT NULL", b"NOT N\xc3LL"))
    with pytest.raises(InputError, match=r"\.stampede\.db: the SQLite file is damaged: 'utf-8' codec can't"):
        list(StampedeDatabase(copy_of_a_run, Reports(print)).records())


@pytest.mark.realdata
def test_what_a_damaged_file_still_holds_is_read_and_the_rest_is_reported(copy_of_a_run: Path) -> None:
    whole = len(list(StampedeDatabase(copy_of_a_run, SILENT).records()))
    with sqlite3.connect(copy_of_a_run) as stored:
        (page,) = stored.execute("SELECT rootpage FROM sqlite_master WHERE name = 'invocation'").fetchone()
        (size,) = stored.execute("PRAGMA page_size").fetchone()
    stored.close()
    content = bytearray(copy_of_a_run.read_bytes())
    content[(page - 1) * size : page * size] = b"\xff" * size
    copy_of_a_run.write_bytes(bytes(content))
    reports: list[str] = []
    rest = list(StampedeDatabase(copy_of_a_run, Reports(reports.append)).records())
    assert 0 < len(rest) < whole
    assert any(each.event == "job_inst.main.end" for each in rest)
    assert reports
    assert all("invocation" in each and "\n" not in each for each in reports)


@pytest.mark.realdata
@pytest.mark.parametrize("lacks", [100, 4096, 3 * 4096 + 7, 8 * 4096])
def test_what_a_file_that_was_cut_off_still_holds_is_read_as_it_was(copy_of_a_run: Path, lacks: int) -> None:
    whole = list(StampedeDatabase(copy_of_a_run, SILENT).records())
    copy_of_a_run.write_bytes(copy_of_a_run.read_bytes()[:-lacks])
    said: list[str] = []
    rest = list(StampedeDatabase(copy_of_a_run, Reports(said.append)).records())
    assert 0 < len(rest) < len(whole)
    assert all(each in whole for each in rest if each.event not in ("job_inst.main.end", "xwf.end"))
    assert "the SQLite file is damaged: database disk image is malformed: what stands in it yet" in said[0]


@pytest.mark.realdata
def test_a_file_that_was_cut_off_before_its_tables_is_one_clear_error(copy_of_a_run: Path) -> None:
    copy_of_a_run.write_bytes(copy_of_a_run.read_bytes()[: 20 * 4096])
    said = _refused(copy_of_a_run)
    assert "the SQLite file is damaged: database disk image is malformed: it lacks" in said
    copy_of_a_run.write_bytes(copy_of_a_run.read_bytes()[:500])
    assert "the SQLite file is damaged" in _refused(copy_of_a_run)


@pytest.mark.realdata
def test_a_file_of_which_one_table_is_not_understood_is_read_without_it(copy_of_a_run: Path) -> None:
    whole = list(StampedeDatabase(copy_of_a_run, SILENT).records())
    content = copy_of_a_run.read_bytes()
    copy_of_a_run.write_bytes(content.replace(b"CREATE TABLE integrity (", b"CREATE TABLE integrity <"))
    said: list[str] = []
    rest = list(StampedeDatabase(copy_of_a_run, Reports(said.append)).records())
    assert "the SQLite file is damaged: malformed database schema (integrity)" in said[0]
    assert rest
    assert [each for each in whole if not each.event.startswith("int.")] == rest


@pytest.mark.realdata
def test_a_nul_and_bytes_that_are_no_utf8_become_text_that_every_table_takes(copy_of_a_run: Path) -> None:
    with sqlite3.connect(copy_of_a_run) as stored:
        stored.execute("UPDATE job SET argv = 'a' || char(0) || 'b', executable = CAST(x'fe41' AS TEXT)")
    stored.close()
    job = next(each for each in StampedeDatabase(copy_of_a_run, SILENT).records() if each.event == "job.info")
    assert (job.fields["argv"], job.fields["executable"]) == ("a\\x00b", "\ufffdA")


@pytest.fixture
def postgres_copy(realdata: Path, postgres_url: str) -> str:
    """The failed run in a PostgreSQL database of its own."""
    _copy_tables(_database(realdata, "process_wf_failure"), postgres_url)
    return postgres_url


def _copy_tables(path: Path, address: str) -> None:
    source = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    target = create_engine(address, poolclass=NullPool)
    schema = MetaData()
    schema.reflect(source, only=lambda name, _: not name.startswith(("ensemble", "trigger")))
    for each in schema.tables.values():
        each.constraints = {one for one in each.constraints if "CHECK" not in type(one).__name__.upper()}
        for one in each.columns:
            one.server_default = None
    schema.create_all(target)
    with source.connect() as reading, target.begin() as writing:
        for each in schema.sorted_tables:
            if rows := [dict(row) for row in reading.execute(each.select()).mappings()]:
                writing.execute(each.insert(), rows)
    source.dispose()
    target.dispose()


@pytest.mark.realdata
@pytest.mark.postgres
def test_postgresql_tells_the_same_records_as_the_sqlite_file(realdata: Path, postgres_copy: str) -> None:
    file = list(StampedeDatabase(_database(realdata, "process_wf_failure"), SILENT).records())
    server = StampedeDatabase(postgres_copy, SILENT)
    told = list(server.records())
    assert [(each.event, each.time, each.fields) for each in told] == [
        (each.event, each.time, each.fields) for each in file
    ]
    password = make_url(postgres_copy).password
    assert password is None or password not in server.name + told[0].place


@pytest.mark.realdata
@pytest.mark.postgres
def test_a_postgresql_table_without_numbers_is_read_in_several_pages(postgres_copy: str) -> None:
    more = "INSERT INTO job_edge SELECT 1, 'parent', 'child' || n FROM generate_series(1, 4500) AS n"
    engine = create_engine(postgres_copy, poolclass=NullPool)
    with engine.begin() as writing:
        before = writing.exec_driver_sql("SELECT count(*) FROM job_edge").scalar_one()
        writing.exec_driver_sql(more)
    engine.dispose()
    edges = [each for each in StampedeDatabase(postgres_copy, SILENT).records() if each.event == "job.edge"]
    assert len(edges) == before + 4500
    children = {each.fields["child.job.id"] for each in edges}
    assert {f"child{number}" for number in range(1, 4501)} <= children


@pytest.mark.postgres
def test_a_server_that_cannot_be_reached_is_said_without_the_password() -> None:
    with pytest.raises(UnavailableError, match="cannot be reached") as caught:
        list(StampedeDatabase("postgresql+psycopg://u:geheim@127.0.0.1:1/x", SILENT).records())
    assert "geheim" not in str(caught.value)
