"""JSON lines: stampede events in JSON, and the stream planned for Pegasus 6."""

import json
from collections import Counter
from pathlib import Path

import pytest

from eventlog.errors import InputError
from monitor.pegasus.event_file import EventFile
from monitor.pegasus.json_traces import LONGEST_LINE, JsonLines, looks_like_json_lines
from monitor.pegasus.records import Record
from monitor.pegasus.reports import Reports


def _unexpected(said: str) -> None:
    raise AssertionError(f"nothing is to be reported, but: {said}")


def _read(path: Path) -> tuple[list[Record], list[str]]:
    told: list[str] = []
    return list(JsonLines(path, Reports(told.append)).records()), told


@pytest.fixture
def golden(realdata: Path) -> Path:
    return realdata / "events" / "schema-v1-golden.jsonl"


@pytest.mark.realdata
def test_a_stream_tells_each_change_of_a_state_once_and_names_its_gap(golden: Path) -> None:
    records, told = _read(golden)
    assert looks_like_json_lines(golden)
    assert {(each.run, each.root) for each in records} == {("golden-workflow", "golden-root")}
    assert [(each.event, each.time // 1_000_000) for each in records] == [
        ("job.info", 1),
        ("xwf.start", 1),
        ("job_inst.submit.end", 1),
        ("job_inst.main.start", 2),
        ("job_inst.held.start", 3),
        ("job_inst.main.end", 4),
    ]
    assert records[0].fields == {"job.id": "compute_ID0001", "type_desc": "compute", "task_count": "1"}
    assert records[-1].fields == {
        "job.id": "compute_ID0001",
        "job_inst.id": "1",
        "js.id": "4",
        "sched.id": "100.0",
        "site": "local",
        "status": "0",
        "exitcode": "0",
    }
    assert len(told) == 3
    assert f"{golden}:6: records 5 to 6 of the stream are missing (disk_guard)" in told[0]
    assert "1 diagnostic_result records are left out: they change no state" in told[1]
    assert "1 enrichment records are left out" in told[2]


@pytest.mark.realdata
def test_lines_that_were_lost_without_a_word_are_noticed_and_caught_up_from_the_next_checkpoint(
    golden: Path, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.jsonl"
    lines = golden.read_text().splitlines(keepends=True)
    cut.write_text("".join([*lines[:2], *lines[7:]]))
    records, told = _read(cut)
    assert "records 2 to 8 of the stream are missing (nobody says why)" in told[0]
    events = [each.event for each in records]
    assert "job_inst.main.start" in events, "the checkpoint tells the last state of each job"
    assert "job_inst.held.start" not in events, "and no other"


@pytest.mark.realdata
def test_a_stream_of_another_version_is_refused_line_by_line(golden: Path, tmp_path: Path) -> None:
    newer = tmp_path / "newer.jsonl"
    newer.write_text(golden.read_text().replace('"schema_version":1', '"schema_version":2'))
    records, told = _read(newer)
    assert records == []
    assert told[0] == f"{newer}:1: schema version 2 of the stream is not known, 1 is"


def test_an_exit_status_that_a_checkpoint_tells_first_is_kept(tmp_path: Path) -> None:
    workflow = {"wf_uuid": "w", "root_wf_uuid": "w"}
    identity = {"job_instance_id": 1, "state": "JOB_FAILURE", "timestamp": "5.25", "jobstate_submit_seq": 4}
    change = {"workflow": workflow, "exec_job_id": "A", "job_submit_seq": 1, "identity": identity}
    attempt = {"identity": {"job_submit_seq": 1}, "raw_wait_status": 512, "end_time": "5", "site": "s"}
    job = {"workflow": workflow, "exec_job_id": "A", "attempts": [attempt], "transition": change}
    snapshot = {"workflow": {"workflow": workflow}, "jobs": [job]}
    checkpoint = {"schema_version": 1, "record_type": "checkpoint", "sequence": 1, "snapshot": snapshot}
    stream = tmp_path / "s.jsonl"
    stream.write_text(json.dumps(checkpoint) + "\n")
    (_, end), told = _read(stream)
    assert (end.event, end.time) == ("job_inst.main.end", 5_250_000)
    assert (end.fields["exitcode"], end.fields["status"], end.fields["site"]) == ("512", "-1", "s")
    assert told == []


def _in_json(record: Record, spelling: str) -> str:
    fields = {"event": f"stampede.{record.event}", "ts": record.time / 1_000_000}
    named = {"xwf.id": record.run, "root.xwf.id": record.root, **record.fields}
    return (
        json.dumps({**fields, **{name.replace(".", spelling): value for name, value in named.items()}}) + "\n"
    )


@pytest.mark.realdata
@pytest.mark.parametrize("spelling", [".", "__", "_"])
def test_events_in_json_are_those_of_the_event_file_however_their_fields_are_spelt(
    realdata: Path, tmp_path: Path, spelling: str
) -> None:
    source = realdata / "oracles" / "replay" / "process_wf_failure.bp"
    expected = list(EventFile(source, Reports(_unexpected)).records())
    path = tmp_path / "events.json"
    path.write_text("".join(_in_json(each, spelling) for each in expected))
    found = list(JsonLines(path, Reports(_unexpected)).records())
    assert looks_like_json_lines(path)
    assert Counter(map(_without_place, found)) == Counter(map(_without_place, expected))


def _without_place(record: Record) -> tuple[object, ...]:
    fields = dict(record.fields)
    if "stdin_file" in fields:  # a monitor misspells it; in JSON both spellings are one
        fields["stdin.file"] = fields.pop("stdin_file")
    return record.event, record.time, record.run, record.root, tuple(sorted(fields.items()))


GOOD = (
    '{"event": "stampede.xwf.start", "ts": 5, "xwf.id": "w", "restart_count": 0, "list": [1], "none": null}\n'
)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{not json}\n", "no JSON:"),
        ("[1]\n", "no JSON object"),
        ('{"event": "stampede.xwf.start", "ts": 5}\n', "names no workflow (xwf.id)"),
        ('{"event": "stampede.xwf.start", "xwf.id": "w"}\n', "has no time (ts)"),
        ('{"event": "stampede.xwf.start", "ts": "soon", "xwf.id": "w"}\n', "'soon' is no"),
        ('{"ts": 5, "xwf.id": "w"}\n', "the object has no event"),
        ('{"schema_version": 1, "record_type": "checkpoint"}\n', "no sequence number"),
        ('{"schema_version": 1, "record_type": "checkpoint", "sequence": 1}\n', "has no snapshot"),
        ("[" * 20_000 + "\n", "no JSON:"),
        ("\udcff\udcfe\n", "no JSON:"),
    ],
)
def test_a_line_that_is_no_event_is_named_and_the_others_are_kept(
    tmp_path: Path, line: str, said: str
) -> None:
    path = tmp_path / "e.jsonl"
    path.write_text(GOOD + line + GOOD, errors="surrogateescape")
    records, told = _read(path)
    assert [each.fields for each in records] == [{"restart_count": "0"}] * 2
    assert len(told) == 1
    assert told[0].startswith(f"{path}:2: ")
    assert said in told[0]


