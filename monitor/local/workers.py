"""Worker processes on this machine: launched, adopted from a dead engine, waited for, told to stop.

An order file is also a lock: the engine takes it before it launches the worker, which inherits it and hands
it on to its tasks. So whoever finds it free knows that nothing of the attempt lives any more, even if the
engine was killed between two of its steps.
"""

import fcntl
import os
import selectors
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from eventlog.errors import HoofprintError
from monitor.local.attempt_files import AttemptFiles
from monitor.local.stopping import Stop

_ADOPTED_POLL = 0.1  # seconds; the end of a process that is not our child has no descriptor to wait on
_PERSISTENCE = 2.0  # seconds; what cannot be killed within them waits for a disk
_DEFAULT_SIGNALS = (signal.SIGPIPE, signal.SIGXFSZ)  # Python ignores them, programs expect not to


class LaunchError(HoofprintError):
    """A worker cannot be started on this machine."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A worker ended.

    ``exit_raw`` is the worker's own wait status and ``local_duration`` its microseconds, both None for an
    adopted one; ``start`` and ``end`` microseconds since the epoch.
    """

    position: int
    exit_raw: int | None
    start: int
    end: int
    local_duration: int | None


@dataclass(frozen=True, slots=True)
class _Child:
    position: int
    pid: int
    descriptor: int
    files: AttemptFiles
    start: int
    began: int  # monotonic nanoseconds


class Workers:
    """The workers that run now, by the position of their job."""

    def __init__(self, command: tuple[str, ...], clock: Callable[[], int]) -> None:
        self._command = command
        self._clock = clock
        self._selector = selectors.DefaultSelector()
        self._children: dict[int, _Child] = {}
        self._adopted: dict[int, tuple[AttemptFiles, int]] = {}

    def __len__(self) -> int:
        return len(self._children) + len(self._adopted)

    def launch(self, position: int, files: AttemptFiles, order: bytes) -> int:
        """Start a worker on an order and return its process id; raises LaunchError."""
        try:
            files.order.parent.mkdir(parents=True, exist_ok=True)
            files.facts.unlink(missing_ok=True)
            start, began = self._clock(), time.monotonic_ns()
            pid = self._spawn(files, order)
            descriptor = os.pidfd_open(pid)
        except OSError as error:
            raise LaunchError(f"{files.order}: its worker cannot be started: {error.strerror}") from error
        child = _Child(position, pid, descriptor, files, start, began)
        self._children[position] = child
        self._selector.register(descriptor, selectors.EVENT_READ, child)
        return pid

    def adopt(self, position: int, files: AttemptFiles) -> None:
        """Watch over a worker that an earlier engine launched."""
        self._adopted[position] = (files, self._clock())

    def wait(self, stop: Stop, timeout: float | None) -> list[Ended]:
        """Wait until a worker ends, somebody asks to stop, or ``timeout`` seconds pass; who ended since."""
        if self._adopted:
            timeout = min(_ADOPTED_POLL, timeout if timeout is not None else _ADOPTED_POLL)
        watched = self._selector.register(stop, selectors.EVENT_READ)
        try:
            ready = [key for key, _ in self._selector.select(timeout)]
        finally:
            self._selector.unregister(stop)
        if watched in ready:
            stop.clear()
        children = [key.data for key in ready if isinstance(key.data, _Child)]
        return [self._reap(child) for child in children] + self._released()

    def terminate(self) -> None:
        """Ask every worker to end its tasks and itself."""
        for child in self._children.values():
            os.kill(child.pid, signal.SIGTERM)
        _signal_holders((files.order for files, _ in self._adopted.values()), signal.SIGTERM)

    def kill(self) -> None:
        """End every worker and all of its tasks at once."""
        orders = [child.files.order for child in self._children.values()]
        orders += [files.order for files, _ in self._adopted.values()]
        _signal_holders(orders, signal.SIGKILL)

    def close(self) -> None:
        """Let go of descriptors; workers that still run go on."""
        for child in self._children.values():
            os.close(child.descriptor)
        self._selector.close()

    def _spawn(self, files: AttemptFiles, order: bytes) -> int:
        descriptor = os.open(files.order, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            _write_all(descriptor, order)
            os.set_inheritable(descriptor, True)
            argv = (*self._command, str(files.order))
            redirect = (
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(files.err), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            )
            # A session of its own: Ctrl-C at the terminal reaches the engine alone, which passes it on.
            return os.posix_spawn(
                argv[0], argv, os.environ, file_actions=redirect, setsid=True, setsigdef=_DEFAULT_SIGNALS
            )
        finally:
            os.close(descriptor)

    def _reap(self, child: _Child) -> Ended:
        _, status = os.waitpid(child.pid, 0)
        if os.WIFSIGNALED(status):
            _end_left_behind(child.files.order)
        elapsed = (time.monotonic_ns() - child.began) // 1000
        self._selector.unregister(child.descriptor)
        os.close(child.descriptor)
        del self._children[child.position]
        return Ended(child.position, status, child.start, child.start + elapsed, elapsed)

    def _released(self) -> list[Ended]:
        ended = []
        for position, (files, start) in list(self._adopted.items()):
            if not still_runs(files):
                del self._adopted[position]
                ended.append(Ended(position, None, start, self._clock(), None))
        return ended


def still_runs(files: AttemptFiles) -> bool:
    """Whether an attempt's worker, or a task of it, is alive and has not given its account yet."""
    return not files.facts.exists() and _is_held(files.order)


def _is_held(order: Path) -> bool:
    try:
        descriptor = os.open(order, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _end_left_behind(order: Path) -> None:
    """End the tasks of a worker that was killed: they must not meet the next attempt in its directory."""
    until = time.monotonic() + _PERSISTENCE
    while _is_held(order) and time.monotonic() < until:
        _signal_holders([order], signal.SIGKILL)  # again and again: a task may fork meanwhile
        time.sleep(_PERSISTENCE / 100)


def _write_all(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def _signal_holders(orders: Iterable[Path], number: signal.Signals) -> None:
    wanted = {str(order) for order in orders}
    if not wanted:
        return
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid() and _holds(process, wanted):
            _send(int(process.name), number)


def _holds(process: Path, orders: set[str]) -> bool:
    try:
        return any(
            os.readlink(link) in orders and "FLOCK" in (process / "fdinfo" / link.name).read_text()
            for link in (process / "fd").iterdir()
        )
    except OSError:
        return False  # gone meanwhile, or somebody else's


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
