"""Events as real runs make them: planning chunks, then job by job what engine and worker report.

A job's facts: submitted, started, two transfers, one checksum verified and one computed, one invocation, one
file registered, finished; one job in ten tags its output, one in fifty fails once and is tried again. The
same arguments always give the same events, ids included.
"""

import random
import uuid
from collections.abc import Iterator
from itertools import count, islice

from eventlog.event import Event, Observer
from eventlog.facts import (
    ChecksumComputed,
    ChecksumVerified,
    Edge,
    Fact,
    FileDeclared,
    FileRegistered,
    FilesDeclared,
    Host,
    InvocationRecorded,
    JobFinished,
    JobPlanned,
    JobsPlanned,
    JobStarted,
    JobSubmitted,
    MetadataRegistered,
    PlanStarted,
    RunFinished,
    RunStarted,
    Tag,
    Tagged,
    TaskDeclared,
    TasksDeclared,
    TransferFinished,
    WorkflowPlanned,
)

START = 1_763_769_600_000_000
"""When the first run begins: 2025-11-22T00:00:00Z, in microseconds since the epoch."""
CHUNK = 400
SECOND = 1_000_000
HOSTS = tuple(
    Host(
        hostname=f"node{number:03}.cluster.example.org",
        ip=f"10.0.{number // 250}.{number % 250}",
        system="linux",
        release="6.1.0-41-amd64",
        machine="x86_64",
        cpu_count=64,
        cpu_speed=2450.0,
        cpu_vendor="AuthenticAMD",
        cpu_model="AMD EPYC 7763 64-Core Processor",
        ram=512 << 30,
    )
    for number in range(100)
)


def event_mix(events: int, *, jobs_per_run: int = 2_000, seed: int = 7) -> Iterator[Event]:
    """The first ``events`` events of an endless row of runs with ``jobs_per_run`` jobs each."""
    runs = (run for number in count() for run in run_events(number, jobs=jobs_per_run, seed=seed))
    return islice(runs, events)


def run_events(number: int, *, jobs: int, seed: int = 7) -> Iterator[Event]:
    """All events of one run, in the order in which they are appended."""
    chance = random.Random(f"{seed}/{number}")
    run = str(uuid.UUID(int=chance.getrandbits(128), version=4))
    time = START + number * 3600 * SECOND
    planner = Observer("hoofprint-plan@submit.example.org", "alice", run)
    engine = Observer("hoofprint-run@submit.example.org", "alice", run)
    for fact in _planning(run, number, jobs):
        yield planner.event(fact, time)
    yield engine.event(RunStarted(run=run, restart=0, engine="local", user="alice"), time)
    for job in range(jobs):
        time += chance.randrange(10_000, 50_000)
        attempts = 2 if chance.random() < 0.02 else 1
        for attempt in range(1, attempts + 1):
            for delay, fact in _attempt(run, job, attempt, chance, succeeds=attempt == attempts):
                yield engine.event(fact, time + attempt * 60 * SECOND + delay)
    yield engine.event(RunFinished(run=run, restart=0, status=0), time + 300 * SECOND)


def _planning(run: str, number: int, jobs: int) -> Iterator[Fact]:
    yield PlanStarted(
        run=run,
        workflow=f"survey-{number % 20}",
        root=run,
        workflow_file="/home/alice/survey/workflow.yml",
        argv=("hoofprint", "plan", "workflow.yml"),
        user="alice",
        submit_host="submit.example.org",
        submit_directory=f"/home/alice/survey/runs/{number:04}",
    )
    starts = range(0, jobs, CHUNK)
    for chunk, start in enumerate(starts):
        part = range(start, min(jobs, start + CHUNK))
        edges = tuple(Edge(parent=_task(job - 1), child=_task(job)) for job in part if job % 10)
        yield TasksDeclared(run=run, chunk=chunk, tasks=tuple(_declared(job) for job in part), edges=edges)
        yield FilesDeclared(
            run=run,
            chunk=chunk,
            files=tuple(FileDeclared(lfn=_output(job), role="output", register=True) for job in part),
        )
        yield JobsPlanned(run=run, chunk=chunk, jobs=tuple(_planned(job) for job in part), edges=edges)
    yield WorkflowPlanned(run=run, tasks=jobs, files=jobs, jobs=jobs, reused_tasks=0, chunks=3 * len(starts))


def _declared(job: int) -> TaskDeclared:
    return TaskDeclared(
        task=_task(job),
        transformation="survey::analyze:1.0",
        argv=("-i", _input(job), "-o", _output(job)),
        inputs=(_input(job),),
        outputs=(_output(job),),
    )


def _planned(job: int) -> JobPlanned:
    return JobPlanned(
        job=_job(job),
        kind="compute",
        site="cluster",
        tasks=(_task(job),),
        transformation="survey::analyze:1.0",
        executable="/opt/survey/bin/analyze",
        max_retries=2,
    )


