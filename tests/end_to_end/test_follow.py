"""``hoofprint follow`` beside a DAGMan that writes, killed again and again."""

import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.realdata, pytest.mark.crash]

KILLS = 20 if os.environ.get("HOOFPRINT_SOAK") else 3
PIECE = 1_500


@pytest.fixture
def submit_directory(tmp_path: Path, realdata: Path) -> Path:
    copy = tmp_path / "run"
    shutil.copytree(realdata / "submit-dirs/process_wf_success", copy, copy_function=shutil.copyfile)
    (copy / "process-0.dag.dagman.out").chmod(0o644)
    copy.chmod(0o755)
    return copy


def digests(project) -> object:
    return project.json("views", "digest")


def test_killed_while_a_log_grows_and_started_again_it_ends_where_an_import_ends(
    project, submit_directory, monkeypatch, tmp_path
) -> None:
    chance = random.Random(20261122)
    log = submit_directory / "process-0.dag.dagman.out"
    written = log.read_bytes()
    log.write_bytes(b"")
    cuts = sorted(chance.sample(range(len(written)), KILLS))
    with log.open("ab", buffering=0) as file:
        for begin, end in zip((0, *cuts), (*cuts, len(written)), strict=True):
            follower = project.start(
                "follow", str(submit_directory), "--interval", "0.05",
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            assert follower.stdout is not None
            assert "before" in follower.stdout.readline()
            for start in range(begin, end, PIECE):
                file.write(written[start : min(start + PIECE, end)])
                time.sleep(0.02)
            time.sleep(chance.uniform(0.0, 0.2))
            follower.send_signal(signal.SIGKILL)
            follower.communicate()
    project.call("follow", str(submit_directory), "--once")
    followed = digests(project)
    known = project.json("import", str(submit_directory))
    assert (known["added"], known["refined"], known["contradicted"]) == (0, 0, 0)

    monkeypatch.setitem(project.environment, "HOOFPRINT_HOME", str(tmp_path / "plain"))
    project.call("import", str(submit_directory))
    assert digests(project) == followed


@pytest.mark.parametrize(
    ("number", "code", "told"), [(signal.SIGINT, 130, "interrupted\n"), (signal.SIGTERM, 0, "")]
)
def test_told_to_stop_it_stops_with_what_it_read_in_the_log(
    project, submit_directory, number, code, told
) -> None:
    with project.start(
        "follow", str(submit_directory), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as follower:
        said = follower.stdout.readline()
        follower.send_signal(number)
        _, problems = follower.communicate(timeout=20)
    assert "events of what happened before" in said
    assert (follower.returncode, problems) == (code, told)
    assert project.json("import", str(submit_directory))["contradicted"] == 0


def test_a_folder_that_is_no_submit_directory_is_refused_in_one_line(project, tmp_path) -> None:
    done = project.call("follow", str(tmp_path), expect=2)
    assert "no submit directory of Pegasus" in done.stderr


def test_a_run_can_be_waited_for_before_there_is_a_directory(project, submit_directory, tmp_path) -> None:
    later = tmp_path / "later"
    with project.start(
        "follow", str(later), "--wait", "--until-finished", "--interval", "0.05",
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as follower:  # fmt: skip
        assert follower.stdout.readline() == "0 events of what happened before\n"
        submit_directory.rename(later)
        _, problems = follower.communicate(timeout=20)
    assert follower.returncode == 0
    assert problems.replace("\n", " ") == f"{later}: waiting: no planner has written braindump.yml there yet "
    known = project.json("import", str(later))
    assert (known["added"], known["refined"], known["contradicted"]) == (0, 0, 0)
