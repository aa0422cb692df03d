"""What ``dagman.out`` says of a submit directory's progress, held to the reference's answers."""

import os
from pathlib import Path

import pytest

from eventlog.errors import InputError, NotFoundError
from monitor.pegasus.dagman_status import DagProgress, read_dag_progress, submit_directory_progress

HEADER = "06/23/22 10:00:00 ** condor_scheduniv_exec.1.0 (CONDOR_DAGMAN) STARTING UP\n"
TABLE = """06/23/22 10:00:{second:02} DAG status: {status} (DAG_STATUS)
06/23/22 10:00:{second:02} Of {total} nodes total:
06/23/22 10:00:{second:02}  Done     Pre   Queued    Post   Ready   Un-Ready   Failed
06/23/22 10:00:{second:02}   ===     ===      ===     ===     ===        ===      ===
06/23/22 10:00:{second:02}  {counts}
"""


def _counts(each: DagProgress) -> tuple[int, ...]:
    return (each.unready, each.ready, each.pre, each.queued, each.post, each.succeeded, each.failed)


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("sample", "counts", "percent", "total", "states"),
    [
        ("sample1", (0, 0, 0, 0, 0, 17, 0), 100.0, 17, {"sample_1_success.dag": "Success"}),
        ("sample3", (9, 0, 0, 0, 0, 8, 3), 40.0, 20, {"sample_3_failure.dag": "Failure"}),
        ("sample_started", (0, 0, 0, 0, 0, 0, 0), 0.0, 0, {"sample_started.dag": "Running"}),
        (
            "sample1_hr",
            (0, 0, 0, 0, 0, 33, 0),
            100.0,
            33,
            {"sample1_hr_success.dag": "Success", "sleep-wf-0.dag": "Success", "inner.dag": "Success"},
        ),
    ],
)
def test_the_samples_get_the_references_answers(
    realdata: Path, sample: str, counts: tuple[int, ...], percent: float, total: int, states: dict[str, str]
) -> None:
    progress = submit_directory_progress(realdata / "submit-dirs" / "status_sample_files" / sample)
    assert _counts(progress.totals) == counts
    assert (progress.totals.percent_done, progress.totals.total) == (percent, total)
    assert {each.name: each.state for each in progress.dags} == states
    assert progress.dags[0].folder == "."
    assert progress.totals.state == progress.dags[0].state


@pytest.mark.realdata
def test_each_dag_of_a_tree_has_its_own_counts_and_folder(realdata: Path) -> None:
    progress = submit_directory_progress(realdata / "submit-dirs" / "status_sample_files" / "sample1_hr")
    assert [(each.name, each.folder, each.succeeded) for each in progress.dags] == [
        ("sample1_hr_success.dag", ".", 13),
        ("inner.dag", "sub_workflows/inner", 16),
        ("sleep-wf-0.dag", "sub_workflows/sleep_subworkflow", 4),
    ]


@pytest.mark.realdata
@pytest.mark.parametrize("version", ["v23.9.6", "v25.14.1"])
def test_the_column_that_htcondor_25_added_is_read_where_it_is(realdata: Path, version: str) -> None:
    progress = read_dag_progress(realdata / "condor" / version / "diamond" / "diamond.dag.dagman.out")
    assert (progress.state, progress.succeeded, progress.failed, progress.futile) == ("Success", 4, 0, 0)
    found = [
        read_dag_progress(path)
        for path in (realdata / "condor" / "v25.14.1").rglob("*.dag.dagman.out")
        if b"Futile" in path.read_bytes()
    ]
    assert max(each.futile for each in found) > 0


def _written(folder: Path, content: str, name: str = "w.dag.dagman.out") -> Path:
    path = folder / name
    path.write_text(content)
    return path


