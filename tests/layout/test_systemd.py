"""The units for systemd: it takes them, and they call commands that there are."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
UNITS = sorted((CHECKOUT / "deploy" / "systemd").glob("*.service"))
PROGRAM = "/usr/local/bin/hoofprint"


def test_there_are_units_for_the_server_and_for_followers() -> None:
    assert [unit.name for unit in UNITS] == ["hoofprint-follow@.service", "hoofprint-serve.service"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_takes_the_unit(unit: Path, tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze")
    # it looks for the program, which is not installed here
    there = tmp_path / unit.name.replace("@", "@1")
    there.write_text(unit.read_text().replace(PROGRAM, sys.executable))
    done = subprocess.run(["systemd-analyze", "verify", str(there)], capture_output=True, text=True)
    assert (done.returncode, [line for line in done.stderr.splitlines() if there.name in line]) == (0, [])


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_the_unit_calls_a_command_that_there_is(unit: Path) -> None:
    (start,) = (line for line in unit.read_text().splitlines() if line.startswith("ExecStart="))
    program, *arguments = start.removeprefix("ExecStart=").split()
    assert program == PROGRAM
    done = subprocess.run(
        [sys.executable, "-m", "hoofprint", *arguments, "--help"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
