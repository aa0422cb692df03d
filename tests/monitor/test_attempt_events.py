"""From a worker's account to events: the same for whoever observes the attempt."""

import json
from pathlib import Path

import pytest

from eventlog.codec import encode
from eventlog.event import Observer
from eventlog.facts import (
    ChecksumVerified,
    FileRegistered,
    FileRemoved,
    InvocationRecorded,
    JobAborted,
    JobFinished,
    JobStarted,
    MetadataRegistered,
    TransferFinished,
)
from monitor.attempt import Attempt, Observed, Stated
from monitor.attempt_events import cut_off, finished, started, vanished
from monitor.worker_facts import AttemptAccount, DamagedFactsError, read_account
from planner.executable import JobKind, PlannedJob, PlannedTask

RUN = "0a9a2a5e-0000-4000-8000-000000000001"
SECOND = 1_000_000

STARTED = {
    "fact": "started", "time": 10 * SECOND, "pid": 7, "user": "ada", "hostname": "node1", "ip": "10.0.0.1",
    "system": "linux", "release": "6", "machine": "x86_64", "cpu_count": 8, "cpu_speed": 2600,
    "cpu_vendor": "v", "cpu_model": "m", "ram": 1 << 34, "directory": "/scratch",
}  # fmt: skip
FINISHED = {"fact": "finished", "time": 20 * SECOND, "exit_raw": 0, "phase": None, "stderr_tail": None}
INVOCATION = {
    "fact": "invocation", "time": 15 * SECOND, "sequence": 1, "task": "ID1", "transformation": "wc",
    "executable": "/usr/bin/wc", "argv": ["-l", "f.a"], "start": 11 * SECOND, "duration": 4 * SECOND,
    "exit_raw": 0, "utime": 1, "stime": 2, "maxrss": 3, "inblock": 4, "outblock": 5, "minflt": 6,
    "majflt": 7, "nvcsw": 8, "nivcsw": 9, "pid": 8,
}  # fmt: skip


def transfer(lfn: str, *, ok: bool = True) -> dict[str, object]:
    return {
        "fact": "transfer", "time": 12 * SECOND, "lfn": lfn, "source": f"file:///in/{lfn}",
        "source_site": "local", "destination": f"file:///out/{lfn}", "destination_site": "local",
        "protocol": "file", "size": 3, "duration": 5, "tries": 1, "ok": ok, "linked": False, "message": None,
    }  # fmt: skip


@pytest.fixture
def account(tmp_path: Path):
    """An account with these facts between its first and its last, as read from its file."""

    def write(*facts: dict[str, object], **end: object) -> AttemptAccount:
        path = tmp_path / "job.facts.000"
        lines = [STARTED, *facts, FINISHED | end]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        read = read_account(path)
        assert read is not None
        return read

    return write


def attempt(kind: JobKind = JobKind.COMPUTE, **more: object) -> Attempt:
    tasks = (PlannedTask(id="ID1", transformation="wc", executable="/usr/bin/wc"),)
    job = PlannedJob(
        name="wc_ID1", kind=kind, site="local", tasks=tasks if kind is JobKind.COMPUTE else (), cores=4
    )
    return Attempt(RUN, job, 2)


OBSERVED = Observed("/plan/wc_ID1.out.001", 11 * SECOND, {"f.d": "d" * 64})


def only(kind, stated: list[Stated]):
    return [each.fact for each in stated if isinstance(each.fact, kind)]


def test_the_verdict_comes_last_and_weighs_its_cores(account):
    stated = finished(attempt(), account(INVOCATION), OBSERVED)
    verdict = stated[-1].fact
    assert isinstance(verdict, JobFinished)
    assert (verdict.exit_raw, verdict.multiplier, verdict.attempt) == (0, 4, 2)
    assert (verdict.local_duration, verdict.stdout_file) == (11 * SECOND, "/plan/wc_ID1.out.001")
    assert stated[-1].time == 20 * SECOND


def test_who_did_not_see_the_launch_takes_the_workers_own_times(account):
    stated = finished(attempt(), account(INVOCATION), Observed("record"))
    (verdict,) = only(JobFinished, stated)
    assert verdict.local_duration == 10 * SECOND


