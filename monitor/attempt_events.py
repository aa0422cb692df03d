"""Turns one attempt's account into event facts: whoever observes it states the same, in the same order.

Ordinals count facts of one type in the order of the account, so that two observers make the same ids.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from eventlog.capping import public_argv, public_text
from eventlog.facts import (
    ChecksumComputed,
    ChecksumVerified,
    Fact,
    FileRegistered,
    FileRemoved,
    Host,
    InvocationRecorded,
    JobAborted,
    JobFinished,
    JobStarted,
    MetadataRegistered,
    Tag,
    Tagged,
    TransferFinished,
)
from eventlog.tags import infer_tag, typed_tag
from monitor.worker_facts import (
    AttemptAccount,
    DigestComputed,
    DigestVerified,
    FileRemoval,
    FileTransferred,
    MetadataSaid,
    ProblemTold,
    ReplicaRegistered,
    TaskInvoked,
    WorkerFact,
    WorkerStarted,
)
from planner.executable import JobKind, PlannedJob

_MOST_TAGS = 64  # an event's worth: 64 keys and values of the longest kind stay below the log's limit

_AUXILIARY = {
    JobKind.STAGE_IN: "hoofprint::transfer",
    JobKind.STAGE_OUT: "hoofprint::transfer",
    JobKind.INTER_SITE: "hoofprint::transfer",
    JobKind.REGISTRATION: "hoofprint::register",
    JobKind.CREATE_DIRECTORY: "hoofprint::dirmanager",
    JobKind.CLEANUP: "hoofprint::cleanup",
    JobKind.CHMOD: "hoofprint::chmod",
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """Which attempt is spoken of."""

    run: str
    job: PlannedJob
    number: int


@dataclass(frozen=True, slots=True)
class Stated:
    """A fact and when it happened (microseconds since the epoch)."""

    fact: Fact
    time: int


@dataclass(frozen=True, slots=True)
class Observed:
    """What an engine saw of an attempt from outside.

    ``record`` is where the worker's record lies; ``local_duration`` (microseconds) the time between launch
    and end, None where the observer did not see both; ``digests`` the sha256 of each LFN that the run knows
    by then.
    """

    record: str
    local_duration: int | None = None
    digests: Mapping[str, str] = field(default_factory=dict)


def started(attempt: Attempt, account: AttemptAccount) -> Stated:
    """The attempt began to execute, as its worker saw it."""
    fact = JobStarted(
        run=attempt.run,
        job=attempt.job.name,
        attempt=attempt.number,
        host=account.started.hostname,
        scheduler_id=str(account.started.pid),
    )
    return Stated(fact, account.started.time)


def finished(attempt: Attempt, account: AttemptAccount, observed: Observed) -> list[Stated]:
    """Everything of an attempt that ended by itself; its verdict, JobFinished, comes last."""
    happened = _in_order(attempt, account, observed, account.facts)
    if not any(isinstance(fact, TaskInvoked) for fact in account.facts):
        happened.append(_auxiliary_invocation(attempt, account))
    return [*happened, _verdict(attempt, account, observed)]


def cut_off(attempt: Attempt, account: AttemptAccount, observed: Observed, reason: str) -> list[Stated]:
    """Everything of an attempt that was told to stop: what it did counts, its exit says nothing about it."""
    done = [f for f in account.facts if not (isinstance(f, TaskInvoked) and f.exit_raw)]
    happened = _in_order(attempt, account, observed, done)
    return [*happened, aborted(attempt, account.finished.time, reason)]


def aborted(attempt: Attempt, time: int, reason: str) -> Stated:
    """The attempt ended without a verdict."""
    fact = JobAborted(run=attempt.run, job=attempt.job.name, attempt=attempt.number, reason=reason)
    return Stated(fact, time)


def vanished(
    attempt: Attempt, exit_raw: int, problem: str, observed: Observed, start: int, end: int, stderr: str
) -> list[Stated]:
    """An attempt whose worker ended without a usable account: the wait status is all there is."""
    invocation = InvocationRecorded(
        run=attempt.run,
        job=attempt.job.name,
        attempt=attempt.number,
        sequence=1,
        start=start,
        duration=max(0, end - start),
        exit_raw=exit_raw,
        transformation=_transformation(attempt.job),
        site=attempt.job.site,
    )
    verdict = JobFinished(
        run=attempt.run,
        job=attempt.job.name,
        attempt=attempt.number,
        exit_raw=exit_raw,
        local_duration=observed.local_duration,
        multiplier=attempt.job.cores,
        site=attempt.job.site,
        work_directory=attempt.job.directory,
        stdout_file=observed.record,
        problem=public_text(problem),
        stderr_tail=public_text(stderr),
    )
    return [Stated(invocation, end), Stated(verdict, end)]


def _in_order(
    attempt: Attempt, account: AttemptAccount, observed: Observed, facts: Iterable[WorkerFact]
) -> list[Stated]:
    counted: Counter[type[_Countable]] = Counter()
    stated = []
    for said in facts:
        for fact in _translate(attempt, account, observed, said):
            stated.append(Stated(replace(fact, ordinal=counted[type(fact)]), said.time))
            counted[type(fact)] += 1
    return stated


_Countable = (
    TransferFinished
    | ChecksumComputed
    | ChecksumVerified
    | InvocationRecorded
    | MetadataRegistered
    | FileRemoved
    | FileRegistered
)


def _translate(
    attempt: Attempt, account: AttemptAccount, observed: Observed, said: WorkerFact
) -> Iterator[_Countable]:
    match said:
        case FileTransferred():
            yield _transfer(attempt, said)
        case DigestComputed():
            yield _computed(attempt, said)
        case DigestVerified():
            yield _verified(attempt, said)
        case TaskInvoked():
            yield _invocation(attempt, account, said)
        case MetadataSaid():
            yield from _metadata(attempt, said)
        case FileRemoval(ok=True):
            yield _removed(attempt, said)
        case ReplicaRegistered():
            yield _registered(attempt, observed, said)
        case _:
            return


def _transfer(attempt: Attempt, said: FileTransferred) -> TransferFinished:
    return TransferFinished(
        run=attempt.run,
        job=attempt.job.name,
        attempt=attempt.number,
        lfn=said.lfn,
        source=public_text(said.source),
        destination=public_text(said.destination),
        source_site=said.source_site,
        destination_site=said.destination_site,
        protocol=said.protocol,
        size=said.size,
        duration=said.duration,
        tries=said.tries,
        ok=said.ok,
        linked=said.linked,
        message=public_text(said.message or ""),
    )


def _computed(attempt: Attempt, said: DigestComputed) -> ChecksumComputed:
    return ChecksumComputed(
        run=attempt.run,
        job=attempt.job.name,
        attempt=attempt.number,
        lfn=said.lfn,
        role=said.role,
        pfn=said.path,
        site=said.site,
        sha256=said.sha256,
        size=said.size,
        duration=said.duration,
    )


def _verified(attempt: Attempt, said: DigestVerified) -> ChecksumVerified:
    return ChecksumVerified(
        run=attempt.run,
        job=attempt.job.name,
        attempt=attempt.number,
        ok=said.ok,
        lfn=said.lfn,
        role=said.role,
        pfn=said.path,
        site=said.site,
        expected=said.expected,
        found=said.found,
        size=said.size,
        duration=said.duration,
        failed=0 if said.ok else 1,
    )


def _invocation(attempt: Attempt, account: AttemptAccount, said: TaskInvoked) -> InvocationRecorded:
    return InvocationRecorded(
        run=attempt.run,
        job=attempt.job.name,
        attempt=attempt.number,
        sequence=said.sequence,
        start=said.start,
        duration=said.duration,
        exit_raw=said.exit_raw,
        task=said.task,
        transformation=said.transformation,
        executable=said.executable,
        argv=public_argv(said.argv),
        utime=said.utime,
        stime=said.stime,
        maxrss=said.maxrss,
        inblock=said.inblock,
        outblock=said.outblock,
        minflt=said.minflt,
        majflt=said.majflt,
        nvcsw=said.nvcsw,
        nivcsw=said.nivcsw,
        pid=said.pid,
        host=host_of(account.started),
        site=attempt.job.site,
    )


def _auxiliary_invocation(attempt: Attempt, account: AttemptAccount) -> Stated:
    # An attempt whose tasks never started, and every auxiliary job, still took time: it counts as one
    # invocation without a task, from the worker's start to its end.
    fact = InvocationRecorded(
        run=attempt.run,
        job=attempt.job.name,
        attempt=attempt.number,
        sequence=1,
        start=account.started.time,
        duration=max(0, account.finished.time - account.started.time),
        exit_raw=account.finished.exit_raw,
        transformation=_transformation(attempt.job),
        host=host_of(account.started),
        site=attempt.job.site,
        pid=account.started.pid,
    )
    return Stated(fact, account.finished.time)


def _transformation(job: PlannedJob) -> str:
    if job.kind in _AUXILIARY:
        return _AUXILIARY[job.kind]
    return job.tasks[0].transformation if len(job.tasks) == 1 else f"hoofprint::{job.kind}"


def _metadata(attempt: Attempt, said: MetadataSaid) -> Iterator[MetadataRegistered]:
    name = attempt.job.name if said.target == "job" else said.name or ""
    tags = [_tag(tag.key, tag.value) for tag in said.tags]
    for first in range(0, len(tags), _MOST_TAGS):
        item = Tagged(target=said.target, name=name, tags=tuple(tags[first : first + _MOST_TAGS]))
        yield MetadataRegistered(
            run=attempt.run, items=(item,), origin="job", job=attempt.job.name, attempt=attempt.number
        )


def _tag(key: str, value: str | bool | int | float) -> Tag:
    # JSON has no times, and a shell script quotes what it likes: texts are inferred, as from any text format.
    return infer_tag(key, value) if isinstance(value, str) else typed_tag(key, value)


def _removed(attempt: Attempt, said: FileRemoval) -> FileRemoved:
    return FileRemoved(
        run=attempt.run,
        pfn=said.url,
        site=said.site,
        lfn=said.lfn,
        job=attempt.job.name,
        attempt=attempt.number,
    )


def _registered(attempt: Attempt, observed: Observed, said: ReplicaRegistered) -> FileRegistered:
    # A registration only sees that the file is there; its producer and its stage-out knew its content.
    return FileRegistered(
        run=attempt.run,
        lfn=said.lfn,
        pfn=said.url,
        site=said.site,
        job=attempt.job.name,
        attempt=attempt.number,
        size=said.size,
        sha256=said.sha256 or observed.digests.get(said.lfn),
    )


def _verdict(attempt: Attempt, account: AttemptAccount, observed: Observed) -> Stated:
    fact = JobFinished(
        run=attempt.run,
        job=attempt.job.name,
        attempt=attempt.number,
        exit_raw=account.finished.exit_raw,
        local_duration=observed.local_duration or account.finished.time - account.started.time,
        multiplier=attempt.job.cores,
        site=attempt.job.site,
        user=account.started.user,
        work_directory=account.started.directory,
        stdout_file=observed.record,
        host=host_of(account.started),
        problem=public_text(_problem(account)),
        stderr_tail=public_text(account.finished.stderr_tail or ""),
    )
    return Stated(fact, account.finished.time)


def _problem(account: AttemptAccount) -> str:
    """What the worker told, the failing phase's problems first."""
    told = [fact for fact in account.facts if isinstance(fact, ProblemTold)]
    told.sort(key=lambda problem: problem.phase != account.finished.phase)
    return "\n".join(problem.message for problem in told)


def host_of(started: WorkerStarted) -> Host:
    """The machine a worker ran on."""
    return Host(
        hostname=started.hostname,
        ip=started.ip,
        system=started.system,
        release=started.release,
        machine=started.machine,
        cpu_count=started.cpu_count,
        cpu_speed=started.cpu_speed,
        cpu_vendor=started.cpu_vendor,
        cpu_model=started.cpu_model,
        ram=started.ram,
    )
