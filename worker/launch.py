"""Runs one task: no shell, its own process group, and the kernel's account of what it used."""

import errno
import os
import signal
from typing import TYPE_CHECKING, Dict, List, NamedTuple, NoReturn, Optional, Tuple

from worker.clock import Stopwatch, now
from worker.errors import UnreadableFile
from worker.order import Task
from worker.places import inside, native
from worker.stopping import HANDLED, Stop
from worker.streams import Stream, StreamReport, open_input, open_output, report, tail

if TYPE_CHECKING:
    from resource import struct_rusage

_NOT_FOUND = 127 << 8  # the statuses a shell gives
_NOT_RUNNABLE = 126 << 8
_TIMED_OUT = 124 << 8  # as timeout(1), for a task that ended well after it was told to end


class Usage(NamedTuple):
    """Resources of one process and its children: times in microseconds, `maxrss` in KiB.

    `maxrss` is never below the memory of the worker itself, from which the task was forked.
    """

    utime: int
    stime: int
    maxrss: int
    inblock: int
    outblock: int
    minflt: int
    majflt: int
    nswap: int
    msgsnd: int
    msgrcv: int
    nsignals: int
    nvcsw: int
    nivcsw: int


def usage_of(used: "struct_rusage") -> Usage:
    """Give the kernel's account of a process in our units."""
    return Usage(
        utime=int(used.ru_utime * 1000000),
        stime=int(used.ru_stime * 1000000),
        maxrss=used.ru_maxrss,
        inblock=used.ru_inblock,
        outblock=used.ru_oublock,
        minflt=used.ru_minflt,
        majflt=used.ru_majflt,
        nswap=used.ru_nswap,
        msgsnd=used.ru_msgsnd,
        msgrcv=used.ru_msgrcv,
        nsignals=used.ru_nsignals,
        nvcsw=used.ru_nvcsw,
        nivcsw=used.ru_nivcsw,
    )


class Execution(NamedTuple):
    """How one task ran: times in microseconds, `exit_raw` the wait status, `problem` why it failed."""

    task: Task
    sequence: int
    executable: str
    start: int
    duration: int
    pid: int
    exit_raw: int
    usage: Usage
    streams: Tuple[StreamReport, ...]
    stderr_tail: str
    problem: Optional[str]

    @property
    def failure_raw(self) -> int:
        """The status the job fails with because of this task."""
        return self.exit_raw or _TIMED_OUT


class _Ended(NamedTuple):
    """How a process ended, and why it failed, if it did; pid 0 when there was none."""

    pid: int
    exit_raw: int
    usage: Usage
    problem: Optional[str]


