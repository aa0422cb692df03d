"""Submit directories made for the test: attempts that end in every way, restarts, sub-DAGs, lost files."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from eventlog.errors import InputError
from monitor.pegasus.records import Record
from monitor.pegasus.reports import Reports
from monitor.pegasus.submit_directory import SubmitDirectory, is_submit_directory

RUN = "11111111-2222-3333-4444-555555555555"
SECOND = 1_000_000
BASE = 1677880800
"""2023-03-03T22:00:00 in UTC, to which the stamps of these logs add minutes and seconds."""

SUBMIT_FILE = """\
executable = /bin/work
arguments = "-x 1"
output = /planned//a.out
error = /planned//a.err
+pegasus_wf_xformation = "ns::work:1"
+pegasus_wf_dax_job_id = "ID1"
+pegasus_job_class = 1
+pegasus_site = "pool"
+pegasus_cores = 4
queue
"""
HEAD = (
    "00:00 ** condor_dagman (CONDOR_DAGMAN) STARTING UP",
    "00:00 ** $CondorVersion: 25.14.1 2026-10-16 PackageID: 25.14.1+dfsg-1 $",
    "00:00 Parsing 1 dagfiles",
    "00:00 Parsing w-0.dag ...",
)
SUBMITTED = (
    "00:01 Submitting HTCondor Node a job(s)...",
    "00:06 Event: ULOG_SUBMIT for HTCondor Node a (2.0.0) {03/03/23 22:00:01}",
)
EXECUTED = ("00:06 Event: ULOG_EXECUTE for HTCondor Node a (2.0.0) {03/03/23 22:00:03}",)
TERMINATED = ("00:11 Event: ULOG_JOB_TERMINATED for HTCondor Node a (2.0.0) {03/03/23 22:00:09}",)
SUCCEEDED = ("00:11 Node a job proc (2.0.0) completed successfully.",)

Make = Callable[..., list[Record]]


@pytest.fixture
def reports() -> list[str]:
    return []


@pytest.fixture
def make(tmp_path: Path, reports: list[str]) -> Make:
    """Write a submit directory and read it."""

    def make(
        *lines: str,
        dag: str = "JOB a a.sub\n",
        files: dict[str, str] | None = None,
        missing: Sequence[str] = (),
    ) -> list[Record]:
        written = {
            "braindump.yml": f'wf_uuid: "{RUN}"\nroot_wf_uuid: "{RUN}"\ndag: "w-0.dag"\nuser: "u"\n'
            'submit_dir: "/planned"\ntimestamp: "20230303T220000+0000"\nsubmit_hostname: "head"\n',
            "w-0.static.bp": "",
            "w-0.dag": dag,
            "a.sub": SUBMIT_FILE,
            "w-0.dag.dagman.out": "".join(f"03/03/23 22:{line}\n" for line in lines),
            **(files or {}),
        }
        for name, text in written.items():
            if name not in missing:
                (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / name).write_text(text)
        records = SubmitDirectory(tmp_path, Reports(reports.append), "UTC").records()
        return [r for r in records if not r.event.startswith(("static.", "wf.plan"))]

    return make


def events(records: list[Record]) -> list[str]:
    return [r.event.removeprefix("job_inst.") for r in records]


def only(records: list[Record], event: str) -> Record:
    (found,) = [r for r in records if r.event == event]
    return found


def test_a_job_without_a_record_gets_an_invocation_from_the_log_and_its_submit_file(make) -> None:
    records = make(*HEAD, *SUBMITTED, *EXECUTED, *TERMINATED, *SUCCEEDED)
    assert events(records) == [
        *("xwf.start", "submit.start", "submit.end", "main.start", "main.term"),
        *("inv.start", "inv.end", "main.end", "composite"),
    ]
    invocation, end = only(records, "inv.end"), only(records, "job_inst.main.end")
    assert invocation.fields == {
        **{"job.id": "a", "job_inst.id": "1", "inv.id": "1", "transformation": "ns::work:1"},
        **{"task.id": "ID1", "start_time": str(BASE + 3), "dur": "6", "exitcode": "0"},
        **{"executable": "/bin/work", "argv": "-x 1"},
    }
    assert end.fields["local.dur"] == "6"
    assert end.fields["multiplier_factor"] == "4"
    assert end.fields["site"] == "pool"
    assert end.fields["stdout.file"] == "a.out"


def test_a_pre_script_that_fails_makes_an_attempt_of_its_own(make) -> None:
    failing = (
        "00:01 Running PRE script of Node a...",
        "00:04 PRE Script of Node a failed with status 3",
    )
    again = ("00:11 Running PRE script of Node a...", "00:14 PRE Script of Node a completed successfully.")
    records = make(*HEAD, *failing, *again, *SUBMITTED, dag="JOB a a.sub\nSCRIPT PRE a /bin/pre --it\n")
    first = [r for r in records if r.fields.get("job_inst.id") == "1"]
    assert events(first) == [
        *("pre.start", "pre.term", "inv.start", "inv.end", "pre.end", "main.end", "composite"),
    ]
    assert first[3].fields["inv.id"] == "-1"
    assert (first[3].fields["dur"], first[3].fields["exitcode"]) == ("3", "768")
    assert (first[3].fields["executable"], first[3].fields["argv"]) == ("/bin/pre", "--it")
    assert first[5].fields["exitcode"] == "768"
    second = [r for r in records if r.fields.get("job_inst.id") == "2"]
    assert events(second)[-3:] == ["pre.end", "submit.start", "submit.end"]


def test_a_planner_that_fails_as_a_pre_script_tells_of_itself_in_its_own_log(make) -> None:
    script = "SCRIPT PRE a a.pre.sh -Dpegasus.log.*=/planned/a.pre.log --conf p a.yml\n"
    failing = ("00:01 Running PRE script of Node a...", "00:04 PRE Script of Node a failed with status 2")
    records = make(*HEAD, *failing, dag=f"JOB a a.sub\n{script}", files={"a.pre.log.000": "no catalog\n"})
    end = only(records, "job_inst.main.end")
    assert (end.fields["stdout.file"], end.fields["stdout.text"]) == (
        *("/planned/a.pre.log.000", "#@ 1 stdout%0Ano catalog%0A"),
    )


def test_a_dagman_that_went_away_without_a_word_ends_when_the_next_one_starts(make) -> None:
    restarted = tuple(line.replace("00:", "10:", 1) for line in HEAD)
    records = make(*HEAD, *restarted, "10:09 **** condor_dagman (condor_DAGMAN) pid 9 EXITING WITH STATUS 0")
    told = [(r.event, r.fields["restart_count"], r.fields.get("status"), r.time // SECOND) for r in records]
    assert told == [
        ("xwf.start", "0", None, BASE),
        ("xwf.end", "0", "2", BASE + 599),
        ("xwf.start", "1", None, BASE + 600),
        ("xwf.end", "1", "0", BASE + 609),
    ]


def test_a_submission_that_is_refused_ends_the_attempt_and_the_next_one_is_new(make) -> None:
    refused = ("00:01 Submitting HTCondor Node a job(s)...", "00:02 ERROR: submit attempt failed")
    records = make(*HEAD, *refused, *SUBMITTED)
    assert events(records) == [
        *("xwf.start", "submit.start", "submit.end", "main.end", "composite", "submit.start", "submit.end"),
    ]
    assert [r.fields["job_inst.id"] for r in records if r.event == "job_inst.submit.end"] == ["1", "2"]
    assert records[2].fields["status"] == "-1"
    assert "SUBMIT_FAILED" in records[3].fields["stderr.text"]


def test_a_job_that_is_held_says_why_and_one_that_is_removed_fails(make) -> None:
    held = (
        "00:20 Event: ULOG_JOB_HELD for HTCondor Node a (2.0.0) {03/03/23 22:00:18}",
        "00:20   Hold reason: disk full",
        "00:30 Event: ULOG_JOB_RELEASED for HTCondor Node a (2.0.0) {03/03/23 22:00:28}",
        "00:40 Event: ULOG_JOB_EVICTED for HTCondor Node a (2.0.0) {03/03/23 22:00:38}",
        "00:50 Event: ULOG_SHADOW_EXCEPTION for HTCondor Node a (2.0.0) {03/03/23 22:00:48}",
        "00:55 Event: ULOG_JOB_ABORTED for HTCondor Node a (2.0.0) {03/03/23 22:00:53}",
    )
    records = make(*HEAD, *SUBMITTED, *EXECUTED, *held)
    assert events(records)[4:] == [
        *("note.info", "held.start", "held.end", "main.term", "note.info", "abort.info", "main.end"),
        "composite",
    ]
    assert only(records, "job_inst.held.start").fields["reason"] == " disk full"
    assert only(records, "job_inst.main.term").fields["status"] == "-1"
    assert only(records, "job_inst.main.end").fields["exitcode"] == "1"
    assert [r.fields["note"] for r in records if r.event == "job_inst.note.info"] == [
        "job-held",
        "shadow-exception",
    ]


OLD_RECORD = """\
<?xml version="1.0"?>
<invocation version="2.1" derivation="ID1"><mainjob duration="1.5"><status raw="0"/>
<argument-vector><arg nr="1">-y</arg><arg nr="2">a b</arg></argument-vector></mainjob></invocation>
"""
NEW_RECORD = """\
- invocation: True
  mainjob:
    duration: 1.5
    status:
      raw: 0
    argument_vector:
      - "-y"
