"""Exports that are killed at any moment: the archive is whole, and the next one completes it."""

import random
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.event_mix import event_mix
from eventlog.archive.export import Bounds, export_log
from eventlog.archive.reading import all_records
from eventlog.archive.redacting import redact_archive
from eventlog.archive.verify import verify_archive
from eventlog.errors import NotFoundError
from eventlog.event import Event
from eventlog.log import read_all
from eventlog.memory import MemoryLog
from eventlog.redaction import Redacted, encode_tombstone
from eventlog.sqlite import SqliteLog

PROGRAM = Path(__file__).parent / "programs" / "export_archive.py"
CHECKOUT = Path(__file__).parents[2]
EVENTS = 12_000


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of several runs."""
    path = tmp_path_factory.mktemp("log") / "log.db"
    with closing(SqliteLog.open(path)) as log:
        log.append(list(event_mix(EVENTS, jobs_per_run=300)))
    return path


def _kill_an_export(path: Path, folder: Path, chance: random.Random) -> None:
    segment = str(chance.choice([150, 700, 5000]))
    export = subprocess.Popen(
        [sys.executable, str(PROGRAM), f"sqlite:{path}", str(folder), segment],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(CHECKOUT)},
    )
    assert export.stdout is not None
    for _ in range(chance.randrange(0, 4)):
        export.stdout.readline()
    time.sleep(chance.random() / 20)
    export.kill()
    export.communicate()


def _holds(folder: Path, log: SqliteLog) -> bool:
    try:
        return verify_archive(folder, log).holds
    except NotFoundError:
        return True  # killed before there was anything


@pytest.mark.crash
@pytest.mark.parametrize("seed", range(5))
def test_a_killed_export_leaves_a_whole_archive_that_the_next_completes(
    path: Path, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    folder = tmp_path / "archive"
    with closing(SqliteLog.open(path, read_only=True)) as log:
        for _ in range(3):
            _kill_an_export(path, folder, chance)
            assert _holds(folder, log)
        manifest = export_log(log, folder, bounds=Bounds(events=4000))
        verified = verify_archive(folder, log)
        assert verified.holds
        assert verified.events == verified.compared == EVENTS
        assert list(all_records(folder, manifest)) == list(read_all(log))
    named = {"lock", "manifest.json", *(segment.file for segment in manifest.segments)}
    assert {file.name for file in folder.iterdir()} == named


class _PowerCutError(Exception):
    """The process ends here."""


@pytest.mark.parametrize("renames", range(4))
def test_a_redaction_that_ends_at_any_rename_is_completed_by_the_next(
    tmp_path: Path,
    submitted: Callable[..., list[Event]],
    monkeypatch: pytest.MonkeyPatch,
    renames: int,
) -> None:
    log, folder = MemoryLog(), tmp_path / "archive"
    log.append(submitted(range(300)))
    export_log(log, folder, bounds=Bounds(events=100))
    secrets = {(record.key, record.id) for record in list(read_all(log))[::50]}
    tombstone, left = encode_tombstone(Redacted(reason="test")), renames
    rename = Path.replace

    def failing(self: Path, target: Path) -> Path:
        nonlocal left
        left -= 1
        if left < 0:
            raise _PowerCutError
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(_PowerCutError):
        redact_archive(folder, secrets, tombstone)
    left = 1000
    redact_archive(folder, secrets, tombstone)
    log.redact([record for record in read_all(log) if (record.key, record.id) in secrets], tombstone)
    assert verify_archive(folder, log).problems == ()
    assert len(list(folder.glob("*.avro"))) == 3
    assert not list(folder.glob("*.tmp"))
