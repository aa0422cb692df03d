"""``hoofprint exitcode`` with the flags that a site's DAG passes to its post script."""

from pathlib import Path

import pytest

from hoofprint.app.main import main

RECORD = "- invocation: True\n  mainjob:\n    status:\n      raw: {raw}\n"
FLAGS = ("-r", "0", "-s", "PegasusLite:+exitcode+0", "-f", "Segmentation", "-n", "-N")


@pytest.fixture
def output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A job's standard output with a good record, its error output beside it."""
    monkeypatch.setenv("HOOFPRINT_HOME", str(tmp_path / "home"))
    (tmp_path / "job.err").write_text("PegasusLite: exitcode 0\n")
    (tmp_path / "job.out").write_text(RECORD.format(raw=0))
    return tmp_path / "job.out"


def test_the_verdict_is_the_exit_code_and_nothing_is_renamed_or_written(
    output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in output.parent.glob("job*")}
    assert main(["exitcode", *FLAGS, str(output)]) == 0
    assert capsys.readouterr().out == "succeeded: 1 invocation record with status 0\n"
    assert {path: path.read_bytes() for path in output.parent.glob("job*")} == before
    assert not (output.parent / "home").exists()


def test_a_failure_ends_with_one_and_says_why(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output.write_text(RECORD.format(raw=-1))
    assert main(["exitcode", *FLAGS, "--json", str(output)]) == 1
    assert '"reason": "a task ended with raw status -1"' in capsys.readouterr().out
    assert main(["exitcode", *FLAGS, "-I", str(output)]) == 0
    assert main(["exitcode", "-r", "9", "-I", str(output)]) == 1


def test_a_missing_output_is_bad_input_and_no_verdict(
    output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["exitcode", str(output.with_name("none.out"))]) == 2
    assert "none.out: cannot be read" in capsys.readouterr().err