def test_half_a_line_at_the_end_and_an_endless_one_are_named(tmp_path: Path) -> None:
    path = tmp_path / "e.jsonl"
    path.write_text(GOOD + '{"event": "' + "x" * LONGEST_LINE + '"}\n' + GOOD + GOOD[:30])
    records, told = _read(path)
    assert len(records) == 2
    assert [said.split(": ")[0] for said in told] == [f"{path}:2", f"{path}:4"]
    assert "a line of more than" in told[0]
    assert "ends in half a line" in told[1]


def test_other_files_are_not_taken_for_json_lines(tmp_path: Path) -> None:
    for number, content in enumerate(("", "x\n", '{"a": 1}\n', "[]\n", '\n\n{"b": "c"}\n{"event": 1}\n')):
        path = tmp_path / str(number)
        path.write_text(content)
        assert not looks_like_json_lines(path)
    assert not looks_like_json_lines(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        list(JsonLines(tmp_path / "absent", Reports(_unexpected)).records())


def test_a_nul_in_a_value_is_written_out_because_no_database_takes_it(tmp_path: Path) -> None:
    path = tmp_path / "e.jsonl"
    path.write_text(
        '{"event": "stampede.wf.plan", "ts": 5, "xwf.id": "w\\u0000", "user": "a\\u0000b\\u00e4"}\n'
    )
    (record,), told = _read(path)
    assert (record.run, record.fields["user"], told) == ("w\\x00", "a\\x00bä", [])
