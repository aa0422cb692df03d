"""What imported runs tell: files found by what was recorded of them and traced, failures analysed."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.realdata

LISTING = "891b2d4096cb77b3f99d029183053cacd5121c8c0a4902a5d06105b42d59236b"
FAILURE = "f84f05fc-a8d0-42b5-bac5-52d6f41a77e3"
OUTER = "48f759a4-165f-47d6-8c32-571649ce311b"


def test_files_are_found_by_the_checksum_size_and_user_that_kickstart_recorded(
    project, realdata: Path
) -> None:
    runs = realdata / "submit-dirs"
    project.call("import", str(runs / "process_wf_success"), str(runs / "hierarchical_wf_success"))

    def names(question: str) -> list[str]:
        return sorted(file["lfn"] for file in project.json("find", question)["files"])

    assert names(f'checksum.value = "{LISTING}"') == ["listing.txt"]
    assert names(f'sha256 = "{LISTING}"') == ["listing.txt"]
    assert names('checksum.type = "sha256" and user = "mzalam" and workflow = "process"') == ["listing.txt"]
    assert names('tag.user = "mzalam" and tag.size < 10') == ["count.txt"]
    assert names('tag.user = "mzalam" and size >= 400 and size < 800') == ["inner_diamond_workflow_tc.yml"]
    assert names('lfn = "listing.txt" and ctime >= 2023-03-03T22:24:00-08:00') == ["listing.txt"]
    assert names('lfn = "listing.txt" and ctime >= 2023-03-03T22:25:00-08:00') == []


def test_the_black_diamonds_last_file_is_traced_to_its_first_with_argv_and_host_of_each_step(
    project, realdata: Path
) -> None:
    run = realdata / "submit-dirs/hierarchical_wf_success"
    # the folder has the files' roles, and the database the inner workflow's processes
    project.call("import", str(run), str(run / "hierarchical-workflow-0.stampede.db"))
    told = project.json("lineage", "f.d")
    steps = {task["task"]: task for task in told["tasks"]}
    assert {name: " ".join(step["argv"]) for name, step in steps.items()} == {
        "ID0000001": "-a preprocess -T 20 -i pegasus.html -o f.b1 f.b2",
        "ID0000002": "-a findrange -T 20 -i f.b1 -o f.c1",
        "ID0000003": "-a findrange -T 20 -i f.b2 -o f.c2",
        "ID0000004": "-a analyze -T 20 -i f.c1 f.c2 -o f.d",
    }
    assert {(step["hostname"], step["exit_raw"]) for step in steps.values()} == {("workflow.isi.edu", 0)}
    assert all(Path(step["executable"]).name == step["transformation"] for step in steps.values())
    data = {node["lfn"]: node for node in told["files"]}
    assert {"f.d", "f.c1", "f.c2", "f.b1", "f.b2", "pegasus.html"} <= data.keys()
    assert all(len(data[lfn]["sha256"]) == 64 for lfn in ("f.d", "f.c1", "f.c2", "f.b1", "f.b2"))
    assert not told["is_partial"]


def test_a_failed_run_is_analysed_as_pegasus_would_root_cause_first(project, realdata: Path) -> None:
    project.call("import", str(realdata / "submit-dirs/process_wf_failure"))
    answer = project.json("analyze", FAILURE, expect=1)
    assert answer["jobs"] == {
        "total": 5, "succeeded": 1, "failed": 1, "held": 0, "unsubmitted": 3, "failing": 0, "unknown": 0
    }  # fmt: skip
    (failure,) = answer["failures"]
    assert (failure["job"], failure["attempt"], failure["last_state"]) == (
        *("ls_ID0000001", 2, "post script failed"),
    )
    assert (failure["site"], failure["hostname"], failure["blocked"]) == ("condorpool", "workflow.isi.edu", 3)
    assert failure["submit_file"] == "00/00/ls_ID0000001.sub"
    assert failure["stdout_file"] == "00/00/ls_ID0000001.out.001"
    told = project.call("analyze", FAILURE, expect=1).stdout
    for words in ("unsubmitted jobs  3 (60.00%)", "exited with 2", "-z /", "invalid option", "POST exited"):
        assert words in told, told


def test_the_status_of_a_running_tree_has_a_row_for_each_workflow_and_says_what_is_unknown(
    project, realdata: Path
) -> None:
    database = realdata / "submit-dirs/hierarchical_wf_success/hierarchical-workflow-0.stampede.db"
    project.call("import", str(database))
    outer, inner = project.json("status", OUTER)["queues"]
    counted = ("unready", "ready", "pre", "queued", "post", "done", "failed", "state")
    assert [outer[name] for name in counted] == [2, 0, None, 0, 1, 10, 0, "running"]
    assert [inner[name] for name in counted] == [0, 0, 0, 0, 0, 15, 0, "succeeded"]
    told = " ".join(project.call("status", OUTER).stdout.split())
    assert "UNREADY READY PRE IN_Q POST DONE FAIL %DONE STATE DAGNAME" in told
    assert "2 0 - 0 1 25 0 89.29 2 workflows: 1 running, 1 succeeded" in told
