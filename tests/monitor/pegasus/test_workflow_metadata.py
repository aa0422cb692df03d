"""``<workflow>.metadata`` and ``<workflow>.cache.meta``: read where nothing nearer to the jobs tells."""

import shutil
import stat
from collections.abc import Iterator, Mapping
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
from monitor.pegasus.submit_directory.cached_metadata import parse_line

RUN = "process_wf_success"
OUTPUT, METADATA = "00/00/ls_ID0000001.out.000", "00/00/ls_ID0000001.meta"
CACHED, PLANNED, WORKFLOW = "process-0.cache.meta", "process-0.static.bp", "process-0.metadata"
DIGEST = "891b2d4096cb77b3f99d029183053cacd5121c8c0a4902a5d06105b42d59236b"
LISTING = {
    "user": "mzalam",
    "size": "1779",
    "ctime": "2023-03-03T22:24:20-08:00",
    "checksum.type": "sha256",
    "checksum.value": DIGEST,
    "checksum.timing": "0.0",
}


@pytest.fixture
def folder(realdata: Path, tmp_path: Path) -> Path:
    """A submit directory of which files may be taken."""
    copy = tmp_path / "run0001"
    shutil.copytree(realdata / "submit-dirs" / RUN, copy)
    for path in (copy, *copy.rglob("*")):
        path.chmod(path.stat().st_mode | stat.S_IWUSR)
    return copy


@pytest.fixture
def bp(realdata: Path) -> Path:
    """The event file of the same run."""
    return realdata / "oracles" / "replay" / f"{RUN}.bp"


def _bring(location: Path, log: MemoryLog) -> tuple[Imported, list[str]]:
    told: list[str] = []
    reports, counts = Reports(told.append), Imported()
    import_source(recognise(str(location), reports), log, reports, counts)
    return counts, told


def _events(log: MemoryLog, kind: type) -> list[Event]:
    codec = Codec(log)
    events = (codec.decode(record) for record in read_all(log))
    return [event for event in events if isinstance(event.fact, kind)]


def _metadata(log: MemoryLog, target: str) -> Iterator[tuple[MetadataRegistered, str, Mapping[str, str]]]:
    for event in _events(log, MetadataRegistered):
        assert isinstance(event.fact, MetadataRegistered)
        for item in event.fact.items:
            if item.target == target:
                yield event.fact, item.name, {tag.key: tag.text for tag in item.tags}


@pytest.mark.realdata
def test_a_file_of_which_no_job_tells_is_described_as_a_file_of_the_run(folder: Path, bp: Path) -> None:
    (folder / OUTPUT).unlink()
    (folder / METADATA).unlink()
    log = MemoryLog()
    _, told = _bring(folder, log)
    assert not told
    ((fact, lfn, tags),) = _metadata(log, "file")
    assert (fact.job, fact.origin, lfn, tags) == ("", "import", "listing.txt", LISTING)
    (computed,) = (event.fact for event in _events(log, ChecksumComputed))
    assert isinstance(computed, ChecksumComputed)
    assert (computed.job, computed.sha256, computed.size, computed.count) == ("", DIGEST, 1779, 0)
    counts, _ = _bring(bp, log)
    assert len(list(_metadata(log, "file"))) == 1
    assert not [each for each in counts.contradictions if each.fact == "MetadataRegistered"]
    assert _bring(folder, log)[0].added == 0


@pytest.mark.realdata
def test_of_a_file_that_lines_name_twice_the_last_one_holds(folder: Path) -> None:
    (folder / OUTPUT).unlink()
    (folder / METADATA).unlink()
    with (folder / CACHED).open("a") as file:
        file.write('listing.txt @@PFN@@ size="7"\n')
    log = MemoryLog()
    _bring(folder, log)
    assert [(lfn, tags) for _, lfn, tags in _metadata(log, "file")] == [("listing.txt", {"size": "7"})]


