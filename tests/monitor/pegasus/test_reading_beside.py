"""Reading a large submit directory in a process of its own."""

import multiprocessing
from pathlib import Path

import pytest

from eventlog.errors import InputError
from monitor.pegasus.reports import Reports
from monitor.pegasus.submit_directory import SubmitDirectory, reading_beside, submit_directory
from monitor.pegasus.submit_directory.reading_beside import SubmitDirectoryBeside

ZONE = "UTC"
JOBS = 2_000


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def reports(told: list[str]) -> Reports:
    return Reports(told.append)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A run of many jobs, whose submit files are all gone."""
    (tmp_path / "braindump.yml").write_text(
        'wf_uuid: "5e6cb5b8-4d7e-4d1a-9b57-0f1f3a2f0d11"\ndag: "w-0.dag"\ntimestamp: "20230303T220000+0000"\n'
    )
    (tmp_path / "w-0.static.bp").write_text("")
    (tmp_path / "w-0.dag").write_text("".join(f"JOB job{n} job{n}.sub\n" for n in range(JOBS)))
    (tmp_path / "w-0.dag.dagman.out").write_text("".join(_submission(n) for n in range(JOBS)))
    return tmp_path


def _submission(number: int) -> str:
    node = f"HTCondor Node job{number} ({number}.0.0)"
    return "".join(
        f"03/03/23 22:00:0{second} {line}\n"
        for second, line in (
            (1, f"Submitting HTCondor Node job{number} job(s)..."),
            (2, f"Event: ULOG_SUBMIT for {node} {{03/03/23 22:00:02}}"),
            (3, f"Event: ULOG_EXECUTE for {node} {{03/03/23 22:00:03}}"),
        )
    )


def test_a_directory_that_is_read_beside_tells_what_it_tells_otherwise(
    directory: Path, reports: Reports, told: list[str]
) -> None:
    told_here: list[str] = []
    reports_here = Reports(told_here.append)

    beside = list(SubmitDirectoryBeside(directory, reports, ZONE).records())

    assert beside == list(SubmitDirectory(directory, reports_here, ZONE).records())
    assert len(beside) > JOBS
    assert told == told_here
    assert reports.unreadable_lines == reports_here.unreadable_lines == JOBS


def test_why_a_directory_cannot_be_read_is_said_as_otherwise(tmp_path: Path, reports: Reports) -> None:
    (tmp_path / "braindump.yml").write_text('user: "u"\n')

    with pytest.raises(InputError, match="wf_uuid and dag missing"):
        list(SubmitDirectoryBeside(tmp_path, reports).records())


def test_a_killed_reader_is_an_error_and_not_the_end_of_the_records(
    directory: Path, reports: Reports
) -> None:
    records = SubmitDirectoryBeside(directory, reports, ZONE).records()
    next(records)
    [reader] = multiprocessing.active_children()
    reader.kill()

    with pytest.raises(InputError, match="was ended in the midst"):
        list(records)


def test_the_reader_ends_with_whoever_stops_asking(directory: Path, reports: Reports) -> None:
    records = iter(SubmitDirectoryBeside(directory, reports, ZONE).records())
    next(records)
    assert multiprocessing.active_children()

    records.close()  # type: ignore[attr-defined]

    assert not multiprocessing.active_children()


@pytest.mark.parametrize(("worth", "kind"), [(4, SubmitDirectory), (3, SubmitDirectoryBeside)])
def test_only_a_large_directory_is_worth_a_process(
    directory: Path, reports: Reports, monkeypatch: pytest.MonkeyPatch, worth: int, kind: type
) -> None:
    monkeypatch.setattr(reading_beside, "WORTH_A_PROCESS", worth)

    assert type(submit_directory(directory, reports)) is kind
