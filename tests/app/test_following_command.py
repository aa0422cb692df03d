"""``hoofprint views follow`` as an operator meets it: how it ends, and what it says."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
Following = Callable[[], subprocess.Popen[str]]


@pytest.fixture
def following(tmp_path: Path) -> Iterator[Following]:
    """Starts the command in a home of its own, up to its first line."""
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "hoofprint", "views", "follow"],
            cwd=CHECKOUT,
            env={**os.environ, "HOOFPRINT_HOME": str(tmp_path), "HOOFPRINT_LOG": "", "HOOFPRINT_VIEWS": ""},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert re.match("following partitions .*: 0 events folded, 0 to go", process.stdout.readline())
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("number", "code", "told"), [(signal.SIGTERM, 0, ""), (signal.SIGINT, 130, "interrupted\n")]
)
def test_it_ends_in_order_and_with_the_exit_code_of_the_signal(
    following: Following, tmp_path: Path, number: signal.Signals, code: int, told: str
) -> None:
    process = following()
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (code, told)
    assert list((tmp_path / "views" / "followers").glob("member-*")) == []
