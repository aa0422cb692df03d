"""Carries out an order: its phases one after the other, and the account of them whatever happens."""

import errno
import fcntl
import os
import time
from typing import NamedTuple, Optional, Tuple

from worker.clock import Stopwatch, now
from worker.errors import JobFailed, Stopped, WorkerError
from worker.facts import Finished, Started, write_facts
from worker.job import Job
from worker.landing import discard
from worker.machine import Machine, observe
from worker.order import Order
from worker.phases import PHASES
from worker.places import native
from worker.record import Ended, write_record
from worker.stopping import Stop

_LOCK_PATIENCE = 2.0  # seconds; somebody who only probes the lock holds it for a moment


class _Failure(NamedTuple):
    """Why a job ended early."""

    phase: str
    messages: Tuple[str, ...]
    exit_raw: int


def perform(order: Order, stop: Stop) -> bool:
    """Carry out an order and say whether all went well; leaves the record and the facts in any case.

    Raises WorkerError when nothing was done because another worker holds the lock.
    """
    lock = None if order.lock is None else _hold(native(order.lock))
    start, watch = now(), Stopwatch()
    job = Job(order, observe(), stop, lock)
    job.facts.append(_started(start, order, job.machine))
    failure = _carry_out(job)
    if failure is not None:
        for message in failure.messages:
            job.problem(failure.phase, message)
    if job.metadata is not None:
        discard(job.metadata)
    _tell(job, failure, start, watch)
    if lock is not None:
        # A task that was left behind may still hold a copy of the descriptor.
        fcntl.flock(lock, fcntl.LOCK_UN)
    return failure is None


def _hold(path: str) -> int:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    until = time.monotonic() + _LOCK_PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EINTR):
                raise WorkerError("lock %s cannot be taken: %s" % (path, error.strerror)) from None
            if time.monotonic() > until:
                raise WorkerError("lock %s is held: another worker runs this attempt" % path) from None
        time.sleep(0.05)


def _started(start: int, order: Order, machine: Machine) -> Started:
    known = machine._asdict()
    del known["umask"]
    return Started(time=start, pid=os.getpid(), directory=order.directory, **known)


def _carry_out(job: Job) -> Optional[_Failure]:
    for phase, run in PHASES:
        try:
            job.stop.check()
            run(job)
        except Stopped as stopped:
            return _Failure(phase, (str(stopped),), stopped.signal)
        except JobFailed as failed:
            return _Failure(phase, failed.messages, failed.exit_raw)
        except (WorkerError, OSError) as error:
            return _Failure(phase, (str(error),), 1 << 8)
        except Exception as error:  # a mistake of ours must not leave a job without an account of it
            return _Failure(
                phase, ("the worker itself failed: %s: %s" % (type(error).__name__, error),), 1 << 8
            )
    return None


def _tell(job: Job, failure: Optional[_Failure], start: int, watch: Stopwatch) -> None:
    exit_raw = 0 if failure is None else failure.exit_raw
    phase = None if failure is None else failure.phase
    messages = () if failure is None else failure.messages
    ended = Ended(start, watch.elapsed(), exit_raw, phase, messages)
    try:
        write_record(job.order, job.machine, job.executions, job.facts, ended)
    except Exception as error:  # the facts still tell all
        job.problem("record", "%s cannot be written: %s" % (job.order.record, error))
    job.facts.append(Finished(now(), exit_raw, phase, _last_words(job, phase)))
    write_facts(native(job.order.facts), job.facts)


def _last_words(job: Job, phase: Optional[str]) -> Optional[str]:
    """Give the last lines of stderr of the task that failed."""
    return job.executions[-1].stderr_tail if phase == "tasks" and job.executions else None
