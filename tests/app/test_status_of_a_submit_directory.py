"""``hoofprint status`` of a Pegasus submit directory: from its DAGMan logs until it is imported."""

import json
from pathlib import Path

import pytest

from hoofprint.app.main import main

RUN = "5d1a8f2e-0001"
LOG = """06/23/22 10:00:00 ** condor_scheduniv_exec.1.0 (CONDOR_DAGMAN) STARTING UP
06/23/22 10:00:01 DAG status: 0 (DAG_STATUS_OK)
06/23/22 10:00:01 Of 8 nodes total:
06/23/22 10:00:01  Done     Pre   Queued    Post   Ready   Un-Ready   Failed
06/23/22 10:00:01   ===     ===      ===     ===     ===        ===      ===
06/23/22 10:00:01     2       0        1       0       0          5        0
"""


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A submit directory with one sub-workflow; nothing was imported."""
    monkeypatch.setenv("HOOFPRINT_HOME", str(tmp_path / "home"))
    inner = tmp_path / "run0001" / "00" / "inner"
    inner.mkdir(parents=True)
    (tmp_path / "run0001" / "outer-0.dag.dagman.out").write_text(LOG)
    (inner / "inner.dag.dagman.out").write_text(LOG)
    return tmp_path / "run0001"


def test_a_folder_that_was_not_imported_is_answered_from_its_dagman_logs(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", str(directory)]) == 0
    shown, said = capsys.readouterr()
    lines = [line.split() for line in shown.splitlines() if "%" not in line and line.split()]
    assert lines[-3] == ["5", "0", "0", "1", "0", "2", "0", "0", "25.00", "Running", "outer-0.dag"]
    assert lines[-2][-1] == "00/inner/inner.dag"
    assert lines[-1] == ["10", "0", "0", "2", "0", "4", "0", "0", "25.00", "Running", "TOTALS"]
    assert f"hoofprint import {directory}" in " ".join(said.split())


def test_the_same_is_told_in_json(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", str(directory), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["totals"]["total"], told["totals"]["percent_done"]) == (16, 25.0)
    assert [each["name"] for each in told["dags"]] == ["outer-0.dag", "inner.dag"]


def test_a_folder_without_a_dagman_log_is_no_run(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", str(directory / "00")]) == 3
    assert "no run" in capsys.readouterr().err


def test_a_submit_directory_names_its_run_wherever_it_lies(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (directory / "braindump.yml").write_text(f'wf_uuid: "{RUN}"\ndag: "outer-0.dag"\nuser: "somebody"\n')
    (directory / "outer-0.static.bp").write_text(
        f"ts=1 event=stampede.job.info xwf.id={RUN} job.id=A type_desc=compute task_count=0\n"
    )
    assert main(["import", str(directory)]) == 0
    moved = directory.rename(directory.with_name("moved"))
    capsys.readouterr()
    assert main(["status", str(moved), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["run"]["summary"]["ref"]["run"] == RUN
    assert main(["analyze", str(moved)]) == 0
