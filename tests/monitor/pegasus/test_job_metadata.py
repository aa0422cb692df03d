"""``<job>.meta``: where a job's output is gone or cut off, it tells the files that the record told."""

import json
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from eventlog.codec import Codec
from eventlog.event import Event
from eventlog.facts import ChecksumComputed, MetadataRegistered
from eventlog.log import read_all
from eventlog.memory import MemoryLog
from monitor.pegasus.importing import Imported, import_source
from monitor.pegasus.recognition import recognise
from monitor.pegasus.reports import Reports
from monitor.pegasus.submit_directory.job_metadata import read_job_metadata

RUNS = ("process_wf_success", "hierarchical_wf_success")
FILE = {"_id": "f.a", "_type": "file", "_attributes": {"size": "5"}}

Damage = Callable[[bytes], bytes | None]


def _cut_at(mark: bytes) -> Damage:
    """Cut off behind the first ``mark``; an output without it is left whole."""
    return lambda output: output[: output.index(mark) + len(mark)] if mark in output else output


DAMAGES: dict[str, Damage] = {
    "deleted": lambda _: None,
    "empty": lambda _: b"",
    "junk": lambda _: bytes(range(256)) * 40,
    "before its files": _cut_at(b"\n  files:"),
    "in the first file's name": _cut_at(b"\n      lfn: "),
    "in a digest": _cut_at(b"sha256: 8"),
    "before a digest": _cut_at(b"output: True\n"),
    "in the second file": _cut_at(b'"inner_diamond_workflow_tc.yml":\n      '),
    "between two files": _cut_at(b"checksum_timing: 0.026\n"),
    "in the streams": _cut_at(b"\n    stdin:\n      file_"),
    "where only a whole YAML reader reads on": lambda output: _cut_at(b"sha256: 8")(
        output.replace(b"  mainjob:\n", b"  odd: {a: 1}\n  mainjob:\n")
    ),
}

OF_SEVERAL_FILES = ("in the second file", "between two files")


def _bring(location: Path, log: MemoryLog) -> tuple[Imported, list[str]]:
    told: list[str] = []
    reports, counts = Reports(told.append), Imported()
    import_source(recognise(str(location), reports), log, reports, counts)
    return counts, told


def _of_files(log: MemoryLog) -> Iterator[Event]:
    """What jobs said about files, and the digests that they computed."""
    codec = Codec(log)
    for record in read_all(log):
        event = codec.decode(record)
        if isinstance(event.fact, MetadataRegistered | ChecksumComputed) and event.fact.job:
            yield event


def _outputs(folder: Path) -> Iterator[Path]:
    yield from (
        path for path in folder.rglob("*.out.*") if path.with_suffix("").with_suffix(".meta").exists()
    )


@pytest.fixture
def copied(realdata: Path, tmp_path: Path) -> Callable[[str], Path]:
    """A submit directory that may be damaged."""

    def copied(run: str) -> Path:
        folder = tmp_path / run
        shutil.copytree(realdata / "submit-dirs" / run, folder)
        for path in (folder, *folder.rglob("*")):
            path.chmod(path.stat().st_mode | stat.S_IWUSR)
        return folder

    return copied


def _damage(folder: Path, damage: Damage) -> int:
    damaged = 0
    for path in _outputs(folder):
        before = path.read_bytes()
        after = damage(before)
        if after is None:
            path.unlink()
        else:
            path.write_bytes(after)
        damaged += after != before
    return damaged


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("run", "damage"),
    [(run, damage) for run in RUNS for damage in DAMAGES if run != RUNS[0] or damage not in OF_SEVERAL_FILES],
)
def test_of_damaged_outputs_the_same_is_said_about_files_as_the_event_file_says(
    run: str, damage: str, copied: Callable[[str], Path], realdata: Path
) -> None:
    folder, log, whole = copied(run), MemoryLog(), MemoryLog()
    assert _damage(folder, DAMAGES[damage])
    bp = realdata / "oracles" / "replay" / f"{run}.bp"
    _bring(folder, log)
    _bring(bp, whole)
    said = {event.id: event for event in _of_files(log)}
    expected = {event.id: event for event in _of_files(whole)}
    assert expected
    assert said.keys() == expected.keys()
    for identity, event in expected.items():
        assert said[identity].time == event.time
        fact = said[identity].fact
        if isinstance(fact, ChecksumComputed) and isinstance(event.fact, ChecksumComputed):
            fact = replace(fact, pfn=event.fact.pfn)  # which no event file tells
        assert fact == event.fact
    counts, _ = _bring(bp, log)
    assert {event.id for event in _of_files(log)} == said.keys()
    names = ("MetadataRegistered", "ChecksumComputed")
    assert not [each for each in counts.contradictions if each.fact in names]


