"""hoofprint jobstate: a run's states as the lines of Pegasus' jobstate.log, whoever ran it."""

import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

from benchmarks.genome_event_file import write_event_file
from benchmarks.genome_run import GenomeRun
from monitor.pegasus.event_file import EventFile
from monitor.pegasus.reports import Reports

OUTER = "48f759a4-165f-47d6-8c32-571649ce311b"
INNER = "160be601-bda4-45fb-86cd-9cf7a269bb22"


def by_subject(lines: Iterable[str]) -> dict[str, list[str]]:
    """The lines of each job, and of the run itself, in their order; none of who monitored it."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        if "*** MONITORD_" not in line:
            found[line.split()[1]].append(line)
    return found


@pytest.mark.realdata
def test_an_imported_run_has_the_lines_that_pegasus_wrote(project, realdata: Path) -> None:
    directory = realdata / "submit-dirs" / "process_wf_success"
    project.call("import", str(directory))
    lines = project.call("jobstate", str(directory)).stdout.splitlines()
    oracle = (realdata / "oracles" / "replay" / "process_wf_success.jobstate.log").read_text().splitlines()
    assert by_subject(lines) == by_subject(oracle)
    times = [int(line.split()[0]) for line in lines]
    assert times == sorted(times)
    assert "DAGMAN_STARTED" in lines[0]
    assert "DAGMAN_FINISHED" in lines[-1]


@pytest.mark.realdata
def test_runs_of_sub_workflows_are_told_after_their_parents_where_they_are_asked_for(
    project, realdata: Path
) -> None:
    directory = realdata / "submit-dirs" / "hierarchical_wf_success"
    database = directory / "hierarchical-workflow-0.stampede.db"
    project.call("import", str(directory), str(database), str(realdata / "submit-dirs/process_wf_success"))
    alone = project.call("jobstate", OUTER).stdout
    assert "==>" not in alone
    [outer, inner] = project.json("jobstate", OUTER, "--tree")["runs"]
    assert (outer["run"], inner["run"], inner["workflow"]) == (OUTER, INNER, "blackdiamond")
    assert outer["lines"] == alone.splitlines()
    assert [run["run"] for run in project.json("jobstate", INNER, OUTER, INNER)["runs"]] == [INNER, OUTER]
    told = project.call("jobstate", OUTER, "--tree").stdout.splitlines()
    assert told[0] == f"==> hierarchical-workflow {OUTER} <=="
    assert told[1 : told.index(f"==> blackdiamond {INNER} <==")] == outer["lines"]
    assert project.json("jobstate")["runs"][0]["run"] == OUTER


def test_a_run_of_ours_has_its_lines_too_and_none_before_it_starts(project, write_workflow) -> None:
    write_workflow("w", ("ID1", "echo a > a", (), ("a",)))
    project.call("plan", "workflow.yml")
    planned = project.call("jobstate")
    assert planned.stdout == ""
    assert "no state of it is known yet" in planned.stderr
    before = project.json("log", "info")["head"]
    project.call("run", "latest", "--quiet")
    jobs = by_subject(project.call("jobstate").stdout.splitlines())
    first, last = jobs.pop("INTERNAL")
    assert "DAGMAN_STARTED" in first
    assert last.endswith("DAGMAN_FINISHED 0 ***")
    assert "sh_ID1" in jobs
    for lines in jobs.values():
        assert [line.split()[2] for line in lines] == ["SUBMIT", "EXECUTE", "JOB_SUCCESS"]
        assert lines[-1].split()[3:6] == ["0", "local", "-"]
    assert project.json("jobstate", "--as-of", before)["runs"][0]["lines"] == []


def test_states_that_were_redacted_are_missed_aloud(project, write_workflow) -> None:
    write_workflow("w", ("ID1", "echo a > a", (), ("a",)))
    project.call("plan", "workflow.yml")
    project.call("run", "latest", "--quiet")
    project.call(
        "log", "redact", "--run", "latest", "--type", "JobStarted", "--matching", "ID1", "--reason", "-"
    )
    told = project.call("jobstate")
    assert "sh_ID1 EXECUTE" not in told.stdout
    assert "sh_ID1 JOB_SUCCESS" in told.stdout
    assert "told of states were redacted" in told.stderr


def test_a_run_that_nobody_knows_has_an_exit_code_of_its_own(project) -> None:
    assert "there is no run yet" in project.call("jobstate", expect=3).stderr
    assert "no run '3f2a9c41'" in project.call("jobstate", "3f2a9c41", expect=3).stderr


def test_a_jobs_name_gives_no_orders_to_the_terminal_and_makes_no_line(project, tmp_path: Path) -> None:
    written, hostile = tmp_path / "genome.bp", tmp_path / "genome.jsonl"
    write_event_file(GenomeRun(20), written)
    records = list(EventFile(written, Reports(pytest.fail)).records())
    name = next(record.fields["job.id"] for record in records if "job.id" in record.fields)
    with hostile.open("w") as file:
        for record in records:
            said = {**record.fields, "xwf.id": record.run, "ts": record.time / 1e6}
            if said.get("job.id") == name:
                said["job.id"] = f"{name}\x1b[2J\n0 forged EXECUTE"
            file.write(json.dumps({"event": f"stampede.{record.event}", **said}) + "\n")
    project.call("import", str(hostile))
    lines = project.call("jobstate").stdout.splitlines()
    shown = [line for line in lines if "forged" in line]
    assert "\x1b" not in "".join(lines)
    assert shown
    assert all(f" {name}\\x1b[2J\\n0 forged EXECUTE " in line for line in shown)
