"""The phases of a job, one function each, in the order of PHASES.

A phase raises JobFailed with all that went wrong in it, and Stopped when the worker was told to end.
"""

import os
from typing import Callable, List, Optional, Sequence, Tuple, TypeVar

from worker import facts
from worker.clock import Stopwatch, now
from worker.errors import JobFailed, UnreadableFile
from worker.integrity import Expectation, Mismatch, digest_of, open_regular
from worker.job import Job
from worker.landing import beside
from worker.launch import Execution, Launcher
from worker.metadata import VARIABLE, read_metadata
from worker.order import Output, Registration, Removal, Transfer, Verification
from worker.parallel import each
from worker.places import inside, native, path_of, scheme_of, without_credentials

T = TypeVar("T")


def make_directories(job: Job) -> None:
    """Make the work directory, the folders that outputs are written into, and what the order asks for."""
    wanted = [(job.order.directory, native(job.order.directory))]
    written = [inside(job.order.directory, output.path) for output in job.order.outputs]
    wanted.extend((folder, folder) for folder in sorted({os.path.dirname(path) for path in written}))
    for replica in job.order.make_directories:
        if scheme_of(replica.url) != "file":
            raise JobFailed(["no way to make a directory at %s; known is file://" % replica.url])
        wanted.append((replica.url, path_of(replica.url)))
    for name, path in wanted:
        try:
            os.makedirs(path, exist_ok=True)
        except OSError as error:
            raise JobFailed(["directory %s cannot be made: %s" % (name, error.strerror)]) from None


def stage_in(job: Job) -> None:
    """Bring the inputs of the job."""
    _transfer(job, job.order.stage_in)


def verify(job: Job) -> None:
    """Compare the inputs with what is known of them; a job never starts on a corrupted one."""
    _do_each(job, job.order.verify, _verify_one)


def run_tasks(job: Job) -> None:
    """Run the tasks one after the other; the first that fails is the last."""
    order = job.order
    if not order.tasks:
        return
    job.metadata = _make_metadata_file(order.directory)
    launcher = Launcher(order.directory, job.stop, {VARIABLE: job.metadata}, job.lock)
    for sequence, task in enumerate(order.tasks, start=1):
        job.stop.check()
        execution = launcher.run(task, sequence)
        job.executions.append(execution)
        job.facts.append(_invocation(execution))
        job.stop.check()
        if execution.problem is not None:
            raise JobFailed([execution.problem], execution.failure_raw)


def check_outputs(job: Job) -> None:
    """Compute the digests of what the tasks have left behind; all but optional outputs must be there."""
    _do_each(job, job.order.outputs, _check_output)


def collect_metadata(job: Job) -> None:
    """Take over what the tasks said about the job and its outputs; a bad line does not fail the job."""
    if job.metadata is None:
        return
    good, bad = read_metadata(job.metadata, frozenset(output.lfn for output in job.order.outputs))
    for tags in good:
        target = "job" if tags.file is None else "file"
        job.facts.append(facts.Metadata(now(), target, tags.file, tags.tags))
    for message in bad:
        job.problem("metadata", message)


def stage_out(job: Job) -> None:
    """Bring the outputs to where they are kept, and read them again there."""
    there = [transfer for transfer in job.order.stage_out if transfer.lfn not in job.left_out]
    _transfer(job, [_with_known_digest(job, transfer) for transfer in there])


def remove(job: Job) -> None:
    """Remove what is no longer needed; what cannot be removed stays, and the job goes on."""
    for removal in job.order.removals:
        job.stop.check()
        message = _remove_one(removal)
        if message is not None:
            job.problem("removals", message)
        job.facts.append(facts.Removed(now(), removal.lfn, removal.site, removal.url, message is None))


def register(job: Job) -> None:
    """Make replicas known, those on this machine only if they are there; what is optional may be missing."""
    messages = []
    for registration in job.order.register:
        if registration.lfn in job.left_out or _can_only_be_hoped_for(registration):
            continue
        try:
            job.facts.append(_registered(job, registration))
        except UnreadableFile as error:
            if not (registration.optional and error.missing):
                messages.append("%s cannot be registered: %s" % (registration.lfn, error))
    _fail_on(messages)


PHASES: Tuple[Tuple[str, Callable[[Job], None]], ...] = (
    ("directories", make_directories),
    ("stage_in", stage_in),
    ("verify", verify),
    ("tasks", run_tasks),
    ("outputs", check_outputs),
    ("metadata", collect_metadata),
    ("stage_out", stage_out),
    ("removals", remove),
    ("register", register),
)


def _fail_on(messages: List[str]) -> None:
    if messages:
        raise JobFailed(messages)


def _do_each(job: Job, items: Sequence[T], work: Callable[[Job, T], Optional[str]]) -> None:
    """Do some work for every item, several at once; what it gives are the messages of those that failed."""
    messages = each(lambda item: work(job, item), items, job.order.threads, job.stop)
    _fail_on([message for message in messages if message is not None])


