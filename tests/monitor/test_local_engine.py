"""The local engine, end to end: small plans, real worker, real processes."""

import hashlib
import os
import stat
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from eventlog.errors import InputError, NotFoundError, UnavailableError
from eventlog.event import Event
from eventlog.facts import (
    ChecksumComputed,
    ChecksumVerified,
    FileRegistered,
    FileRemoved,
    InvocationRecorded,
    JobFinished,
    JobStarted,
    JobSubmitted,
    MetadataRegistered,
    RunFinished,
    RunStarted,
    TransferFinished,
)
from eventlog.log import Appended
from eventlog.memory import MemoryLog
from monitor.local import Stop
from monitor.local.plan_lock import PlanBusyError, plan_lock
from monitor.local.workers import LaunchError
from monitor.progress import JobFailure, Progress
from planner.executable import JobKind, PlannedJob, Registration, Removal


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class Listener:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.progress: list[Progress] = []
        self.failures: list[JobFailure] = []

    def progressed(self, progress: Progress) -> None:
        self.progress.append(progress)

    def failed(self, failure: JobFailure) -> None:
        self.failures.append(failure)


def whole_workflow(bench) -> list[PlannedJob]:
    """Directory, stage-in, two computes, stage-out, registration, clean-up."""
    (bench.folder / "in.txt").write_text("hello\nworld\n")
    out = bench.folder / "out" / "f.c"
    create = PlannedJob(
        "create_dir", JobKind.CREATE_DIRECTORY, "local", make_directories=(bench.at(bench.scratch),)
    )
    stage_in = bench.stage("stage_in", "f.a", bench.folder / "in.txt", bench.scratch / "f.a")
    stage_out = bench.stage("stage_out", "f.c", bench.scratch / "f.c", out, role="output")
    replace = msgspec.structs.replace
    return [
        create,
        replace(stage_in, parents=(0,)),
        bench.job("count", "wc -l < f.a > f.b", parents=[1], inputs=["f.a"], outputs=["f.b"]),
        bench.job("double", "cat f.b f.b > f.c", parents=[2], inputs=["f.b"], outputs=["f.c"], cores=2),
        replace(stage_out, parents=(3,)),
        PlannedJob("register", JobKind.REGISTRATION, "local", parents=(4,),
                   registrations=(Registration("f.c", "local", out.as_uri()),)),
        PlannedJob("cleanup", JobKind.CLEANUP, "local", parents=(4,),
                   removals=(Removal("local", (bench.scratch / "f.a").as_uri(), lfn="f.a"),)),
    ]  # fmt: skip


def test_a_whole_workflow_runs_and_every_kind_of_fact_is_on_the_log(bench):
    bench.write(whole_workflow(bench))
    outcome = bench.run()
    assert (outcome.status, outcome.reason, outcome.counts.succeeded) == (0, "", 7)
    assert (bench.folder / "out" / "f.c").read_text() == "2\n2\n"
    assert not (bench.scratch / "f.a").exists()

    assert [fact.job for fact in bench.facts(JobSubmitted)][:5] == [
        "create_dir", "stage_in", "count", "double", "stage_out",
    ]  # fmt: skip
    assert [fact.submission for fact in bench.facts(JobSubmitted)] == [1, 2, 3, 4, 5, 6, 7]
    assert {fact.job for fact in bench.facts(JobStarted)} == {job.name for job in whole_workflow(bench)}
    assert all(fact.exit_raw == 0 for fact in bench.facts(JobFinished))
    assert [fact.lfn for fact in bench.facts(TransferFinished)] == ["f.a", "f.c"]
    assert [fact.lfn for fact in bench.facts(ChecksumComputed)] == ["f.a", "f.b", "f.c"]
    assert [(fact.lfn, fact.ok, fact.role) for fact in bench.facts(ChecksumVerified)] == [
        ("f.a", True, "input"), ("f.b", True, "input"), ("f.c", True, "output"),
    ]  # fmt: skip
    registered = bench.facts(FileRegistered)
    assert [(fact.lfn, fact.site, fact.sha256) for fact in registered] == [("f.c", "local", sha256("2\n2\n"))]
    assert [fact.lfn for fact in bench.facts(FileRemoved)] == ["f.a"]
    assert [(fact.restart, fact.engine) for fact in bench.facts(RunStarted)] == [(0, "local")]
    assert [(fact.restart, fact.status) for fact in bench.facts(RunFinished)] == [(0, 0)]