@pytest.mark.realdata
@pytest.mark.parametrize("lost", [(), (OUTPUT,), (METADATA,)])
def test_files_that_a_job_tells_are_not_looked_up(folder: Path, lost: tuple[str, ...]) -> None:
    for name in lost:
        (folder / name).unlink()
    (folder / CACHED).write_text("not looked at")
    log = MemoryLog()
    _, told = _bring(folder, log)
    assert not told
    assert [(fact.job, lfn) for fact, lfn, _ in _metadata(log, "file")] == [("ls_ID0000001", "listing.txt")]


@pytest.mark.realdata
def test_metadata_of_the_workflow_is_the_same_event_where_the_plan_is_gone(folder: Path, bp: Path) -> None:
    whole, log = MemoryLog(), MemoryLog()
    _bring(folder, whole)
    (folder / PLANNED).unlink()
    _bring(folder, log)
    (expected,) = _events(whole, MetadataRegistered)[:1]
    (said,) = _events(log, MetadataRegistered)[:1]
    assert (said.id, said.fact) == (expected.id, expected.fact)
    assert [(name, tags) for _, name, tags in _metadata(log, "workflow")] == [("", {"wf.api": "python"})]
    _bring(bp, log)
    assert len(list(_metadata(log, "workflow"))) == 1


@pytest.mark.realdata
def test_metadata_of_the_workflow_is_not_opened_where_the_plan_tells_it(folder: Path) -> None:
    (folder / WORKFLOW).write_text("no JSON")
    _, told = _bring(folder, MemoryLog())
    assert not told


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[" * 100_000, f"{WORKFLOW}: no JSON: must be a mapping with"),
        ("[]", f"{WORKFLOW}: no such mapping: must be a mapping with"),
        ('{"workflow_uuid": 7}', f"{WORKFLOW}: no such mapping: must be a mapping with"),
        ('{"workflow_uuid": "x", "wf_metadata": {"a": [1]}}', f"{WORKFLOW}: no such mapping: must be"),
        (
            '{"workflow_uuid": "x", "wf_metadata": {"a": "1"}}',
            f"{WORKFLOW}: left out: it speaks of another run",
        ),
        (" " * (1 << 22), f"{WORKFLOW}: 4 MiB or more: must be a mapping with"),
    ],
)
def test_what_is_no_metadata_of_the_workflow_is_told_in_one_line(
    folder: Path, content: str, said: str
) -> None:
    (folder / PLANNED).unlink()
    (folder / WORKFLOW).write_text(content)
    log = MemoryLog()
    _, told = _bring(folder, log)
    assert len([each for each in told if said in each]) == 1
    assert len(told) == 2  # and that the plan is not there
    assert not list(_metadata(log, "workflow"))


@pytest.mark.realdata
def test_lines_that_are_none_are_told_in_one_line_and_the_others_are_read(folder: Path) -> None:
    (folder / OUTPUT).unlink()
    (folder / METADATA).unlink()
    whole = (folder / CACHED).read_bytes()
    (folder / CACHED).write_bytes(b"junk\n\n" + b"q" * 200_000 + b"\n" + whole + b"f @@PFN@@ a\n")
    log = MemoryLog()
    _, told = _bring(folder, log)
    (line,) = told
    assert line.startswith(f"{folder / CACHED}, line 1: left out with 2 more: each line must be LFN @@PFN@@")
    assert [(lfn, tags) for _, lfn, tags in _metadata(log, "file")] == [("listing.txt", LISTING)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("f.a @@PFN@@", ("f.a", {})),
        ('f.a @@PFN@@ a="1" b.c="x y"', ("f.a", {"a": "1", "b.c": "x y"})),
        ('d/f.a\t@@PFN@@  a="say \\"no\\" \\\\"  ', ("d/f.a", {"a": 'say "no" \\'})),
        ('"f a" @@PFN@@ a=""', ("f a", {"a": ""})),
        ('f.a @@PFN@@ a="1', None),
        ("f.a @@PFN@@ a=1", None),
        ('f.a file:///f.a site="local"', None),
        ('f.a @@PFN@@x a="1"', None),
        ("@@PFN@@", None),
        ('"f.a @@PFN@@ a="1"', None),
        ("\x00\x01", None),
    ],
)
def test_a_line_names_a_file_and_its_attributes(line: str, said: tuple[str, dict[str, str]] | None) -> None:
    assert parse_line(line) == said
