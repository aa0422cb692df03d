"""Turns one attempt's account into event facts: whoever observes it states the same, in the same order.

Ordinals count facts of one type in the order of the account, so that two observers make the same ids.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from eventlog.facts import InvocationRecorded, JobAborted, JobFinished, JobStarted
from monitor.attempt import Attempt, Observed, Stated
from monitor.fact_translation import Countable, capped_tail, capped_text, host_of, translate
from monitor.worker_facts import AttemptAccount, ProblemTold, TaskInvoked, WorkerFact


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
        transformation=attempt.job.transformation,
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
        problem=capped_text(problem),
        stderr_tail=capped_tail(stderr),
    )
    return [Stated(invocation, end), Stated(verdict, end)]


def _in_order(
    attempt: Attempt, account: AttemptAccount, observed: Observed, facts: Iterable[WorkerFact]
) -> list[Stated]:
    counted: Counter[type[Countable]] = Counter()
    stated = []
    for said in facts:
        for fact in translate(attempt, account, observed, said):
            stated.append(Stated(replace(fact, ordinal=counted[type(fact)]), said.time))
            counted[type(fact)] += 1
    return stated


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
        transformation=attempt.job.transformation,
        host=host_of(account.started),
        site=attempt.job.site,
        pid=account.started.pid,
    )
    return Stated(fact, account.finished.time)


def _verdict(attempt: Attempt, account: AttemptAccount, observed: Observed) -> Stated:
    duration = max(0, account.finished.time - account.started.time)
    fact = JobFinished(
        run=attempt.run,
        job=attempt.job.name,
        attempt=attempt.number,
        exit_raw=account.finished.exit_raw,
        local_duration=duration if observed.local_duration is None else observed.local_duration,
        multiplier=attempt.job.cores,
        site=attempt.job.site,
        user=account.started.user,
        work_directory=account.started.directory,
        stdout_file=observed.record,
        host=host_of(account.started),
        problem=capped_text(_problem(account)),
        stderr_tail=capped_tail(account.finished.stderr_tail or ""),
    )
    return Stated(fact, account.finished.time)


def _problem(account: AttemptAccount) -> str:
    """What the worker told, the failing phase's problems first."""
    told = [fact for fact in account.facts if isinstance(fact, ProblemTold)]
    told.sort(key=lambda problem: problem.phase != account.finished.phase)
    return "\n".join(problem.message for problem in told)
