"""Broken and hostile input of every kind of source: one line each, the rest is kept, nothing twice after."""

import json
import os
import re
import shutil
import sqlite3
import stat
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from eventlog.codec import Codec
from eventlog.errors import HoofprintError, InputError, NotFoundError, UnavailableError
from eventlog.facts import ScriptFinished
from eventlog.log import read_all
from eventlog.memory import MemoryLog
from monitor.pegasus.importing import Imported, import_source
from monitor.pegasus.recognition import recognise
from monitor.pegasus.reports import Reports

pytestmark = pytest.mark.realdata

SAMPLE = "process_wf_success"
RECORD = "00/00/ls_ID0000001.out.000"
CACHED = "process-0.cache.meta"
METADATA = "00/00/ls_ID0000001.meta"
JUNK = bytes(range(256)) * 40
ALIASES = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)
)
ENTITIES = "".join(
    f'<!ENTITY {chr(98 + n)} "{"&" + chr(97 + n) + ";"}{"&" + chr(97 + n) + ";"}">' for n in range(30)
)
XML_RECORD = """<?xml version="1.0"?><!DOCTYPE i [<!ENTITY a "x">{entities}]>
<invocation xmlns="http://pegasus.isi.edu/schema/invocation" version="2.1" transformation="{name}"
 start="2023-03-03T22:24:20-08:00" duration="1"><mainjob start="2023-03-03T22:24:20-08:00" duration="1">
<status raw="0"/></mainjob></invocation>
"""
LARGE = 100_000_000


class Import:
    """What bringing a source into a log came to."""

    def __init__(self, location: Path | str, log: MemoryLog) -> None:
        self.told: list[str] = []
        self.counts = Imported()
        reports = Reports(self.told.append)
        import_source(recognise(str(location), reports), log, reports, self.counts)


def _copy(source: Path, folder: Path) -> Path:
    shutil.copytree(source, folder)
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode | stat.S_IWUSR)
    return folder


@pytest.fixture
def directory(realdata: Path, tmp_path: Path) -> Path:
    """A submit directory that may be broken."""
    return _copy(realdata / "submit-dirs" / SAMPLE, tmp_path / "run0001")


@pytest.fixture
def lines(realdata: Path) -> list[bytes]:
    """The lines of the same run's event file."""
    return (realdata / "oracles" / "replay" / f"{SAMPLE}.bp").read_bytes().splitlines(keepends=True)


Break = Callable[[list[bytes]], list[bytes]]

EVENT_FILES: dict[str, tuple[Break, str]] = {
    "cut off in the midst of a line": (lambda ls: [*ls[:-1], ls[-1][:40]], "ends in half a line"),
    "junk before it": (lambda ls: [b"\x00\xff\xfe junk\n", *ls], "no stampede event"),
    "a line of 100 MB": (
        lambda ls: [*ls[:30], ls[30][:-1] + b' x="' + b"y" * LARGE + b'"\n', *ls[30:]],
        "bytes",
    ),
    "nothing but backslashes": (
        lambda ls: [*ls[:30], ls[30][:-1] + b' x="' + b"\\" * 2_000_001 + b"\n", *ls[30:]],
        "no name=value pairs",
    ),
    "one endless word": (
        lambda ls: [*ls[:30], ls[30][:-1] + b" " + b"y" * 2_000_000 + b"\n", *ls[30:]],
        "no name=value pairs",
    ),
    "another encoding": (lambda ls: [line.replace(b"mzalam", b"m\xe4lam") for line in ls], "no UTF-8"),
    "a number beyond all bounds": (
        lambda ls: [line.replace(b" exitcode=0 ", b" exitcode=" + b"9" * 400 + b" ") for line in ls],
        "out of range",
    ),
    "a time in no calendar": (
        lambda ls: [line.replace(b"ts=2023", b"ts=99999") if b"inv.end" in line else line for line in ls],
        "is no time",
    ),
}