def test_every_job_has_an_invocation_and_auxiliary_ones_name_our_transformations(bench):
    bench.write(whole_workflow(bench))
    bench.run()
    invocations = {fact.job: fact for fact in bench.facts(InvocationRecorded)}
    assert {job: fact.transformation for job, fact in invocations.items()} == {
        "create_dir": "hoofprint::dirmanager",
        "stage_in": "hoofprint::transfer",
        "count": "sh",
        "double": "sh",
        "stage_out": "hoofprint::transfer",
        "register": "hoofprint::register",
        "cleanup": "hoofprint::cleanup",
    }
    assert invocations["count"].task == "task_count"
    assert invocations["stage_in"].task is None
    assert all(fact.duration > 0 and fact.host is not None for fact in invocations.values())


def test_a_finished_job_tells_its_host_directory_record_and_weight(bench):
    bench.write([bench.job("heavy", cores=2)])
    bench.run()
    (fact,) = bench.facts(JobFinished)
    assert fact.multiplier == 2
    assert fact.work_directory == str(bench.scratch)
    assert Path(fact.stdout_file).read_text().startswith("- invocation: True")
    assert fact.host is not None
    assert fact.host.hostname == os.uname().nodename
    assert fact.local_duration is not None
    assert fact.local_duration > 0


def test_a_job_that_fails_once_is_tried_again_and_succeeds(bench):
    bench.write([bench.job("flaky", "test -e tried || { touch tried; exit 3; }", retries=1)])
    listener = Listener()
    outcome = bench.run(progress=listener)
    assert outcome.status == 0
    assert outcome.failures == ()
    assert [(fact.attempt, fact.exit_raw >> 8) for fact in bench.facts(JobFinished)] == [(1, 3), (2, 0)]
    assert [(failure.job, failure.final) for failure in listener.failures] == [("flaky", False)]
    assert listener.progress[-1].retries == 1


def test_a_job_that_fails_for_good_stops_only_its_descendants(bench):
    jobs = [
        bench.job("bad", "echo sorry >&2; exit 7", retries=1),
        bench.job("child", parents=[0]),
        bench.job("grandchild", parents=[1]),
        bench.job("other", "sleep 0.2"),
        bench.job("after_other", parents=[3]),
    ]
    bench.write(jobs)
    outcome = bench.run()
    assert (outcome.status, outcome.reason) == (1, "1 job failed, 2 never ran")
    assert outcome.counts.succeeded == 2
    (failure,) = outcome.failures
    assert (failure.job, failure.attempt, failure.exit_raw) == ("bad", 2, 7 << 8)
    assert failure.stderr_tail.strip() == "sorry"
    assert "exited with 7" in failure.problem
    assert {fact.job for fact in bench.facts(JobSubmitted)} == {"bad", "other", "after_other"}
    (end,) = bench.facts(RunFinished)
    assert (end.status, end.reason) == (1, "1 job failed, 2 never ran")


def test_a_new_run_tries_failed_jobs_again_with_fresh_retries_and_nothing_else(bench):
    jobs = [bench.job("good"), bench.job("bad", "test -e mended", retries=1), bench.job("last", parents=[1])]
    bench.write(jobs)
    assert bench.run().status == 1
    (bench.scratch / "mended").touch()
    assert bench.run().status == 0
    assert [(f.job, f.attempt) for f in bench.facts(JobSubmitted) if f.job == "bad"] == [
        ("bad", 1), ("bad", 2), ("bad", 3),
    ]  # fmt: skip
    assert [fact.job for fact in bench.facts(JobSubmitted)].count("good") == 1
    assert [fact.restart for fact in bench.facts(RunStarted)] == [0, 1]
    assert [fact.status for fact in bench.facts(RunFinished)] == [1, 0]


def test_a_plan_whose_jobs_all_succeeded_is_left_alone(bench):
    bench.write([bench.job("only")])
    bench.run()
    before = bench.log.head()
    outcome = bench.run()
    assert (outcome.status, outcome.counts.succeeded) == (0, 1)
    assert bench.log.head() == before