class Launcher:
    """Runs the tasks of one job one after the other in its work directory."""

    def __init__(self, directory: str, stop: Stop, environment: Dict[str, str], lock: Optional[int]) -> None:
        """Give each task `environment` over the worker's own, and the lock's descriptor to hold on to."""
        self._directory = directory
        self._stop = stop
        self._environment = environment
        self._lock = lock

    def run(self, task: Task, sequence: int) -> Execution:
        """Run a task to its end; what goes wrong is told in the execution, never raised."""
        executable = inside(self._directory, task.executable)
        start, watch = now(), Stopwatch()
        streams: Tuple[Stream, ...] = ()
        try:
            streams = self._streams(task)
            ended = self._launch(task, executable, streams)
        except UnreadableFile as error:
            ended = _Ended(0, 1 << 8, _NO_USAGE, str(error))
        duration = watch.elapsed()
        return Execution(
            task=task,
            sequence=sequence,
            executable=executable,
            start=start,
            duration=duration,
            pid=ended.pid,
            exit_raw=ended.exit_raw,
            usage=ended.usage,
            stderr_tail=tail(streams[2]) if streams else "",
            streams=tuple(report(stream) for stream in streams),
            problem=ended.problem and "task %s (%s): %s" % (task.id, task.transformation, ended.problem),
        )

    def _streams(self, task: Task) -> Tuple[Stream, ...]:
        opened = [open_input(self._directory, task.stdin)]
        try:
            opened.append(open_output(self._directory, task.stdout, "stdout"))
            if task.stderr is not None and task.stderr == task.stdout:
                opened.append(Stream("stderr", opened[1].path, os.dup(opened[1].descriptor), False))
            else:
                opened.append(open_output(self._directory, task.stderr, "stderr"))
        except UnreadableFile:
            for stream in opened:
                os.close(stream.descriptor)
            raise
        return tuple(opened)

    def _launch(self, task: Task, executable: str, streams: Tuple[Stream, ...]) -> _Ended:
        environment = dict(os.environ)
        environment.update((native(name), native(value)) for name, value in task.environment.items())
        environment.update(self._environment)
        argv = [executable] + [native(word) for word in task.argv]
        reading, writing = os.pipe()
        # Blocked until the group is known to the stopper: a signal in between would miss the task.
        signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)
        try:
            pid = os.fork()
            if pid == 0:
                self._become(executable, argv, environment, streams, writing)
            os.close(writing)
            _lead_a_group(pid)
            self._stop.watch(pid, task.timeout)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)
        with os.fdopen(reading, "rb") as pipe:
            failure = pipe.read()
        raw, usage = self._wait(pid)
        if failure:
            raw, problem = _explain_no_start(int(failure), executable)
            return _Ended(pid, raw, usage, problem)
        return _Ended(pid, raw, usage, self._explain(raw, task))

    def _become(
        self,
        executable: str,
        argv: List[str],
        environment: Dict[str, str],
        streams: Tuple[Stream, ...],
        writing: int,
    ) -> NoReturn:
        try:
            os.setpgid(0, 0)
            for target, stream in enumerate(streams):
                os.dup2(stream.descriptor, target)
            if self._lock is not None:
                os.set_inheritable(self._lock, True)
            os.chdir(native(self._directory))
            _reset_signals()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)
            os.execve(executable, argv, environment)  # noqa: S606 - never a shell
        except OSError as error:
            os.write(writing, b"%d" % (error.errno or errno.EIO))
        finally:
            os._exit(127)

    def _wait(self, pid: int) -> Tuple[int, Usage]:
        # Not reaped until the group is released: its number cannot have gone to another process.
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        self._stop.release()
        _, raw, used = os.wait4(pid, 0)
        return raw, usage_of(used)

    def _explain(self, raw: int, task: Task) -> Optional[str]:
        if self._stop.signal is not None:
            return "was stopped, as the worker was terminated by signal %d" % self._stop.signal
        if self._stop.timed_out:
            return "ran longer than its timeout of %g s and was stopped" % (task.timeout or 0)
        if raw & 127:
            return "was killed by signal %d (%s)" % (raw & 127, signal_name(raw & 127))
        return "exited with %d" % (raw >> 8) if raw else None


_NO_USAGE = Usage(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)


def signal_name(number: int) -> str:
    """Give the name of a signal, SIGKILL for 9."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return "signal %d" % number


def _reset_signals() -> None:
    """Let signals end the task again; what the worker's parent chose to ignore stays ignored."""
    for number in HANDLED:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # these two Python ignores for itself
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)


def _lead_a_group(pid: int) -> None:
    try:
        os.setpgid(pid, pid)  # the child does the same; whoever is first, it is done before it is watched
    except OSError:
        pass


def _explain_no_start(number: int, executable: str) -> Tuple[int, str]:
    if number == errno.ENOENT and os.path.exists(executable):
        return _NOT_FOUND, "the interpreter that %s names in its first line (#!) does not exist" % executable
    if number in (errno.ENOENT, errno.ENOTDIR):
        return _NOT_FOUND, "no executable at %s; correct its path, or stage it in" % executable
    if number == errno.EACCES:
        return _NOT_RUNNABLE, "%s may not be executed; make it executable (chmod +x)" % executable
    if number == errno.ENOEXEC:
        return (
            _NOT_RUNNABLE,
            "%s is no program of this machine; a script needs a first line (#!)" % executable,
        )
    return _NOT_RUNNABLE, "%s cannot be executed: %s" % (executable, os.strerror(number))