@pytest.mark.realdata
def test_of_whole_outputs_no_metadata_is_opened_that_could_add_nothing(
    copied: Callable[[str], Path], realdata: Path
) -> None:
    folder, log, whole = copied(RUNS[0]), MemoryLog(), MemoryLog()
    (folder / "00/00/ls_ID0000001.meta").write_text("no JSON")
    _, told = _bring(folder, log)
    assert not told
    _bring(realdata / "submit-dirs" / RUNS[0], whole)
    assert [(each.id, each.body) for each in read_all(log)] == [
        (each.id, each.body) for each in read_all(whole)
    ]


@pytest.mark.realdata
def test_metadata_of_a_later_attempt_is_not_said_of_an_earlier_one(copied: Callable[[str], Path]) -> None:
    folder, log = copied(RUNS[0]), MemoryLog()
    output = folder / "00/00/ls_ID0000001.out.000"
    output.rename(output.with_suffix(".001"))
    _bring(folder, log)
    assert not [event for event in _of_files(log) if event.fact.job == "ls_ID0000001"]  # type: ignore[union-attr]


def _read(path: Path, content: str | bytes) -> tuple[dict[str, dict[str, str]], list[str]]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    told: list[str] = []
    found = read_job_metadata(path, told.append)
    return {lfn: dict(attributes) for lfn, attributes in (found or {}).items()}, told


def test_attributes_come_in_the_order_in_which_a_record_has_them(tmp_path: Path) -> None:
    attributes = {"mine": "x", "checksum.value": "ab", "checksum.type": "sha256", "size": "5", "user": "u"}
    found, told = _read(tmp_path / "a.meta", json.dumps([{**FILE, "_attributes": attributes}]))
    assert list(found["f.a"]) == ["user", "size", "checksum.type", "checksum.value", "mine"]
    assert not told


def test_a_number_keeps_its_digits_and_of_two_entries_of_one_file_the_last_holds(tmp_path: Path) -> None:
    text = '[{"_id": "f", "_type": "file", "_attributes": {"size": "1"}},'
    text += '{"_id": "f", "_type": "file", "_attributes": {"size": 14, "checksum.timing": 0.10}}]'
    assert _read(tmp_path / "a.meta", text) == ({"f": {"size": "14", "checksum.timing": "0.10"}}, [])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "no JSON: must be a list of"),
        ("[" * 100_000, "no JSON: must be a list of"),
        (json.dumps([FILE])[:-9], "no JSON: must be a list of"),
        (bytes(range(256)), "no JSON: must be a list of"),
        ("{}", "no list: must be a list of"),
        ("null", "no list: must be a list of"),
        ("[" + " " * (1 << 22) + "]", "4 MiB or more"),
    ],
)
def test_what_is_no_such_file_is_told_in_one_line(tmp_path: Path, content: str | bytes, said: str) -> None:
    found, told = _read(tmp_path / "a.meta", content)
    assert not found
    assert len(told) == 1
    assert told[0].startswith(f"{tmp_path / 'a.meta'}: {said}")


@pytest.mark.parametrize(
    "entry",
    [
        1,
        None,
        [FILE],
        {},
        {**FILE, "_id": ""},
        {**FILE, "_id": None},
        {**FILE, "_type": "task"},
        {**FILE, "_attributes": ["size"]},
        {**FILE, "_attributes": {"size": {"deep": "5"}}},
        {**FILE, "_attributes": {"size": None}},
    ],
)
def test_an_entry_of_another_shape_is_left_out_and_the_others_are_read(tmp_path: Path, entry: object) -> None:
    found, told = _read(tmp_path / "a.meta", json.dumps([entry, {**FILE, "_id": "f.b"}]))
    assert found == {"f.b": {"size": "5"}}
    assert len(told) == 1
    assert "1 of 2 entries left out: must be" in told[0]


def test_halves_of_characters_are_replaced_because_nothing_can_store_them(tmp_path: Path) -> None:
    found, _ = _read(
        tmp_path / "a.meta", json.dumps([{**FILE, "_id": "f\ud800", "_attributes": {"a": "\udfff"}}])
    )
    assert found == {"f?": {"a": "?"}}


def test_what_cannot_be_opened_is_told_and_what_is_not_there_says_nothing(tmp_path: Path) -> None:
    told: list[str] = []
    assert read_job_metadata(tmp_path / "absent.meta", told.append) is None
    assert not told
    assert read_job_metadata(tmp_path, told.append) is None
    assert len(told) == 1
    assert told[0].startswith(f"{tmp_path}: not a file: must be a list of")