def test_a_staged_input_corrupted_before_its_job_starts_fails_it_with_both_digests(bench):
    source = bench.folder / "in.txt"
    source.write_text("the truth")
    jobs = [
        bench.stage("stage_in", "f.a", source, bench.scratch / "f.a"),
        bench.job("corrupt", "echo lies > f.a", parents=[0]),
        bench.job("reader", "touch ran", parents=[1], inputs=["f.a"]),
    ]
    bench.write(jobs)
    outcome = bench.run()
    (failure,) = outcome.failures
    assert failure.job == "reader"
    for part in ("f.a", sha256("the truth"), sha256("lies\n")):
        assert part in failure.problem
    assert not (bench.scratch / "ran").exists()
    (verified,) = bench.facts(ChecksumVerified)
    assert (verified.ok, verified.expected, verified.found, verified.failed) == (
        False, sha256("the truth"), sha256("lies\n"), 1,
    )  # fmt: skip


def test_without_integrity_checking_the_corrupted_input_is_read(bench):
    reader = bench.job("reader", "cat f.a > f.b", parents=[1], inputs=["f.a"], outputs=["f.b"])
    jobs = [
        bench.job("writer", "echo truth > f.a", outputs=["f.a"]),
        bench.job("corrupt", "echo lies > f.a", parents=[0]),
        msgspec.structs.replace(reader, profiles={"pegasus": {"integrity.checking": "none"}}),
    ]
    bench.write(jobs)
    assert bench.run().status == 0
    assert bench.facts(ChecksumVerified) == []


def test_an_output_corrupted_before_stage_out_fails_the_transfer(bench):
    out = bench.folder / "out" / "f.a"
    stage_out = bench.stage("stage_out", "f.a", bench.scratch / "f.a", out, role="output")
    jobs = [
        bench.job("writer", "echo truth > f.a", outputs=["f.a"]),
        bench.job("corrupt", "echo lies > f.a", parents=[0]),
        msgspec.structs.replace(stage_out, parents=(1,)),
    ]
    bench.write(jobs)
    outcome = bench.run()
    assert [failure.job for failure in outcome.failures] == ["stage_out"]
    assert sha256("truth\n") in outcome.failures[0].problem
    assert not out.exists()


def test_a_linked_input_is_verified_like_a_copy(bench):
    source = bench.folder / "in.txt"
    source.write_text("far away")
    jobs = [
        bench.stage("stage_in", "f.a", source, bench.scratch / "f.a", link=True),
        bench.job("reader", "test -L f.a", parents=[0], inputs=["f.a"]),
    ]
    bench.write(jobs)
    assert bench.run().status == 0
    assert [fact.linked for fact in bench.facts(TransferFinished)] == [True]
    assert [(fact.ok, fact.found) for fact in bench.facts(ChecksumVerified)] == [(True, sha256("far away"))]


def test_a_running_job_tags_itself_and_its_output_with_typed_values(bench):
    script = (
        'printf \'{"tags": {"lines": 100, "sorted": true, "temperature": "200", "note": "fine"}}\\n'
        '{"tags": {"type": "counts"}, "file": "f.a"}\\n\' >> "$HOOFPRINT_METADATA"; touch f.a'
    )
    bench.write([bench.job("tagger", script, outputs=["f.a"])])
    bench.run()
    own, files = bench.facts(MetadataRegistered)
    assert (own.origin, own.job, own.attempt, own.ordinal) == ("job", "tagger", 1, 0)
    assert (own.items[0].target, own.items[0].name) == ("job", "tagger")
    assert {tag.key: (tag.type, tag.number) for tag in own.items[0].tags} == {
        "lines": ("number", 100.0),
        "sorted": ("boolean", 1.0),
        "temperature": ("string", None),
        "note": ("string", None),
    }
    assert (files.items[0].target, files.items[0].name, files.ordinal) == ("file", "f.a", 1)


def test_a_task_sees_the_persons_environment_and_no_path_of_ours(bench, monkeypatch):
    monkeypatch.setenv("ADAS_LICENCE", "42")
    monkeypatch.delenv("PYTHONPATH", raising=False)
    bench.write([bench.job("look", "env > seen", outputs=["seen"])])
    assert bench.run().status == 0
    seen = (bench.scratch / "seen").read_text()
    assert "ADAS_LICENCE=42" in seen
    assert "PYTHONPATH" not in seen
    assert "PYTHONSAFEPATH" not in seen


