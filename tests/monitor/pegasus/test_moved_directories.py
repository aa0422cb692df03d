"""Submit directories that lie otherwise than they were left: archived, without the DAG, named by a link."""

import gzip
import shutil
import tarfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Literal
from uuid import UUID

import pytest

from eventlog.codec import Codec
from eventlog.errors import InputError, UnavailableError
from eventlog.event import Event
from eventlog.facts import Fact, InvocationRecorded, ScriptFinished
from eventlog.log import read_all
from eventlog.memory import MemoryLog
from monitor.pegasus.importing import Imported, import_source
from monitor.pegasus.recognition import recognise
from monitor.pegasus.reports import Reports
from monitor.pegasus.submit_directory import submit_directory

pytestmark = pytest.mark.realdata


@pytest.fixture
def folder(realdata: Path, tmp_path: Path) -> Path:
    """A copy of a run that failed, one of whose jobs was tried twice."""
    folder = tmp_path / "run"
    shutil.copytree(realdata / "submit-dirs" / "process_wf_failure", folder, copy_function=shutil.copyfile)
    folder.chmod(0o755)
    return folder


def archive(folder: Path) -> Path:
    """Put away what ``pegasus-submitdir archive`` does, and give the archive."""
    kept = [folder / "braindump.yml", *folder.glob("*.stampede.db"), *folder.glob("*.properties")]
    away = [path for path in folder.iterdir() if path not in kept]
    path = folder / "archive.tar.gz"
    with tarfile.open(path, "w:gz") as members:
        for each in away:
            members.add(each, arcname=each.name)
    for each in away:
        if each.is_dir():
            shutil.rmtree(each)
        else:
            each.unlink()
    return path


def imported(folder: Path) -> tuple[dict[UUID, Fact], list[str]]:
    log, said = MemoryLog(), list[str]()
    reports = Reports(said.append)
    import_source(submit_directory(folder, reports, "America/Los_Angeles"), log, reports, Imported())
    codec = Codec(log)
    return {record.id: codec.decode(record).fact for record in read_all(log)}, said


def test_an_archived_directory_tells_what_it_told_before(folder: Path) -> None:
    before, _ = imported(folder)
    path = archive(folder)
    assert imported(folder) == (before, [])
    assert list(folder.glob("*.dag")) == []
    assert path.is_file()


def test_of_an_archive_that_is_cut_off_what_stands_before_is_read(folder: Path) -> None:
    before, _ = imported(folder)
    path = archive(folder)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    told, said = imported(folder)
    assert told
    assert len(told) < len(before)
    assert said[0] == f"{path}: broken: what stands before that is read: unexpected end of data"
    assert not any("/tmp/hoofprint-" in each for each in said)


@pytest.mark.parametrize(
    ("ending", "mode"),
    [(".tar.gz", "w:gz"), (".tgz", "w:gz"), (".tar", "w"), (".tar.bz2", "w:bz2"), (".tar.xz", "w:xz")],
)
def test_a_directory_that_was_packed_whole_tells_what_it_told_before(
    folder: Path, tmp_path: Path, ending: str, mode: Literal["w", "w:gz", "w:bz2", "w:xz"]
) -> None:
    before, _ = imported(folder)
    path = tmp_path / f"run0001{ending}"
    with tarfile.open(path, mode) as members:
        members.add(folder, arcname="mzalam/run0001")
    assert recognise(str(path), Reports(print)).name == str(path)
    assert imported(path) == (before, [])


@pytest.mark.parametrize(
    "content",
    [b"", b"junk", gzip.compress(b"no archive either")],
    ids=["empty", "junk", "packed junk"],
)
def test_a_file_in_which_no_directory_is_packed_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "run0001.tar.gz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"run0001.tar.gz: no submit directory of Pegasus in it"):
        imported(path)


def test_nothing_is_unpacked_outside_of_where_it_is_read(folder: Path, tmp_path: Path) -> None:
    path = folder / "archive.tar.gz"
    for each in folder.glob("*.dag"):
        each.unlink()
    with tarfile.open(path, "w:gz") as members:
        outside = tarfile.TarInfo(f"../{tmp_path.name}-outside")
        outside.size = 4
        members.addfile(outside, BytesIO(b"here"))
    _, said = imported(folder)
    assert said[0].startswith(f"{path}: left out: ")
    assert "outside the destination" in said[0]


