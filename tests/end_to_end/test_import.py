"""hoofprint import: runs of Pegasus become answers; again, or cut short, adds only what is new."""

import os
import random
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from benchmarks.genome_event_file import write_event_file
from benchmarks.genome_run import GenomeRun

KILLS = 20 if os.environ.get("HOOFPRINT_SOAK") else 3


@pytest.fixture
def genome(tmp_path: Path) -> Path:
    """The event file of a small run of 1000genome's shape: 10 chromosomes of 20 jobs."""
    path = tmp_path / "genome.bp"
    write_event_file(GenomeRun(200), path)
    return path


def processes_about(path: Path) -> list[str]:
    """The command lines of running processes that name a path."""
    lines = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            lines.append(process.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return [line for line in lines if str(path) in line]


def log_size(project) -> int:
    path = Path(project.environment["HOOFPRINT_HOME"]) / "log.db-wal"
    return path.stat().st_size if path.exists() else 0


def test_an_imported_run_is_answered_from_like_any_other(project, genome: Path) -> None:
    imported = project.json("import", str(genome))
    assert imported["added"] > 1500
    assert (imported["refined"], imported["known"], imported["unreadable"]) == (0, 0, 0)
    assert imported["runs"] == [GenomeRun(200).run]
    summary = project.json("statistics", "latest")
    assert "200" in str(summary)
    found = project.json("find", 'checksum.type = "sha256" and size > 0', "--first", "1000")["files"]
    assert len(found) == 200
    assert project.call("status", "latest").stdout.count("succeeded")


def test_a_source_that_knows_no_roles_says_what_is_missing(project, genome: Path) -> None:
    said = project.call("import", str(genome)).stderr
    assert "nothing tells which task reads and writes which file" in said
    assert "submit directory" in said


@pytest.mark.realdata
def test_of_several_runs_it_is_said_once_what_is_missing(project, realdata: Path) -> None:
    database = realdata / "submit-dirs/hierarchical_wf_success/hierarchical-workflow-0.stampede.db"
    said = project.call("import", str(database)).stderr
    assert said.count("nothing tells which task reads and writes which file") == 1
    assert " and 1 more: nothing tells" in said


_HELD = """\
wf.plan root.xwf.id=held dax.label=drugs submit.hostname=head submit.dir=/runs/13 user=u
job.info job.id=load type_desc=compute clustered=0 max_retries=0 executable=/bin/load task_count=1
job_inst.submit.start job_inst.id=1 job.id=load sched.id=106.0 site=pool
job_inst.submit.end job_inst.id=1 job.id=load sched.id=106.0 status=0
job_inst.main.start job_inst.id=1 job.id=load sched.id=106.0
job_inst.held.start job_inst.id=1 job.id=load reason=" reading chebi.pickle: no such file"
job_inst.abort.info job_inst.id=1 job.id=load
inv.end job_inst.id=1 job.id=load inv.id=1 start_time=1678036280 dur=46 exitcode=1 executable=/bin/load
job_inst.main.end job_inst.id=1 job.id=load status=-1 exitcode=1 local.dur=46 site=pool user=u
job_inst.post.end job_inst.id=1 job.id=load status=-1 exitcode=256
xwf.end status=-1 restart_count=0
"""


def test_of_a_job_that_was_held_and_removed_the_reason_is_told_and_no_signal(project, tmp_path: Path) -> None:
    path = tmp_path / "held.bp"
    path.write_text("".join(f"ts=1678036280 event=stampede.{x} xwf.id=held\n" for x in _HELD.splitlines()))
    project.call("import", str(path))
    told = project.call("analyze", "held", expect=1).stdout
    assert "load was held, and then aborted in attempt 1" in told
    assert "reading chebi.pickle: no such file" in told
    assert "SIGHUP" not in told


_STOPPED = """\
wf.plan root.xwf.id=stopped dax.label=drugs submit.hostname=head submit.dir=/runs/14 user=u
job.info job.id=load type_desc=compute clustered=0 max_retries=0 executable=/bin/load task_count=1
xwf.start restart_count=0
xwf.end status=1 restart_count=0
"""


def test_a_run_whose_engine_alone_failed_is_told_as_failed(project, tmp_path: Path) -> None:
    path = tmp_path / "stopped.bp"
    path.write_text("".join(f"ts=1 event=stampede.{x} xwf.id=stopped\n" for x in _STOPPED.splitlines()))
    project.call("import", str(path))
    assert "no job failed, but the engine ended with 1" in project.call("analyze", "stopped", expect=1).stdout


_CORRUPTED = """\
wf.plan root.xwf.id=corrupted dax.label=sums submit.hostname=head submit.dir=/runs/15 user=u
job.info job.id=sum type_desc=compute clustered=0 max_retries=0 executable=/bin/sum task_count=1
job_inst.submit.start job_inst.id=1 job.id=sum sched.id=1.0 site=pool
job_inst.submit.end job_inst.id=1 job.id=sum sched.id=1.0 status=0
int.metric job_inst.id=1 job.id=sum type=check file_type=input count=5 duration=1.5
job_inst.tag job_inst.id=1 job.id=sum name=int.error count=2
job_inst.main.end job_inst.id=1 job.id=sum status=-1 exitcode=256 local.dur=46 site=pool user=u
xwf.end status=-1 restart_count=0
"""


def test_wrong_checksums_of_files_that_nobody_names_are_told_without_a_name(project, tmp_path: Path) -> None:
    path = tmp_path / "corrupted.bp"
    lines = (f"ts=1678036280 event=stampede.{x} xwf.id=corrupted\n" for x in _CORRUPTED.splitlines())
    path.write_text("".join(lines))
    project.call("import", str(path))
    told = project.call("analyze", "corrupted", expect=1).stdout
    assert "input files; only how many checksums were wrong is known" in " ".join(told.split())
    assert "None" not in told
    status = project.call("status", "corrupted").stdout
    assert "CORRUPTED: 2 wrong" in status
    assert "first: unnamed files at sum (attempt 1)" in status


def test_importing_again_adds_nothing(project, genome: Path) -> None:
    added = project.json("import", str(genome))["added"]
    again = project.json("import", str(genome))
    assert (again["added"], again["refined"], again["known"]) == (0, 0, added)
    twice = project.json("import", str(genome), str(genome))
    assert (twice["added"], twice["known"]) == (0, 2 * added)


def test_a_file_that_grew_adds_what_grew(project, genome: Path, tmp_path: Path) -> None:
    lines = genome.read_text().splitlines(keepends=True)
    part = tmp_path / "part.bp"
    part.write_text("".join(lines[: len(lines) // 2]) + lines[len(lines) // 2][:100])
    first = project.json("import", str(part))
    assert first["unreadable"] == 1
    rest = project.json("import", str(genome))
    assert rest["contradicted"] == 0
    assert rest["added"] > 0
    assert project.json("import", str(genome))["added"] == 0


def test_a_contradiction_is_shown_with_both_values_and_changes_nothing(
    project, genome: Path, tmp_path: Path
) -> None:
    project.call("import", str(genome))
    other = tmp_path / "other.bp"
    other.write_text(genome.read_text().replace("local.dur=", "local.dur=9", 1))
    made = project.json("import", str(other))
    assert (made["added"], made["refined"], made["contradicted"]) == (0, 0, 1)
    assert made["contradictions"][0]["field"] == "local_duration"
    shown = project.call("import", str(other)).stdout
    assert made["contradictions"][0]["kept"] in shown
    assert made["contradictions"][0]["offered"] in shown


def test_runs_go_into_the_namespace_that_is_named(project, genome: Path) -> None:
    project.call("import", str(genome), "--namespace", "genomics")
    question = 'checksum.type = "sha256"'
    assert not project.json("find", question)["files"]
    project.environment["HOOFPRINT_NAMESPACE"] = "genomics"
    assert project.json("find", question)["files"]


def test_what_is_not_there_and_what_is_no_run_have_exit_codes_of_their_own(project, tmp_path: Path) -> None:
    assert "no such file" in project.call("import", "gone.bp", expect=3).stderr
    (tmp_path / "notes.txt").write_text("buy bread\n")
    said = project.call("import", str(tmp_path / "notes.txt"), expect=2).stderr
    assert "nothing that can be imported" in said


def test_broken_lines_are_told_and_counted_and_the_rest_is_imported(project, genome: Path) -> None:
    whole = genome.read_bytes()
    genome.write_bytes(b"\xff\x00\x01 junk\n" + whole)
    done = project.json("import", str(genome))
    assert done["unreadable"] == 1
    assert f"{genome}:1: " in project.call("import", str(genome)).stderr


@pytest.mark.crash
def test_an_import_that_is_killed_goes_on_and_ends_with_the_same_tables(project, tmp_path: Path) -> None:
    path = tmp_path / "genome.bp"
    write_event_file(GenomeRun(1500), path)
    whole = {**project.environment, "HOOFPRINT_HOME": str(tmp_path / "whole")}
    other = type(project)(project.folder, whole)
    added = other.json("import", str(path))["added"]
    chance = random.Random(20261122)
    for _ in range(KILLS):
        importing = project.start("import", str(path))
        time.sleep(chance.uniform(0.6, 2.5))
        importing.kill()
        importing.wait()
    again = project.json("import", str(path))
    assert again["added"] + again["known"] == added
    assert again["refined"] == again["contradicted"] == 0
    assert project.json("views", "digest") == other.json("views", "digest")


@pytest.mark.crash
def test_an_interrupted_import_says_so_and_leaves_no_process_behind(project, tmp_path: Path) -> None:
    path = tmp_path / "genome.bp"
    write_event_file(GenomeRun(3000), path)
    importing = project.start("import", str(path), stderr=subprocess.PIPE)
    until = time.monotonic() + 20
    while not log_size(project) and time.monotonic() < until:
        time.sleep(0.05)
    importing.send_signal(signal.SIGINT)
    _, said = importing.communicate(timeout=20)
    assert (importing.returncode, said.splitlines()[-1]) == (130, "interrupted")
    assert not processes_about(path)
    assert "equal the fold of the log" in project.call("views", "verify").stdout


@pytest.mark.realdata
def test_the_black_diamond_of_2012_is_read_from_its_event_file(project, realdata: Path) -> None:
    project.call("import", str(realdata / "events" / "blackdiamond.bp"))
    runs = project.json("status")
    assert "blackdiamond" in str(runs)
    assert "succeeded" in str(runs)
    assert "no run has a file" in project.call("lineage", "f.d", expect=3).stderr


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["process_wf_success", "process_wf_failure"])
def test_event_file_directory_and_database_of_one_run_agree(project, realdata: Path, name: str) -> None:
    project.environment["TZ"] = "America/Los_Angeles"
    directory = realdata / "submit-dirs" / name
    [database] = directory.glob("*.stampede.db")
    sources = [str(realdata / "oracles" / "replay" / f"{name}.bp"), str(directory), str(database)]
    made = project.json("import", *sources)
    assert made["contradicted"] == made["unreadable"] == 0
    assert len(made["runs"]) == 1
    for source in sources:
        again = project.json("import", source)
        assert (again["added"], again["refined"], again["contradicted"]) == (0, 0, 0)


@pytest.mark.realdata
def test_a_file_is_traced_back_to_the_first_with_arguments_and_host_of_each_step(
    project, realdata: Path
) -> None:
    project.environment["TZ"] = "America/Los_Angeles"
    directory = realdata / "submit-dirs" / "hierarchical_wf_success"
    [database] = directory.glob("*.stampede.db")
    project.call("import", str(directory), str(database))
    told = project.json("lineage", "f.d", "--run", "160be601-bda4-45fb-86cd-9cf7a269bb22")
    assert {file["lfn"] for file in told["files"]} >= {"f.d", "f.c1", "f.c2", "f.b1", "f.b2", "pegasus.html"}
    assert {task["transformation"] for task in told["tasks"]} >= {"analyze", "findrange", "preprocess"}
    assert all(task["argv"] and task["hostname"] == "workflow.isi.edu" for task in told["tasks"])
