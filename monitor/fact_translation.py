"""Translates what a worker says, fact by fact, into the words of events."""

from collections.abc import Iterator

from eventlog.capping import public_argv, public_text
from eventlog.facts import (
    ChecksumComputed,
    ChecksumVerified,
    FileRegistered,
    FileRemoved,
    Host,
    InvocationRecorded,
    MetadataRegistered,
    Tagged,
    TransferFinished,
)
from eventlog.tags import typed_tag
from monitor.attempt import Attempt, Observed
from monitor.worker_facts import (
    AttemptAccount,
    DigestComputed,
    DigestVerified,
    FileRemoval,
    FileTransferred,
    MetadataSaid,
    ReplicaRegistered,
    TaskInvoked,
    WorkerFact,
    WorkerStarted,
)

_MOST_TAGS = 64  # an event's worth: 64 keys and values of the longest kind stay below the log's limit
_LONGEST_TEXT = 8 * 1024  # characters, of which a person reads the first, or of stderr the last

Countable = (
    TransferFinished
    | ChecksumComputed
    | ChecksumVerified
    | InvocationRecorded
    | MetadataRegistered
    | FileRemoved
    | FileRegistered
)
"""The facts of which one attempt may have many."""


def translate(
    attempt: Attempt, account: AttemptAccount, observed: Observed, said: WorkerFact
) -> Iterator[Countable]:
    """The event facts of one fact of a worker, their ordinals left to the caller; none for some."""
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
        message=capped_text(said.message or ""),
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


def _metadata(attempt: Attempt, said: MetadataSaid) -> Iterator[MetadataRegistered]:
    name = attempt.job.name if said.target == "job" else said.name or ""
    tags = [typed_tag(tag.key, tag.value) for tag in said.tags]
    for first in range(0, len(tags), _MOST_TAGS):
        item = Tagged(target=said.target, name=name, tags=tuple(tags[first : first + _MOST_TAGS]))
        yield MetadataRegistered(
            run=attempt.run, items=(item,), origin="job", job=attempt.job.name, attempt=attempt.number
        )


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


def capped_text(text: str) -> str:
    """A message for an event: secrets filtered, its beginning where it is too long."""
    public = public_text(text)
    if len(public) <= _LONGEST_TEXT:
        return public
    return f"{public[:_LONGEST_TEXT]} [cut from {len(public)} characters]"


def capped_tail(text: str) -> str:
    """Last words for an event: secrets filtered, their end where they are too long."""
    return public_text(text)[-_LONGEST_TEXT:]