def _transfer(job: Job, transfers: Sequence[Transfer]) -> None:
    if not transfers:
        return
    # Imported here: most compute jobs on a shared file system move nothing.
    from worker.moving import told_in_facts
    from worker.transfer import Mover

    mover = Mover(job.order.tries, job.machine.umask, job.stop)

    def carry_out(job: Job, transfer: Transfer) -> Optional[str]:
        outcome = mover.carry_out(transfer)
        job.facts.extend(told_in_facts(outcome))
        if outcome.landed is not None:
            job.digests[transfer.lfn] = outcome.landed.digest
            return None
        if outcome.left_out:
            job.left_out.add(transfer.lfn)
            return None
        times = "" if outcome.tries == 1 else " (tried %d times)" % outcome.tries
        return "%s %s: %s%s" % (transfer.role, transfer.lfn, outcome.message, times)

    _do_each(job, transfers, carry_out)


def _with_known_digest(job: Job, transfer: Transfer) -> Transfer:
    """Expect of an output at its destination what its digest was when the tasks had written it."""
    digest = job.digests.get(transfer.lfn)
    if transfer.sha256 is not None or digest is None:
        return transfer
    return transfer._replace(sha256=digest.sha256, size=digest.size)


def _verify_one(job: Job, wanted: Verification) -> Optional[str]:
    expected = Expectation(wanted.sha256, wanted.size)
    path, watch = inside(job.order.directory, wanted.path), Stopwatch()
    try:
        if wanted.sha256 is None and wanted.size is None:
            os.close(open_regular(path))
            return None
        found = digest_of(path, job.stop.check)
    except UnreadableFile as error:
        return "input %s: %s" % (wanted.lfn, error)
    ok = expected.met_by(found)
    job.facts.append(
        facts.Verified(
            time=now(),
            lfn=wanted.lfn,
            path=path,
            site=job.order.site,
            expected=wanted.sha256,
            found=found.sha256,
            size=found.size,
            duration=watch.elapsed(),
            ok=ok,
            role="input",
        )
    )
    return None if ok else "input %s: %s" % (wanted.lfn, Mismatch(expected, found, path))


def _make_metadata_file(directory: str) -> str:
    path = beside(os.path.join(native(directory), VARIABLE))
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise JobFailed(["%s cannot be written: %s" % (path, error.strerror)]) from None
    return path


def _invocation(execution: Execution) -> facts.Invocation:
    task, usage = execution.task, execution.usage
    return facts.Invocation(
        time=execution.start + execution.duration,
        sequence=execution.sequence,
        task=task.id,
        transformation=task.transformation,
        executable=execution.executable,
        argv=task.argv,
        start=execution.start,
        duration=execution.duration,
        exit_raw=execution.exit_raw,
        utime=usage.utime,
        stime=usage.stime,
        maxrss=usage.maxrss,
        inblock=usage.inblock,
        outblock=usage.outblock,
        minflt=usage.minflt,
        majflt=usage.majflt,
        nvcsw=usage.nvcsw,
        nivcsw=usage.nivcsw,
        pid=execution.pid,
    )


def _check_output(job: Job, output: Output) -> Optional[str]:
    path, watch = inside(job.order.directory, output.path), Stopwatch()
    try:
        digest = digest_of(path, job.stop.check)
    except UnreadableFile as error:
        if output.optional and error.missing:
            job.left_out.add(output.lfn)
            return None
        return "output %s: %s, though the tasks ended well" % (output.lfn, error)
    job.digests[output.lfn] = digest
    job.facts.append(
        facts.Computed(
            time=now(),
            lfn=output.lfn,
            path=path,
            site=job.order.site,
            sha256=digest.sha256,
            size=digest.size,
            duration=watch.elapsed(),
            role="output",
        )
    )
    return None


def _remove_one(removal: Removal) -> Optional[str]:
    if scheme_of(removal.url) != "file":
        return "no way to remove %s; known is file://" % without_credentials(removal.url)
    path = path_of(removal.url)
    try:
        if os.path.isdir(path) and not os.path.islink(path):
            return _remove_directory(path, removal.recursive)
        os.unlink(path)
    except FileNotFoundError:
        pass  # somebody was faster: it is gone, and that is what was wanted
    except OSError as error:
        return "%s cannot be removed: %s" % (path, error.strerror)
    return None


def _remove_directory(path: str, recursive: bool) -> Optional[str]:
    if not recursive:
        return "%s is a directory; only a recursive removal takes it away" % path
    if len([part for part in path.split("/") if part not in ("", ".")]) < 2:
        return "%s is too near the root to be removed with all that is in it" % path
    import shutil

    shutil.rmtree(path)
    return None


def _can_only_be_hoped_for(registration: Registration) -> bool:
    """Say whether a file may be there or not, at a place the worker cannot look at."""
    return registration.optional and scheme_of(registration.url) != "file"


def _registered(job: Job, registration: Registration) -> facts.Registered:
    digest = job.digests.get(registration.lfn)
    size = None if digest is None else digest.size
    if scheme_of(registration.url) == "file":
        descriptor = open_regular(path_of(registration.url))
        try:
            size = os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)
    sha256 = digest.sha256 if digest is not None and digest.size == size else None
    return facts.Registered(now(), registration.lfn, registration.site, registration.url, size, sha256)