@pytest.mark.parametrize("kind", EVENT_FILES)
def test_a_broken_event_file_is_read_as_far_as_it_can_be(
    kind: str, lines: list[bytes], tmp_path: Path
) -> None:
    damage, said = EVENT_FILES[kind]
    broken, whole, log = tmp_path / "broken.bp", tmp_path / "whole.bp", MemoryLog()
    broken.write_bytes(b"".join(damage(lines)))
    whole.write_bytes(b"".join(lines))
    first = Import(broken, log)
    assert first.counts.added > 0
    assert any(said in each and str(broken) in each for each in first.told), first.told
    assert not any("\n" in each for each in first.told)
    _then_the_whole(whole, log, again=broken)


def test_what_a_source_tells_twice_and_the_second_time_in_full_is_known_in_full(
    lines: list[bytes], tmp_path: Path
) -> None:
    mixed, whole, log, at_once = tmp_path / "mixed.bp", tmp_path / "whole.bp", MemoryLog(), MemoryLog()
    early = [line for line in lines if b"job_inst.post.end" in line and b"ls_ID0000001" in line]
    before = next(n for n, line in enumerate(lines) if b"job_inst.post.start" in line and b"ls_ID" in line)
    mixed.write_bytes(b"".join([*lines[:before], *early, *lines[before:]]))
    whole.write_bytes(b"".join(lines))
    first = Import(mixed, log).counts
    direct = Import(whole, at_once).counts
    assert (first.added, first.refined, first.known) == (direct.added, 1, 0)
    assert first.contradictions == []
    again = Import(mixed, log).counts
    assert (again.added, again.refined) == (0, 0)
    scripts = [_latest_script(each) for each in (log, at_once)]
    assert scripts[0] == scripts[1]


def _latest_script(log: MemoryLog) -> ScriptFinished:
    facts = [Codec(log).decode(record).fact for record in read_all(log)]
    found = [f for f in facts if isinstance(f, ScriptFinished) and f.job == "ls_ID0000001"]
    return replace(found[-1], revision=0)


def _then_the_whole(whole: Path, log: MemoryLog, again: Path) -> None:
    """The broken source once more adds nothing; the whole one adds what was missing, and then nothing."""
    held = len(list(read_all(log)))
    Import(again, log)
    assert len(list(read_all(log))) == held
    Import(whole, log)
    known = Import(whole, log)
    assert (known.counts.added, known.counts.refined) == (0, 0)
    identities = [record.id for record in read_all(log)]
    assert len(identities) == len(set(identities))