def test_a_start_is_told_from_the_account_when_nobody_saw_it(account):
    stated = started(attempt(), account(INVOCATION))
    assert stated.time == 10 * SECOND
    assert isinstance(stated.fact, JobStarted)
    assert (stated.fact.host, stated.fact.scheduler_id) == ("node1", "7")


def test_two_observers_make_the_same_ids_and_no_two_events_share_one(account):
    facts = [transfer("f.a"), transfer("f.b"), INVOCATION, INVOCATION | {"sequence": 2, "task": "ID2"}]
    said = account(*facts)
    engine = Observer("hoofprint@a", "ada", RUN)
    other = Observer("monitor@b", "bob", RUN)
    here = [engine.event(s.fact, s.time).id for s in finished(attempt(), said, OBSERVED)]
    there = [other.event(s.fact, s.time).id for s in finished(attempt(), said, Observed("elsewhere"))]
    assert here == there
    assert len(set(here)) == len(here) == 5


def test_ordinals_count_each_type_on_its_own(account):
    stated = finished(attempt(), account(transfer("f.a"), INVOCATION, transfer("f.b")), OBSERVED)
    assert [fact.ordinal for fact in only(TransferFinished, stated)] == [0, 1]
    assert [fact.ordinal for fact in only(InvocationRecorded, stated)] == [0]


def test_an_auxiliary_job_counts_as_one_invocation_from_its_start_to_its_end(account):
    stated = finished(attempt(JobKind.STAGE_IN), account(transfer("f.a")), OBSERVED)
    (invocation,) = only(InvocationRecorded, stated)
    assert (invocation.task, invocation.transformation) == (None, "hoofprint::transfer")
    assert (invocation.start, invocation.duration) == (10 * SECOND, 10 * SECOND)


def test_a_compute_job_whose_task_never_started_counts_as_one_too(account):
    said = account(exit_raw=256, phase="verify")
    (invocation,) = only(InvocationRecorded, finished(attempt(), said, OBSERVED))
    assert (invocation.task, invocation.transformation, invocation.exit_raw) == (None, "wc", 256)


def test_the_failing_phases_problem_is_told_first(account):
    problems = [
        {"fact": "problem", "time": 1, "phase": "metadata", "message": "line 3: no JSON"},
        {"fact": "problem", "time": 2, "phase": "tasks", "message": "wc exited with 1"},
    ]
    said = account(*problems, exit_raw=256, phase="tasks", stderr_tail="wc: f.a: No such file")
    (verdict,) = only(JobFinished, finished(attempt(), said, OBSERVED))
    assert verdict.problem == "wc exited with 1\nline 3: no JSON"
    assert verdict.stderr_tail == "wc: f.a: No such file"


def test_ten_thousand_problems_fit_into_one_event(account):
    told = {"fact": "problem", "time": 1, "phase": "stage-in", "message": "f.a could not be brought " * 10}
    said = account(*[told] * 10_000, exit_raw=256, phase="stage-in", stderr_tail="x" * 100_000 + "last words")
    (verdict,) = only(JobFinished, finished(attempt(), said, OBSERVED))
    assert verdict.problem.startswith("f.a could not be brought")
    assert verdict.problem.endswith("characters]")
    assert verdict.stderr_tail.endswith("xlast words")
    assert len(encode(verdict)) < 20_000


def test_a_failed_verification_keeps_both_digests_and_counts_as_one_failure(account):
    fact = {
        "fact": "verified", "time": 1, "lfn": "f.a", "path": "f.a", "site": "local", "expected": "a" * 64,
        "found": None, "size": None, "duration": 1, "ok": False, "role": "input",
    }  # fmt: skip
    (verified,) = only(ChecksumVerified, finished(attempt(), account(fact, exit_raw=256), OBSERVED))
    assert (verified.expected, verified.found, verified.ok, verified.failed) == ("a" * 64, None, False, 1)


def test_a_registered_file_carries_the_digest_that_the_run_knows(account):
    fact = {"fact": "registered", "time": 1, "lfn": "f.d", "site": "local", "url": "file:///f.d"}
    (registered,) = only(FileRegistered, finished(attempt(JobKind.REGISTRATION), account(fact), OBSERVED))
    assert registered.sha256 == "d" * 64


