"""Projectors that are killed at random moments, alone and two at once, leave what a clean fold leaves."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from eventlog.sqlite import SqliteLog
from projections.groups import GROUPS
from projections.store import ViewStore
from projections.verify import verify_views

pytestmark = pytest.mark.crash

_PROJECTOR = """
import sys
from pathlib import Path
from eventlog.sqlite import SqliteLog
from projections.projector import Projector
from projections.store import ViewStore

log, store = SqliteLog.open(Path(sys.argv[1]), read_only=True), ViewStore.open(sys.argv[2])
print("ready", flush=True)
Projector(log, store, batch_size=4).catch_up()
"""


@pytest.fixture
def log(story: Callable[..., object], tmp_path: Path) -> Iterator[SqliteLog]:
    """A log with six finished runs."""
    log = SqliteLog.open(tmp_path / "log.db")
    for number in range(6):
        log.append(story(f"run-{number}", start=number * 1000).planned().ran().events)  # type: ignore[attr-defined]
    yield log
    log.close()


def _start(tmp_path: Path, location: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _PROJECTOR, str(tmp_path / "log.db"), location]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def _end(process: subprocess.Popen[str]) -> int:
    code = process.wait(timeout=60)
    assert process.stdout is not None
    process.stdout.close()
    return code


@pytest.mark.parametrize("projectors", [1, 2])
@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_killed_projectors_that_start_again_leave_the_tables_of_a_clean_fold(
    request: pytest.FixtureRequest, tmp_path: Path, log: SqliteLog, database: str, projectors: int
) -> None:
    location = str(tmp_path / "views") if database == "sqlite" else request.getfixturevalue("postgres_url")
    chance, kills = random.Random(f"{database}/{projectors}"), 0
    for _ in range(4):
        processes = [_start(tmp_path, location) for _ in range(projectors)]
        time.sleep(chance.uniform(0.0, 0.25))
        for process in processes:
            process.send_signal(signal.SIGKILL)
        kills += sum(_end(process) == -signal.SIGKILL for process in processes)
    assert [_end(_start(tmp_path, location))] == [0]
    assert kills > 0
    store = ViewStore.open(location)
    try:
        assert all(store.checkpoint(group.name).position == log.head() for group in GROUPS)
        assert [(verdict.group, verdict.different) for verdict in verify_views(log, store)] == [
            (group.name, ()) for group in GROUPS
        ]
    finally:
        store.close()