def test_outputs_that_come_late_contradict_nothing(folder: Path) -> None:
    log, late, said = MemoryLog(), {}, list[str]()
    for path in [*folder.rglob("*.out.0*")]:
        late[path] = path.read_bytes()
        path.unlink()
    reports = Reports(said.append)
    import_source(submit_directory(folder, reports, "America/Los_Angeles"), log, reports, Imported())
    for path, content in late.items():
        path.write_bytes(content)
    again = Imported()
    import_source(submit_directory(folder, reports, "America/Los_Angeles"), log, reports, again)
    assert again.contradictions == []
    assert again.refined > 0
    codec = Codec(log)
    latest = {
        (event.type, event.subject, _ordinal(event)): event for event in map(codec.decode, read_all(log))
    }
    at_once = MemoryLog()
    import_source(submit_directory(folder, reports, "America/Los_Angeles"), at_once, reports, Imported())
    codec = Codec(at_once)
    for event in map(codec.decode, read_all(at_once)):
        if isinstance(event.fact, InvocationRecorded):
            found = latest[event.type, event.subject, _ordinal(event)]
            assert (replace(found.fact, revision=0), found.time) == (event.fact, event.time)


def _ordinal(event: Event) -> object:
    return getattr(event.fact, "sequence", event.id)


def test_a_small_archive_that_unpacks_to_a_disk_full_is_not_unpacked(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "run0001.tar.gz"
    with tarfile.open(path, "w:gz") as members:
        members.add(folder, arcname="run0001")
        huge = tarfile.TarInfo("run0001/zeros.out")
        huge.size = 1 << 40
        # what follows its header is not looked at
        members.addfile(huge)
    before, _ = imported(folder)
    told, said = imported(path)
    assert told == before
    assert said == [
        (
            f"{path}: unpacks to more than 1,024 MiB, which no run does: "
            "what stands before 'run0001/zeros.out' is read"
        )
    ]


def test_what_no_file_can_be_called_is_left_out_alone(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "run0001.tar.gz"
    with tarfile.open(path, "w:gz") as members:
        members.addfile(tarfile.TarInfo("run0001/" + "n" * 300))
        members.addfile(tarfile.TarInfo("run0001/jobstate.log/inside"))
        members.add(folder, arcname="run0001")
    told, said = imported(path)
    assert told
    assert [each.rsplit(": ", 1)[1] for each in said] == ["File name too long", "Is a directory"]


def test_where_an_archive_has_no_room_is_said(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = archive(folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    with pytest.raises(UnavailableError, match=r"archive.tar.gz cannot be unpacked in .*: set TMPDIR"):
        imported(folder)
    assert path.is_file()


def test_without_its_dag_all_is_known_but_the_words_of_the_scripts(folder: Path) -> None:
    whole, _ = imported(folder)
    (folder / "process-0.dag").unlink()
    told, said = imported(folder)
    why = "No such file or directory: jobs are known by their files, PRE scripts are not"
    assert said == [f"{folder}/process-0.dag: {why}"]
    wordless = {
        identity: replace(fact, executable="", argv=()) if isinstance(fact, ScriptFinished) else fact
        for identity, fact in whole.items()
    }
    assert told == wordless


def test_a_submit_file_that_is_gone_is_told_once_however_often_its_job_was_tried(folder: Path) -> None:
    (folder / "00/00/ls_ID0000001.sub").unlink()
    told, said = imported(folder)
    assert len(said) == 1
    assert "site and arguments of ls_ID0000001 are not known" in said[0]
    assert len(told) == len(imported(folder)[0])


def test_a_directory_that_is_named_from_where_one_stands_tells_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, _ = imported(folder)
    monkeypatch.chdir(folder.parent)
    assert imported(Path(folder.name)) == (whole, [])
    monkeypatch.chdir(folder)
    assert imported(Path()) == (whole, [])
    link = folder.with_name("link")
    link.symlink_to(folder)
    assert imported(link) == (whole, [])