def _append(name: str, text: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        with (folder / name).open("a") as file:
            file.write(text)

    return change


def _write(name: str, content: bytes | str) -> Callable[[Path], None]:
    return lambda folder: _write_to(folder / name, content)


def _write_to(path: Path, content: bytes | str) -> None:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def _large_record(folder: Path) -> None:
    _append(RECORD, "      data: |\n" + ("        " + "z" * 91 + "\n") * (LARGE // 100))(folder)


def _pipe(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).unlink()
        os.mkfifo(folder / name)

    return change


def _newline_in_names(folder: Path) -> None:
    for path in list((folder / "00/00").glob("ls_ID0000001.*")):
        path.rename(path.with_name(path.name.replace("_", "\n")))


def _metadata_alone(content: bytes | str) -> Callable[[Path], None]:
    """The job's output is gone: what it made stands in its metadata alone."""

    def change(folder: Path) -> None:
        (folder / RECORD).unlink()
        _write_to(folder / METADATA, content)

    return change


def _cached_alone(content: bytes | str) -> Callable[[Path], None]:
    """Nothing of the job's own tells what it made."""

    def change(folder: Path) -> None:
        (folder / RECORD).unlink()
        (folder / METADATA).unlink()
        _write_to(folder / CACHED, content)

    return change


def _cached_pipe(folder: Path) -> None:
    _cached_alone("")(folder)
    _pipe(CACHED)(folder)


def _plan_metadata_alone(content: bytes | str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        _write_to(folder / "process-0.static.bp", "")
        _write_to(folder / "process-0.metadata", content)

    return change


def _metadata_pipe(folder: Path) -> None:
    (folder / RECORD).unlink()
    _pipe(METADATA)(folder)


def _outside(folder: Path) -> None:
    dag = folder / "process-0.dag"
    dag.write_text(dag.read_text().replace("00/00/ls_ID0000001.sub", "../../../../../../etc/passwd"))


def _numbers(name: str, form: bytes, huge: bytes) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        content, count = re.subn(form, huge, (folder / name).read_bytes())
        assert count
        (folder / name).write_bytes(content)

    return change


def _replace_by_a_loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def _cut_before(path: Path, where: bytes) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: content.index(where) + 3])


DIRECTORIES: dict[str, tuple[Callable[[Path], None], str]] = {
    "aliases without end in the braindump": (_append("braindump.yml", ALIASES), ""),
    "aliases without end in the workflow": (_append("workflow.yml", ALIASES), "aliases expand"),
    "aliases without end in a record": (
        _append(RECORD, "".join(f"  {line}\n" for line in ALIASES.splitlines())),
        "",
    ),
    "a record nested 50,000 deep": (
        _append(RECORD, "  deep: " + "[" * 50_000 + "\n"),
        "nested more than 100 deep",
    ),
    "an XML record of entities in entities": (
        _write(RECORD, XML_RECORD.format(entities=ENTITIES, name="&z;")),
        "undefined entity",
    ),
    "an XML record that asks for another file": (
        _write(RECORD, XML_RECORD.format(entities='<!ENTITY e SYSTEM "file:///etc/passwd">', name="&e;")),
        "no XML",
    ),
    "a record of 100 MB": (_large_record, ""),
    "a record that is junk": (_write(RECORD, JUNK), ""),
    "a record that is a pipe": (_pipe(RECORD), "not a file"),
    "a DAGMan log that is a pipe": (_pipe("process-0.dag.dagman.out"), "not there"),
    "a DAGMan log with a line of 100 MB": (
        lambda folder: _write_to(
            folder / "process-0.dag.dagman.out",
            b"q" * LARGE + b"\n" + (folder / "process-0.dag.dagman.out").read_bytes(),
        ),
        "",
    ),
    "a plan that is junk": (_write("process-0.static.bp", JUNK), "no stampede event"),
    "a DAGMan log that is empty": (
        _write("process-0.dag.dagman.out", ""),
        "process-0.dag.dagman.out: empty: read from",
    ),
    "a DAGMan log whose times nobody knows": (
        _write("process-0.dag.dagman.out", "noon: Parsing process-0.dag ...\n"),
        "process-0.dag.dagman.out: no line of 1 has a time and tells of the run: read from",
    ),
    "a DAG that is junk": (_write("process-0.dag", JUNK), "process-0.dag: names no job: jobs are known by"),
    "a DAG that is a pipe": (_pipe("process-0.dag"), "process-0.dag: not a file: jobs are known by"),
    "a task that took longer than there is time": (
        _numbers(RECORD, rb"(?m)^( +)duration: .*", rb"\1duration: 99999999999999.5"),
        "'99999999999999.5' is out of range",
    ),
    "a checksum that took longer than there is time": (
        _numbers(RECORD, rb"checksum_timing: .*", b"checksum_timing: 99999999999999"),
        "'99999999999999' is out of range",
    ),
    "a file that is larger than anything": (
        _numbers(RECORD, rb"(?m)^( +)size: .*", rb"\1size: 99999999999999999999"),
        "'99999999999999999999' is out of range",
    ),
    "a DAG that is gone": (
        lambda folder: (folder / "process-0.dag").unlink(),
        "process-0.dag: No such file or directory: jobs are known by their files",
    ),
    "a plan that is a link to itself": (
        lambda folder: _replace_by_a_loop(folder / "process-0.static.bp"),
        "process-0.static.bp: not there: tasks, jobs and edges of the plan are not known",
    ),
    "a braindump with zeros behind it": (
        _append("braindump.yml", "\0" * 100),
        "control characters are not allowed: only its whole lines are read",
    ),
    "a braindump that is cut off": (
        lambda folder: _cut_before(folder / "braindump.yml", b'"process-0.dag"'),
        "only its whole lines are read",
    ),
    "a DAG whose submit file lies elsewhere": (_outside, ""),
    "metadata nested 100,000 deep": (_write(METADATA, "[" * 100_000), ""),
    "metadata alone, nested 100,000 deep": (
        _metadata_alone("[" * 100_000),
        f"{METADATA}: no JSON: must be a list of",
    ),
    "metadata alone, closed as deep": (
        _metadata_alone("[" * 100_000 + "]" * 100_000),
        f"{METADATA}: no JSON: must be a list of",
    ),
    "metadata alone, junk": (_metadata_alone(JUNK), f"{METADATA}: no JSON: must be a list of"),
    "metadata alone, 100 MB": (_metadata_alone(b" " * LARGE), f"{METADATA}: 4 MiB or more"),
    "metadata alone, a mapping": (_metadata_alone("{}"), f"{METADATA}: no list: must be"),
    "metadata alone, of wrong types": (
        _metadata_alone('[7, {"_id": ["f"], "_type": "file", "_attributes": {"size": "1"}}]'),
        f"{METADATA}: 2 of 2 entries left out: must be a list of",
    ),
    "metadata alone, values nobody can read": (
        _metadata_alone(
            '[{"_id": "listing.txt", "_type": "file", "_attributes": {"size": "1e9999", "checksum.type":'
            ' "sha256", "checksum.value": "", "checksum.timing": "NaN", "\\ud800": "\\udfff", "": ""}}]'
        ),
        "'1e9999' is out of range",
    ),
    "metadata alone, numbers without end": (
        _metadata_alone(
            '[{"_id": "listing.txt", "_type": "file", "_attributes": {"size": "99999999999999999999",'
            ' "checksum.type": "sha256", "checksum.value": "ab", "checksum.timing": "99999999999999999999"}}]'
        ),
        "'99999999999999999999' is out of range",
    ),
    "metadata alone, a pipe": (_metadata_pipe, f"{METADATA}: not a file"),
    "metadata of all jobs alone, junk": (_cached_alone(JUNK), "each line must be LFN @@PFN@@"),
    "metadata of all jobs alone, cut off": (
        _cached_alone('listing.txt @@PFN@@ user="mz'),
        f"{CACHED}, line 1: left out: each line must be LFN @@PFN@@",
    ),
    "metadata of all jobs alone, a line of 100 MB": (
        _cached_alone(b"f @@PFN@@ a=" + b"q" * LARGE),
        "left out from here: 64 MiB are read",
    ),
    "metadata of all jobs alone, a pipe": (_cached_pipe, f"{CACHED}: not a file"),
    "the workflow's metadata alone, nested 100,000 deep": (
        _plan_metadata_alone('{"wf_metadata":' * 100_000),
        "process-0.metadata: no JSON: must be a mapping",
    ),
    "a workflow with a name that no file can have": (
        _append("braindump.yml", f"dax: /{'x' * 300}/other.yml\n"),
        "",
    ),
    "a replica catalog that is none": (
        _write("process-0.replicas.db", b"SQLite format 3\0" + JUNK),
        "process-0.replicas.db: no replica catalog",
    ),
    "file names with newlines": (_newline_in_names, "ls_ID0000001.sub: No such file"),
    "a link that leads back up": (lambda folder: os.symlink(folder, folder / "00" / "loop"), ""),
}


@pytest.mark.parametrize("kind", DIRECTORIES)
def test_a_broken_submit_directory_is_read_as_far_as_it_can_be(
    kind: str, directory: Path, realdata: Path
) -> None:
    damage, said = DIRECTORIES[kind]
    damage(directory)
    log = MemoryLog()
    first = Import(directory, log)
    assert first.counts.added >= 30
    assert any(said in each for each in first.told) if said else not first.told, first.told
    assert not any("\n" in each for each in first.told)
    _then_the_whole(realdata / "submit-dirs" / SAMPLE, log, again=directory)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        (RECORD, b"hostname: ", b"hostname: x\0"),
        (RECORD, b"sha256: 8", b"sha256: \0008"),
        ("00/00/ls_ID0000001.sub", b"condorpool", b"condor\0pool"),
        ("00/00/register_local_0_0.in", b"listing", b"list\0ing"),
        ("process-0.dag.dagman.out", b"ls_ID0000001", b"ls_\0ID0000001"),
        (METADATA, b"listing", b"list\\u0000ing"),
        (CACHED, b"listing", b"list\0ing"),
        (METADATA, b'"size"', b'"si\\u0000ze"'),
        ("braindump.yml", b'user: "mz', b'user: "m\\0z'),
    ],
)
def test_no_nul_reaches_the_log_because_no_database_takes_it(
    directory: Path, name: str, before: bytes, after: bytes
) -> None:
    content = (directory / name).read_bytes()
    assert before in content
    (directory / name).write_bytes(content.replace(before, after))
    if name in (METADATA, CACHED):
        (directory / RECORD).unlink()
    if name == CACHED:
        (directory / METADATA).unlink()
    log = MemoryLog()
    assert Import(directory, log).counts.added >= 30
    codec = Codec(log)
    for record in read_all(log):
        event = codec.decode(record)
        told = json.dumps([asdict(event.fact), event.actor, event.subject], default=str)
        assert "\\u0000" not in told


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "must be a mapping"),
        (JUNK, "no YAML"),
        (b"a: " + b"[" * 50_000, "nested more than 100 deep"),
        (b"wf_uuid: x\n", "dag missing"),
        (b"- 1\n", "must be a mapping"),
    ],
)
def test_a_directory_without_a_usable_braindump_is_refused_in_one_line(
    directory: Path, content: bytes, said: str
) -> None:
    (directory / "braindump.yml").write_bytes(content)
    with pytest.raises(InputError) as caught:
        Import(directory, MemoryLog())
    assert said in str(caught.value)
    assert str(directory / "braindump.yml") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_database_whose_values_are_of_the_wrong_kind_is_read_as_far_as_it_can_be(
    directory: Path, realdata: Path
) -> None:
    path, log = directory / "process-0.stampede.db", MemoryLog()
    with sqlite3.connect(path) as stored:
        stored.execute("UPDATE invocation SET remote_duration = 'long' WHERE invocation_id = 3")
        stored.execute("UPDATE job_instance SET exitcode = 'bad' WHERE job_instance_id = 4")
        stored.execute(
            "UPDATE jobstate SET timestamp = x'fffe', jobstate_submit_seq = 'x' WHERE job_instance_id = 5"
        )
        stored.execute("UPDATE task SET argv = CAST(x'fffe' AS TEXT)")
    stored.close()
    broken = Import(path, log)
    assert broken.counts.added > 20
    assert broken.told
    assert not any("\n" in each for each in broken.told)
    _then_the_whole(realdata / "submit-dirs" / SAMPLE, log, again=path)


@pytest.mark.parametrize(
    ("location", "error"),
    [
        ("absent.bp", NotFoundError),
        ("", InputError),
        ("a\0b", NotFoundError),
        ("/dev/null", InputError),
        ("http://127.0.0.1:1/x.bp", InputError),
        ("postgresql+psycopg://u:geheim@127.0.0.1:1/x", UnavailableError),
    ],
)
def test_what_is_nothing_to_import_is_refused_in_one_line(location: str, error: type[HoofprintError]) -> None:
    with pytest.raises(error) as caught:
        Import(location, MemoryLog())
    assert "\n" not in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="nothing that can be imported"):
        Import(tmp_path / "pipe", MemoryLog())
