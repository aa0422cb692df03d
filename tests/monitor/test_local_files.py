"""Where an attempt's files lie, and who holds a plan directory."""

import os
from pathlib import Path

import pytest

from eventlog.errors import HoofprintError
from monitor.local.attempt_files import attempt_files
from monitor.local.plan_lock import PlanBusyError, plan_lock


def test_files_of_an_attempt_lie_a_hundred_jobs_a_folder(tmp_path):
    files = attempt_files(tmp_path, 12_345, "wc_ID1", 3)
    assert files.record == tmp_path / "jobs" / "01" / "23" / "wc_ID1.out.002"
    assert files.facts.name == "wc_ID1.facts.002"


def test_no_two_attempts_share_a_file(tmp_path):
    seen = {attempt_files(tmp_path, p, "job", a).order for p in range(0, 20_000, 99) for a in (1, 2, 1001)}
    assert len(seen) == 3 * len({p // 100 for p in range(0, 20_000, 99)})


def test_after_a_success_only_record_and_facts_stay(tmp_path):
    files = attempt_files(tmp_path, 0, "job", 1)
    files.record.parent.mkdir(parents=True)
    for path in (files.order, files.record, files.facts, files.err):
        path.touch()
    files.tidy()
    assert sorted(path.name for path in files.record.parent.iterdir()) == ["job.facts.000", "job.out.000"]


def test_what_the_interpreter_said_is_kept(tmp_path):
    files = attempt_files(tmp_path, 0, "job", 1)
    files.err.parent.mkdir(parents=True)
    files.err.write_text("warning")
    files.tidy()
    assert files.err.read_text() == "warning"


def test_a_plan_is_locked_by_one_and_free_again_afterwards(tmp_path):
    with plan_lock(tmp_path), pytest.raises(PlanBusyError, match=str(os.getpid())), plan_lock(tmp_path):
        pass
    with plan_lock(tmp_path):
        assert (tmp_path / "engine.lock").read_text() == f"{os.getpid()}\n"


def test_a_plan_directory_that_cannot_be_written_is_one_clear_error():
    with pytest.raises(HoofprintError, match=r"engine\.lock: cannot be opened"), plan_lock(Path("/proc")):
        pass