def test_a_removal_that_failed_is_no_removal(account):
    facts = [
        {"fact": "removed", "time": 1, "lfn": lfn, "site": "local", "url": f"file:///{lfn}", "ok": ok}
        for lfn, ok in (("f.a", False), ("f.b", True))
    ]
    stated = finished(attempt(JobKind.CLEANUP), account(*facts), OBSERVED)
    assert [fact.lfn for fact in only(FileRemoved, stated)] == ["f.b"]


def test_the_largest_metadata_a_worker_lets_through_fits_into_events(account):
    tags = [{"key": f"{n:03d}" + "é" * 253, "value": "€" * 4096} for n in range(256)]
    said = account({"fact": "metadata", "time": 1, "target": "file", "name": "f.b", "tags": tags})
    registered = only(MetadataRegistered, finished(attempt(), said, OBSERVED))
    assert sum(len(fact.items[0].tags) for fact in registered) == 256
    assert [fact.ordinal for fact in registered] == list(range(len(registered)))
    assert all(len(encode(fact)) < 900_000 for fact in registered)


def test_a_secret_in_a_command_line_or_a_problem_is_not_told(account):
    argv = ["--password=hunter2", "f.a"]
    problem = {"fact": "problem", "time": 1, "phase": "tasks", "message": "token=abc123secret refused"}
    stated = finished(attempt(), account(INVOCATION | {"argv": argv}, problem, exit_raw=256), OBSERVED)
    assert "hunter2" not in repr(stated)
    assert "abc123secret" not in repr(stated)


def test_what_no_table_can_hold_is_told_as_an_escape(account):
    problem = {"fact": "problem", "time": 1, "phase": "tasks", "message": "read x\0y"}
    moved = transfer("f.a", ok=False) | {"message": "answered a\0b"}
    told = account(INVOCATION | {"argv": ["a\0b"]}, moved, problem, exit_raw=256, stderr_tail="bad: \0")
    stated = finished(attempt(), told, OBSERVED)
    for each in stated:
        encode(each.fact)
    assert "\0" not in "".join(str(value) for each in stated for value in texts_of(each.fact))
    (verdict,) = only(JobFinished, stated)
    assert (verdict.problem, verdict.stderr_tail) == ("read x\\x00y", "bad: \\x00")


def texts_of(fact: object):
    for name in fact.__dataclass_fields__:
        value = getattr(fact, name)
        yield from value if isinstance(value, tuple) else (value,)


def test_last_words_that_are_no_text_can_be_told(account):
    stated = vanished(attempt(), 256, "left \udcff", OBSERVED, 1, 2, stderr="cannot open \udcff\0")
    (verdict,) = only(JobFinished, stated)
    assert encode(verdict)
    assert (verdict.problem, verdict.stderr_tail) == ("left \\udcff", "cannot open \\udcff\\x00")


def test_a_cut_off_attempt_tells_what_it_did_but_no_verdict_of_what_it_could_not_end(account):
    killed = INVOCATION | {"sequence": 2, "task": "ID2", "exit_raw": 15}
    said = account(transfer("f.a"), INVOCATION, killed, exit_raw=15, phase="tasks")
    stated = cut_off(attempt(), said, OBSERVED, "interrupted by SIGINT")
    assert [fact.task for fact in only(InvocationRecorded, stated)] == ["ID1"]
    assert len(only(TransferFinished, stated)) == 1
    last = stated[-1].fact
    assert isinstance(last, JobAborted)
    assert last.reason == "interrupted by SIGINT"


def test_without_a_file_there_is_no_account(tmp_path):
    assert read_account(tmp_path / "job.facts.000") is None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"fact": "started"}\n', r"line 1: no fact of a worker: .*missing required field"),
        (json.dumps(STARTED) + "\n" + '{"fact": "fancied"}', r"line 2: no fact of a worker: .*fancied"),
        (json.dumps(STARTED) + "\n\xff", "line 2"),
        (json.dumps(STARTED), "must begin with a fact 'started' and end with 'finished'"),
        ("", "must begin with a fact 'started'"),
    ],
)
def test_a_damaged_account_is_refused_with_its_place(tmp_path, text, complaint):
    path = tmp_path / "job.facts.000"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(DamagedFactsError, match=complaint):
        read_account(path)


def test_an_account_that_is_a_directory_is_refused(tmp_path):
    with pytest.raises(DamagedFactsError, match="cannot be read: Is a directory"):
        read_account(tmp_path)
