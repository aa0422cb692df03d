"""Running the tasks of a job."""

import json
import os
import signal
import subprocess
import time

import pytest


def test_arguments_reach_the_program_as_they_are_and_no_shell_sees_them(site) -> None:
    hostile = ["; rm -rf ~", "$HOME", "*", "a b", "", "'\"", "line\nbreak", "-n"]
    program = "import json,sys; json.dump(sys.argv[1:], open('seen', 'w'))"
    ended = site.run(tasks=[site.task(site.python, "-c", program, *hostile)])
    assert ended.code == 0
    assert json.loads((site.scratch / "seen").read_text()) == hostile
    assert ended.one("invocation")["argv"] == ["-c", program, *hostile]


def test_streams_are_the_files_the_order_names(site) -> None:
    site.file("scratch/in", "hello\n")
    ended = site.run(
        tasks=[site.shell("cat; echo oops >&2", stdin="in", stdout="deep/out", stderr=str(site.root / "err"))]
    )
    assert ended.code == 0
    assert (site.scratch / "deep/out").read_text() == "hello\n"
    assert (site.root / "err").read_text() == "oops\n"


def test_stdout_and_stderr_can_be_one_file(site) -> None:
    site.run(tasks=[site.shell("echo 1; echo 2 >&2; echo 3", stdout="both", stderr="both")])
    assert (site.scratch / "both").read_text() == "1\n2\n3\n"


def test_a_stream_nobody_named_is_captured_in_the_record_and_leaves_no_file(site) -> None:
    ended = site.run(tasks=[site.shell("echo seen; cat")])
    assert "      data: |\n        seen\n" in ended.record
    assert os.listdir(site.scratch) == []


def test_a_task_gets_its_environment_over_that_of_the_worker(site) -> None:
    site.environment.update(KEPT="worker", CHANGED="worker")
    site.run(tasks=[site.shell('echo "$KEPT $CHANGED" > out', environment={"CHANGED": "task"})])
    assert (site.scratch / "out").read_text() == "worker task\n"


def test_the_environment_is_in_no_fact_and_in_no_record(site) -> None:
    site.environment["PASSWORD"] = "s3cret-of-the-worker"
    ended = site.run(tasks=[site.shell("exit 1", environment={"TOKEN": "s3cret-of-the-task"})])
    assert "s3cret" not in json.dumps(ended.facts) + ended.record + ended.stderr


def test_the_first_task_that_fails_is_the_last_that_runs(site) -> None:
    tasks = [site.shell("echo 1 >> ran"), site.shell("echo 2 >> ran; exit 7"), site.shell("echo 3 >> ran")]
    ended = site.run(tasks=tasks)
    assert (site.scratch / "ran").read_text() == "1\n2\n"
    assert [(fact["sequence"], fact["exit_raw"]) for fact in ended.of("invocation")] == [(1, 0), (2, 7 << 8)]
    assert ended.one("finished")["exit_raw"] == 7 << 8


def test_resources_of_a_task_and_its_children_are_those_of_the_kernel(site) -> None:
    burn = "import time\nwhile time.process_time() < 0.25: pass\nx = bytearray(60 << 20)"
    ended = site.run(tasks=[site.task("/bin/sh", "-c", '"$0" -I -c "$1"; exit 0', site.python, burn)])
    used = ended.one("invocation")
    assert 200_000 < used["utime"] + used["stime"] < 5_000_000
    assert used["maxrss"] > 60 << 10
    assert used["duration"] >= 250_000
    assert used["time"] == used["start"] + used["duration"]
    assert abs(used["start"] / 1e6 - time.time()) < 60