def _attempt(
    run: str, number: int, attempt: int, chance: random.Random, *, succeeds: bool
) -> Iterator[tuple[int, Fact]]:
    """What is told of one attempt, each with its delay after the submission, in microseconds."""
    job = _job(number)
    duration = chance.randrange(SECOND, 100 * SECOND)
    yield 0, JobSubmitted(run=run, job=job, attempt=attempt, submission=number + 1, site="cluster")
    yield 1000, JobStarted(run=run, job=job, attempt=attempt, host="submit.example.org")
    yield 2000, _transfer(run, job, attempt, _input(number), chance, ordinal=0)
    yield 3000, _verified(run, job, attempt, _input(number), chance)
    yield duration, _invocation(run, number, attempt, duration, chance, exit_raw=0 if succeeds else 256)
    if succeeds:
        yield from ((duration + delay, fact) for delay, fact in _produced(run, number, attempt, chance))
    yield (
        duration + 9000,
        JobFinished(
            run=run,
            job=job,
            attempt=attempt,
            exit_raw=0 if succeeds else 256,
            local_duration=duration + 9000,
            site="cluster",
            user="alice",
            work_directory=f"/scratch/alice/{run}",
            stdout_file=f"jobs/00/00/{job}.out.{attempt - 1:03}",
            host=chance.choice(HOSTS),
        ),
    )


def _produced(run: str, number: int, attempt: int, chance: random.Random) -> Iterator[tuple[int, Fact]]:
    job, lfn = _job(number), _output(number)
    sha256 = f"{chance.getrandbits(256):064x}"
    pfn = f"file:///archive/survey/{lfn}"
    yield (
        1000,
        ChecksumComputed(
            run=run, job=job, attempt=attempt, lfn=lfn, sha256=sha256, size=123_456, duration=800
        ),
    )
    yield 2000, _transfer(run, job, attempt, lfn, chance, ordinal=1)
    yield (
        3000,
        FileRegistered(
            run=run, job=job, attempt=attempt, lfn=lfn, pfn=pfn, site="archive", size=123_456, sha256=sha256
        ),
    )
    if chance.random() < 0.1:
        value = chance.randrange(100, 400)
        tag = Tag(key="temperature", type="number", text=str(value), number=float(value))
        item = Tagged(target="file", name=lfn, tags=(tag,))
        yield 4000, MetadataRegistered(run=run, items=(item,), origin="job", job=job, attempt=attempt)


def _transfer(
    run: str, job: str, attempt: int, lfn: str, chance: random.Random, *, ordinal: int
) -> TransferFinished:
    return TransferFinished(
        run=run,
        job=job,
        attempt=attempt,
        lfn=lfn,
        source=f"file:///data/survey/{lfn}",
        destination=f"file:///scratch/alice/{run}/{lfn}",
        source_site="local",
        destination_site="cluster",
        protocol="file",
        size=chance.randrange(1 << 30),
        duration=chance.randrange(5 * SECOND),
        ordinal=ordinal,
    )


def _verified(run: str, job: str, attempt: int, lfn: str, chance: random.Random) -> ChecksumVerified:
    sha256 = f"{chance.getrandbits(256):064x}"
    return ChecksumVerified(
        run=run,
        job=job,
        attempt=attempt,
        ok=True,
        lfn=lfn,
        expected=sha256,
        found=sha256,
        size=chance.randrange(1 << 30),
        duration=chance.randrange(SECOND),
    )


def _invocation(
    run: str, number: int, attempt: int, duration: int, chance: random.Random, *, exit_raw: int
) -> InvocationRecorded:
    return InvocationRecorded(
        run=run,
        job=_job(number),
        attempt=attempt,
        sequence=1,
        start=START + chance.randrange(3600 * SECOND),
        duration=duration,
        exit_raw=exit_raw,
        task=_task(number),
        transformation="survey::analyze:1.0",
        executable="/opt/survey/bin/analyze",
        argv=("-i", _input(number), "-o", _output(number)),
        utime=duration * 9 // 10,
        stime=duration // 50,
        maxrss=chance.randrange(1 << 22),
        average_cpu=0.92,
        inblock=chance.randrange(10_000),
        outblock=chance.randrange(10_000),
        minflt=chance.randrange(100_000),
        majflt=0,
        nvcsw=chance.randrange(1_000),
        nivcsw=chance.randrange(1_000),
        pid=chance.randrange(1 << 22),
        host=chance.choice(HOSTS),
        site="cluster",
    )


def _task(number: int) -> str:
    return f"ID{number:07}"


def _job(number: int) -> str:
    return f"analyze_ID{number:07}"


def _input(number: int) -> str:
    return f"field-{number:07}.fits" if number % 10 == 0 else _output(number - 1)


def _output(number: int) -> str:
    return f"catalog-{number:07}.csv"