@pytest.mark.parametrize(
    ("status", "counts", "state", "percent"),
    [
        (0, "0 0 1 0 0 28 0", "Running", 0.0),
        (0, "4 0 4 0 0 21 0", "Running", 13.79),
        (2, "4 0 0 0 0 24 1", "Failure", 13.79),
        (0, "29 0 0 0 0 0 0", "Success", 100.0),
        (0, "4 0 0 0 0 20 1 4", "Running", 13.79),
    ],
)
def test_the_dag_status_and_the_last_table_say_the_state(
    tmp_path: Path, status: int, counts: str, state: str, percent: float
) -> None:
    earlier = TABLE.format(second=1, status=0, total=29, counts="1 0 0 0 0 28 0")
    last = TABLE.format(second=2, status=status, total=29, counts=counts)
    progress = read_dag_progress(_written(tmp_path, HEADER + earlier + last))
    assert (progress.state, progress.percent_done) == (state, percent)


@pytest.mark.parametrize(("code", "state"), [(0, "Success"), (1, "Failure"), (2, "Failure"), (-9, "Failure")])
def test_the_exit_status_has_the_last_word(tmp_path: Path, code: int, state: str) -> None:
    end = (
        f"06/23/22 10:09:00 **** condor_scheduniv_exec.1.0 (condor_DAGMAN) pid 9 EXITING WITH STATUS {code}\n"
    )
    table = TABLE.format(second=1, status=0, total=29, counts="4 0 4 0 0 21 0")
    progress = read_dag_progress(_written(tmp_path, HEADER + table + end))
    assert (progress.state, progress.queued) == (state, 4)
    without_table = read_dag_progress(_written(tmp_path, HEADER + end))
    assert (without_table.state, without_table.total) == (state, 0)


def test_a_dag_that_was_started_again_runs_though_its_last_table_is_of_the_run_before(tmp_path: Path) -> None:
    end = "06/23/22 10:09:00 **** condor_scheduniv_exec.1.0 (condor_DAGMAN) pid 9 EXITING WITH STATUS 1\n"
    table = TABLE.format(second=1, status=2, total=2, counts="1 0 0 0 0 0 1")
    again = "06/23/22 10:30:00 ** condor_dagman (CONDOR_DAGMAN) STARTING UP\n"
    progress = read_dag_progress(_written(tmp_path, HEADER + table + end + again))
    assert (progress.state, progress.succeeded) == ("Running", 1)


def test_junk_and_endless_lines_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "w.dag.dagman.out"
    table = TABLE.format(second=1, status=0, total=2, counts="1 0 1 0 0 0 0").encode()
    path.write_bytes(b"\xff\x00" * 200_000 + b"\n" + table + b"06/23/22 10:00:02  2 0 0")
    progress = read_dag_progress(path)
    assert (progress.succeeded, progress.total, progress.state) == (1, 2, "Running")


def test_a_folder_without_a_dagman_out_and_an_unreadable_file_get_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="not a submit directory, or nothing was submitted"):
        submit_directory_progress(tmp_path)
    (tmp_path / "w.dag.dagman.out").mkdir()
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        read_dag_progress(tmp_path / "w.dag.dagman.out")


def test_a_link_that_leads_back_up_is_not_followed(tmp_path: Path) -> None:
    _written(tmp_path, HEADER)
    os.symlink(tmp_path, tmp_path / "loop")
    assert len(submit_directory_progress(tmp_path).dags) == 1


@pytest.mark.parametrize(
    "stamp",
    [
        "6/23 10:00:07",
        "06/23/22 10:00:07.123",
        "06/23/22 10:00:07 (D_ALWAYS)",
        "06/23/22 10:00:07 (fd:5) (pid:7) (D_ALWAYS:2)",
        "2022-06-23T10:00:07",
        "2022-06-23 10:00:07.123+02:00",
        "1655978407",
        "(1655978407)",
    ],
)
def test_stamps_may_look_as_htcondor_was_told(tmp_path: Path, stamp: str) -> None:
    log = tmp_path / "w.dag.dagman.out"
    text = TABLE.format(
        second=7, status=2, total=6, counts="1       0        0       0       0          3        2"
    )
    log.write_text(text.replace("06/23/22 10:00:07", stamp))
    progress = read_dag_progress(log)
    assert _counts(progress) == (3, 0, 0, 0, 0, 1, 2)
    assert (progress.total, progress.state) == (6, "Failure")