"""


@pytest.mark.parametrize(("record", "told"), [(OLD_RECORD, "-y a b"), (NEW_RECORD, "-x 1")])
def test_words_of_a_command_are_those_of_an_xml_record_and_else_of_the_submit_file(
    make, record, told
) -> None:
    records = make(*HEAD, *SUBMITTED, *EXECUTED, *TERMINATED, *SUCCEEDED, files={"a.out": record})
    invocation = only(records, "inv.end")
    assert (invocation.fields["dur"], invocation.fields["argv"]) == ("1.5", told)


def test_tasks_of_a_cluster_without_records_come_from_its_lines_and_its_input(make) -> None:
    lines = [
        f'[cluster-task id={n}, start="2023-03-03T22:00:0{n}.500+00:00", duration=1.250, status={status}]'
        for n, status in ((1, 0), (2, 256))
    ]
    summary = '[cluster-summary stat="ok", tasks=2, duration=2.500, start="2023-03-03T22:00:01.500+00:00"]'
    tasks = "#@ 1 ns::one ID7\n/bin/one -a b\nEDGE 1 2\n#@ 2 ns::two ID8\n/bin/two\n"
    files = {"a.out": "\n".join([*lines, summary]), "a.in": tasks}
    records = make(*HEAD, *SUBMITTED, *EXECUTED, *TERMINATED, *SUCCEEDED, files=files)
    told = [r.fields for r in records if r.event == "inv.end"]
    assert [(f["inv.id"], f["task.id"], f["transformation"]) for f in told] == [
        ("1", "ID7", "ns::one"),
        ("2", "ID8", "ns::two"),
    ]
    assert [(f["dur"], f["exitcode"], f.get("argv")) for f in told] == [
        ("1.250", "0", "-a b"),
        ("1.250", "256", None),
    ]
    end = only(records, "job_inst.main.end").fields
    assert (end["cluster.start"], end["cluster.dur"]) == (f"{BASE + 1}.5", "2.500")


def test_checks_that_failed_are_tagged_and_told_file_by_file(make) -> None:
    output = (
        "---------------pegasus-multipart\n- integrity_verification_attempts:\n"
        "  - lfn: f.a\n    pfn: f.a\n    sha256: abc\n    success: False\n"
        "- integrity_summary:\n    succeeded: 1\n    failed: 1\n    duration: 0.041\n"
        "- transfer_attempts:\n  - lfn: f.b\n    src_url: file:///x\n    dst_url: gsiftp://y\n"
        "    success: True\n    bytes: 5\n    start: 1677880805\n    duration: 1.5\n"
    )
    records = make(*HEAD, *SUBMITTED, *EXECUTED, *TERMINATED, *SUCCEEDED, files={"a.out": output})
    metric = only(records, "int.metric").fields
    assert (metric["type"], metric["count"], metric["duration"]) == ("check", "2", "0.041")
    assert only(records, "job_inst.tag").fields["count"] == "1"
    assert only(records, "file.checksum").fields["ok"] == "False"
    transfer = only(records, "file.transfer")
    assert (transfer.fields["size"], transfer.time) == ("5", (BASE + 5) * SECOND + 1_500_000)


def test_without_a_log_of_dagman_its_monitors_notes_tell_the_same(make, tmp_path, reports) -> None:
    told = make(*HEAD, *SUBMITTED, *EXECUTED, *TERMINATED, *SUCCEEDED)
    notes = (
        f"{BASE} INTERNAL *** DAGMAN_STARTED None ***\n{BASE + 1} a SUBMIT 2.0 pool - 1\n"
        f"{BASE + 3} a EXECUTE 2.0 pool - 1\n{BASE + 9} a JOB_TERMINATED 2.0 pool - 1\n"
        f"{BASE + 11} a JOB_SUCCESS 0 pool - 1\nnot a line\n"
    )
    (tmp_path / "w-0.dag.dagman.out").unlink()
    again = make(files={"jobstate.log": notes}, missing=["w-0.dag.dagman.out"])
    assert [(r.event, r.time, r.fields) for r in again] == [(r.event, r.time, r.fields) for r in told]
    assert "read from" in reports[-1]

    (tmp_path / "jobstate.log").rename(tmp_path / "jobstate.log.010")
    (tmp_path / "jobstate.log.009").write_text("")
    (tmp_path / "jobstate.log").mkdir()
    last = make(missing=["w-0.dag.dagman.out"])
    assert [(r.event, r.time, r.fields) for r in last] == [(r.event, r.time, r.fields) for r in told]
    assert reports[-1].endswith("jobstate.log.010 instead")


def test_roles_of_files_come_from_submit_files_where_the_workflow_is_gone(make) -> None:
    submit = SUBMIT_FILE.replace(
        "queue", "transfer_input_files = f.a,/planned/lite.sh\ntransfer_output_files = f.b\nqueue"
    )
    records = make(files={"a.sub": submit})
    uses = [(r.fields["task.id"], r.fields["lfn.id"], r.fields["link"]) for r in records]
    assert uses == [("ID1", "f.a", "input"), ("ID1", "f.b", "output")]


def test_what_is_missing_is_told_in_a_line_and_the_rest_is_read(make, reports) -> None:
    missing = ["a.sub", "w-0.dag", "w-0.static.bp"]
    records = make(*HEAD, *SUBMITTED, *EXECUTED, *TERMINATED, *SUCCEEDED, missing=missing)
    assert "inv.end" in events(records)
    assert len(reports) == 2
    assert all("\n" not in line for line in reports)


def test_an_old_braindump_is_text_with_older_names(tmp_path) -> None:
    (tmp_path / "braindump.txt").write_text(
        f"wf_uuid {RUN}\ndag w-0.dag\nlabel diamond\npegasus_wf_time 20120313T133536+0100\nrun /planned\n"
    )
    (tmp_path / "w-0.static.bp").write_text("")
    assert is_submit_directory(tmp_path)
    plan = next(iter(SubmitDirectory(tmp_path, Reports(lambda _: None)).records()))
    assert plan.fields["dax.label"] == "diamond"
    assert plan.time == 1331642136 * SECOND


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("user: [", "no YAML"), ("- a\n", "must be a mapping"), ('user: "u"\n', "wf_uuid and dag missing")],
)
def test_a_braindump_that_says_too_little_is_refused_in_one_line(tmp_path, text, complaint) -> None:
    (tmp_path / "braindump.yml").write_text(text)
    with pytest.raises(InputError, match=complaint) as caught:
        list(SubmitDirectory(tmp_path, Reports(lambda _: None)).records())
    assert "\n" not in str(caught.value)
    assert "braindump.yml" in str(caught.value)


RECORD = (
    "- invocation: True\n  version: 3.0\n  mainjob:\n    start: 2023-03-03T22:00:04.000+00:00\n"
    "    duration: 2.000\n    status:\n      raw: 0\n  files:\n    f.a:\n      size: 5\n      output: True\n"
    "      sha256: aa\n      checksum_timing: 0.250\n    stdout:\n      size: 0\n"
)
DESCRIBED = (
    '[{"_id": "f.a", "_type": "file", "_attributes": {"size": "6"}},'
    ' {"_id": "f.b", "_type": "file", "_attributes":'
    ' {"size": "7", "checksum.type": "sha256", "checksum.value": "bb", "checksum.timing": "0.5"}}]'
)


def _said_of_files(records: list[Record]) -> list[tuple[str, str, str]]:
    found = (r.fields for r in records if r.event == "rc.meta")
    return [(fields["lfn.id"], fields["key"], fields["value"]) for fields in found]


def test_metadata_tells_the_files_of_a_cluster_whose_records_are_lost_and_records_win(make) -> None:
    files = {
        "a.sub": SUBMIT_FILE.replace("queue", "+pegasus_cluster_size = 2\nqueue"),
        "a.out": RECORD,
        "a.meta": DESCRIBED,
    }
    records = make(*HEAD, *SUBMITTED, *EXECUTED, *TERMINATED, *SUCCEEDED, files=files)
    assert _said_of_files(records) == [
        ("f.a", "size", "5"),
        ("f.a", "checksum.type", "sha256"),
        ("f.a", "checksum.value", "aa"),
        ("f.a", "checksum.timing", "0.25"),
        ("f.b", "size", "7"),
        ("f.b", "checksum.type", "sha256"),
        ("f.b", "checksum.value", "bb"),
        ("f.b", "checksum.timing", "0.5"),
    ]
    metric = only(records, "int.metric").fields
    assert (metric["type"], metric["count"], metric["duration"]) == ("compute", "2", "0.75")


def test_metadata_is_not_said_of_an_attempt_that_failed(make) -> None:
    failed = "00:11 Node a job proc (2.0.0) failed with status 1."
    records = make(*HEAD, *SUBMITTED, *EXECUTED, *TERMINATED, failed, files={"a.meta": DESCRIBED})
    assert not _said_of_files(records)


def test_a_replica_has_size_and_digest_of_the_metadata_where_the_output_is_gone(make) -> None:
    register = tuple(
        line.replace("ode a ", "ode register_b ") for line in (*SUBMITTED, *EXECUTED, *SUCCEEDED)
    )
    records = make(
        *HEAD,
        *SUBMITTED,
        *EXECUTED,
        *TERMINATED,
        *SUCCEEDED,
        *register,
        dag="JOB a a.sub\nJOB register_b register_b.sub\n",
        files={
            "a.meta": DESCRIBED,
            "register_b.sub": "queue\n",
            "register_b.in": 'f.b file:///s/f.b site="s"\n',
        },
    )
    replica = only(records, "rc.pfn").fields
    assert (replica["lfn.id"], replica["size"], replica["sha256"]) == ("f.b", "7", "bb")