def test_cores_limit_how_many_jobs_run_at_once(bench):
    script = (
        'ls running >> seen 2>/dev/null; mkdir -p running; n=$(mktemp running/XXXXXX); sleep 0.1; rm "$n"'
    )
    bench.write([bench.job(f"job_{n}", script) for n in range(4)])
    listener = Listener()
    assert bench.run(cores=1, progress=listener).status == 0
    assert (bench.scratch / "seen").read_text() == ""
    assert max(len(progress.running) for progress in listener.progress) == 1


def test_a_category_throttle_limits_its_jobs_only(bench):
    jobs = [bench.job(f"thin_{n}", "sleep 0.05", category="thin") for n in range(3)]
    bench.write([*jobs, bench.job("free", "sleep 0.05")], throttles={"thin": 1})
    listener = Listener()
    bench.run(cores=4, progress=listener)
    together = [[name for name in progress.running if "thin" in name] for progress in listener.progress]
    assert max(map(len, together)) == 1
    assert set(listener.progress[0].running) == {"thin_0", "free"}


STAND_IN = """#!/bin/sh
facts=${4%.order.*}.facts.${4##*.}
started='{"fact":"started","time":1,"pid":1,"user":"u","hostname":"h","directory":"/"}'
printf '%s\\n{"fact":"finished","time":2,"exit_raw":0}\\n' "$started" > "$facts"
"""


def test_a_fan_of_200_jobs_runs_to_its_end(bench):
    bench.python = bench.folder / "stand_in"  # does no work, so that this is about the engine alone
    bench.python.write_text(STAND_IN)
    bench.python.chmod(0o755)
    fan = [bench.job(f"leaf_{n:03d}", parents=[0]) for n in range(200)]
    last = bench.job("join", parents=range(1, 201))
    bench.write([bench.job("root"), *fan, last])
    outcome = bench.run()
    assert (outcome.status, outcome.counts.succeeded) == (0, 202)
    assert len({(fact.job, fact.attempt) for fact in bench.facts(JobFinished)}) == 202
    assert [fact.job for fact in bench.facts(JobSubmitted)][-1] == "join"
    assert {path.name for path in (bench.plan / "jobs" / "00").iterdir()} == {"00", "01", "02"}


def test_two_engines_on_one_plan_are_kept_apart_with_the_others_process_id(bench):
    bench.write([bench.job("only")])
    with plan_lock(bench.plan), pytest.raises(PlanBusyError, match=f"process {os.getpid()}"):
        bench.run()
    assert bench.all_facts() == []


def fake_worker(bench, text: str) -> None:
    bench.worker = bench.folder / "fake.py"
    bench.worker.write_text(text)


def test_a_worker_that_dies_without_an_account_fails_its_job_with_what_it_said(bench):
    fake_worker(bench, "import sys; print('no space for the heap', file=sys.stderr); sys.exit(3)")
    bench.write([bench.job("only")])
    (failure,) = bench.run().failures
    assert "its worker exited with 3 and left no account (only.facts.000)" in failure.problem
    assert "no space for the heap" in failure.stderr_tail
    assert len(bench.facts(InvocationRecorded)) == 1


def test_a_worker_that_is_killed_fails_its_job_with_the_signal(bench):
    fake_worker(bench, "import os; os.kill(os.getpid(), 9)")
    bench.write([bench.job("only", retries=1)])
    (failure,) = bench.run().failures
    assert (failure.attempt, failure.exit_raw) == (2, 9)
    assert "was killed by signal 9" in failure.problem


def test_a_task_whose_worker_was_killed_does_not_meet_the_next_attempt(bench):
    script = "echo $$ >> pids; test $(wc -l < pids) -gt 1 && exit 0; kill -9 $PPID; sleep 30"
    bench.write([bench.job("orphan", script, retries=1)])
    assert bench.run().status == 0
    assert "sleep\x0030" not in command_lines_in(bench.scratch)
    assert [fact.exit_raw for fact in bench.facts(JobFinished)] == [9, 0]