@pytest.mark.parametrize(
    ("executable", "raw", "says"),
    [
        ("/nowhere/tool", 127 << 8, "no executable at /nowhere/tool; correct its path"),
        ("staged-tool", 127 << 8, "no executable at "),
        ("plain", 126 << 8, "plain may not be executed; make it executable (chmod +x)"),
        ("folder", 126 << 8, "folder may not be executed"),
        ("dangling", 127 << 8, "the interpreter that "),
        ("noformat", 126 << 8, "is no program of this machine; a script needs a first line (#!)"),
    ],
)
def test_a_program_that_cannot_start_fails_with_the_status_a_shell_gives(site, executable, raw, says) -> None:
    site.file("scratch/plain", "#!/bin/sh\n").chmod(0o644)
    (site.scratch / "folder").mkdir()
    site.file("scratch/dangling", "#!/no/such/interpreter\n").chmod(0o755)
    site.file("scratch/noformat", "echo hello\n").chmod(0o755)
    ended = site.run(tasks=[site.task(executable)])
    assert ended.code == 1
    assert ended.one("invocation")["exit_raw"] == ended.one("finished")["exit_raw"] == raw
    assert says in ended.problems
    assert executable in ended.problems


def test_a_missing_stdin_fails_the_task_before_it_starts(site) -> None:
    ended = site.run(tasks=[site.shell("touch ran", stdin="f.a")])
    assert ended.code == 1
    assert ended.problems.startswith(
        f"task ID1 (demo): stdin {site.scratch}/f.a cannot be read: No such file"
    )
    assert not (site.scratch / "ran").exists()


def test_a_task_killed_by_a_signal_has_that_signal_in_its_status(site) -> None:
    ended = site.run(tasks=[site.shell("kill -SEGV $$")])
    assert ended.one("finished")["exit_raw"] & 127 == signal.SIGSEGV
    assert ended.problems == "task ID1 (demo): was killed by signal 11 (SIGSEGV)"


def test_a_task_that_ignores_sigpipe_nowhere_has_it_by_default(site) -> None:
    ended = site.run(tasks=[site.shell("yes | head -1 > /dev/null; kill -PIPE $$")])
    assert ended.one("finished")["exit_raw"] == signal.SIGPIPE


def test_a_task_that_outlives_its_timeout_gets_sigterm(site) -> None:
    ended = site.run(tasks=[site.task("/bin/sleep", "30", timeout=0.2)])
    assert ended.one("invocation")["exit_raw"] == signal.SIGTERM
    assert ended.problems == "task ID1 (demo): ran longer than its timeout of 0.2 s and was stopped"
    assert ended.one("invocation")["duration"] < 5_000_000


def test_a_task_that_ignores_sigterm_is_killed_after_the_grace_period_with_its_children(site) -> None:
    body = "trap '' TERM; sleep 30 & echo $! > child; wait; sleep 30"
    ended = site.finish(site.start(site.order(tasks=[site.shell(body, timeout=0.3)], grace=0.3)))
    assert ended.one("invocation")["exit_raw"] == signal.SIGKILL
    assert not _lives(int((site.scratch / "child").read_text()))


def test_a_task_that_ends_well_after_its_timeout_still_fails_the_job(site) -> None:
    ended = site.run(tasks=[site.shell("trap 'exit 0' TERM; sleep 30 & wait", timeout=0.2)])
    assert ended.one("invocation")["exit_raw"] == 0
    assert ended.one("finished")["exit_raw"] == 124 << 8
    assert "raw: 31744" in ended.record


def test_the_last_words_are_the_last_lines_of_stderr_and_at_most_8_kib(site) -> None:
    ended = site.run(tasks=[site.shell("seq 1 5000 >&2; exit 1", stderr="err")])
    last = ended.one("finished")["stderr_tail"]
    assert last.endswith("4999\n5000\n")
    assert len(last) <= 8 * 1024
    assert last.splitlines()[0].isdigit()


@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"])
def test_a_worker_whose_parent_closed_its_streams_gives_its_task_the_right_ones(site, closed) -> None:
    task = site.shell("cat; echo wrong >&2; exit 1", stdin="in", stdout="out")
    site.file("scratch/in", "hello")
    order = site.file("order.json", json.dumps(site.order(tasks=[task])))
    command = f'exec "$0" -I "$1" run "$2" {closed}'
    ended = subprocess.run(
        ["/bin/sh", "-c", command, site.python, site.worker, order], capture_output=True, text=True
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert (site.scratch / "out").read_text() == "hello"
    assert '"stderr_tail": "wrong\\n"' in (site.root / "demo.facts.000").read_text()


def _lives(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
