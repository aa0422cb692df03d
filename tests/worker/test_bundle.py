"""The worker as one file."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from worker import VERSION
from worker.bundle import build_worker

BUILD = "import sys; from worker.bundle import build_worker; build_worker(sys.argv[1])"


def test_two_builds_in_different_processes_are_the_same_bytes(tmp_path: Path) -> None:
    built = []
    for seed, extra in (("1", ""), ("2", "import asyncio, sqlite3; ")):
        target = tmp_path / f"worker{seed}.pyz"
        subprocess.run(
            [sys.executable, "-c", extra + BUILD, str(target)],
            check=True,
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": f"UTC+{seed}"},
        )
        built.append(target.read_bytes())
    assert built[0] == built[1]


def test_the_file_holds_what_a_compute_node_needs_and_nothing_else(worker_pyz: Path) -> None:
    with zipfile.ZipFile(worker_pyz) as archive:
        names = archive.namelist()
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
    sources = {name for name in names if name.endswith(".py")}
    assert {"__main__.py", "worker/__main__.py", "worker/protocols/http.py"} <= sources
    assert {name + "c" for name in sources} == set(names) - sources
    assert "worker/bundle.py" not in names


def test_a_build_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    target = tmp_path / "there"
    target.mkdir()
    with pytest.raises(OSError, match="directory"):
        build_worker(str(target))
    assert list(tmp_path.iterdir()) == [target]


def test_every_python_says_version_and_help_on_stdout(python: str, worker_pyz: Path) -> None:
    def say(option: str) -> str:
        command = [python, "-I", "-W", "error", str(worker_pyz), option]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    assert say("--version") == f"hoofprint-worker {VERSION}\n"
    assert say("--help").startswith("usage: worker.pyz run")


@pytest.mark.parametrize("arguments", [[], ["walk"], ["run", "a", "b"]])
def test_an_unknown_command_gets_the_usage_on_stderr(worker_pyz: Path, arguments: list[str]) -> None:
    ended = subprocess.run(
        [sys.executable, "-I", str(worker_pyz), *arguments], capture_output=True, text=True
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("usage: worker.pyz run")