def command_lines_in(directory: Path) -> str:
    """The command lines of all processes that work in a directory."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            with suppress(OSError):
                if (process / "cwd").readlink() == directory:
                    found.append((process / "cmdline").read_text())
    return "\n".join(found)


def test_a_damaged_account_fails_its_job_and_names_file_and_line(bench):
    fake_worker(
        bench,
        "import json, sys\norder = json.load(open(sys.argv[2]))\nopen(order['facts'], 'w').write('{]\\n')",
    )
    bench.write([bench.job("only")])
    (failure,) = bench.run().failures
    assert "only.facts.000, line 1: no fact of a worker" in failure.problem
    assert failure.exit_raw == 256


def test_a_missing_worker_is_one_clear_error_and_nothing_is_said(bench):
    bench.write([bench.job("only")])
    bench.worker = bench.folder / "nowhere.pyz"
    with pytest.raises(NotFoundError, match=r"nowhere\.pyz: the worker is not there"):
        bench.run()
    assert bench.all_facts() == []


def test_a_missing_interpreter_is_one_clear_error_and_nothing_is_said(bench):
    bench.write([bench.job("only")])
    bench.python = bench.folder / "python4"
    with pytest.raises(NotFoundError, match="python4: no interpreter"):
        bench.run()
    assert bench.all_facts() == []


def test_an_interpreter_that_is_no_program_is_one_clear_error(bench):
    bench.write([bench.job("only")])
    bench.python = bench.folder / "python.txt"
    bench.python.write_bytes(b"\x00\x01")
    bench.python.chmod(bench.python.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(LaunchError, match=r"only\.order\.000: its worker cannot be started"):
        bench.run()


def test_a_nested_workflow_is_refused_before_anything_starts(bench):
    nested = msgspec.structs.replace(bench.job("inner"), kind=JobKind.SUB_WORKFLOW)
    bench.write([bench.job("first"), nested])
    with pytest.raises(InputError, match="'inner', is a workflow of its own"):
        bench.run()
    assert bench.all_facts() == []


@pytest.mark.parametrize("name", ["../../etc/x", "", "..", "x" * 201])
def test_a_job_name_that_cannot_name_a_file_is_refused(bench, name):
    bench.write([bench.job(name)])
    with pytest.raises(InputError, match="cannot name a file"):
        bench.run()


def test_a_plan_with_two_jobs_of_one_name_is_refused(bench):
    bench.write([bench.job("twin"), bench.job("twin")])
    with pytest.raises(InputError, match="job 2, 'twin', has the name of another job"):
        bench.run()


def test_a_plan_whose_child_comes_before_its_parent_is_refused(bench):
    bench.write([bench.job("child", parents=[1]), bench.job("parent")])
    with pytest.raises(InputError, match="job 1, 'child', comes before one of its parents"):
        bench.run()


def test_a_plan_directory_that_is_none_is_one_clear_error(bench):
    with pytest.raises((InputError, NotFoundError)):
        bench.run()


class FailingLog(MemoryLog):
    """Takes a number of appends, then is full."""

    def __init__(self, takes: int) -> None:
        super().__init__()
        self.takes = takes

    def append(self, events: list[Event]) -> Appended:
        self.takes -= 1
        if self.takes < 0:
            raise UnavailableError("log.db: the disk is full")
        return super().append(events)


def test_nothing_starts_when_the_log_cannot_take_its_submission(bench):
    bench.log = FailingLog(takes=0)
    bench.write([bench.job("only", "touch ran")])
    with pytest.raises(UnavailableError, match="the disk is full"):
        bench.run()
    assert not (bench.plan / "jobs").exists()


def test_what_a_worker_did_while_the_log_was_full_is_picked_up_by_the_next_run(bench):
    bench.log = FailingLog(takes=1)
    bench.write([bench.job("only", "sleep 0.2; echo ran >> ran"), bench.job("next", parents=[0])])
    with pytest.raises(UnavailableError, match="1 job still at work: run again"):
        bench.run()
    bench.log.takes = 1000
    assert bench.run().status == 0
    assert (bench.scratch / "ran").read_text() == "ran\n"
    assert [fact.attempt for fact in bench.facts(JobFinished) if fact.job == "only"] == [1]


def test_a_stop_lets_nothing_new_start_and_says_what_was_cut_off(bench):
    stop = Stop()

    class StopAtOnce(Listener):
        def progressed(self, progress: Progress) -> None:
            if "slow" in progress.running and not stop.requests:
                stop.request("interrupted by SIGINT")

    bench.write([bench.job("slow", "sleep 30"), bench.job("later", parents=[0])])
    outcome = bench.run(progress=StopAtOnce(), stop=stop)
    stop.close()
    assert outcome.interrupted
    assert outcome.reason == "interrupted by SIGINT, 1 job cut off, 1 never ran"
    assert bench.facts(JobFinished) == []
