"""What is to be said of an attempt that ended, from its account and from what the engine saw."""

import os
from collections.abc import Mapping
from pathlib import Path

from monitor.attempt import Attempt, Observed, Stated
from monitor.attempt_events import aborted, cut_off, finished, started, vanished
from monitor.local.attempt_files import AttemptFiles
from monitor.local.workers import Ended
from monitor.worker_facts import AttemptAccount, DamagedFactsError, read_account

_TAIL = 8 * 1024  # bytes of stderr
_EXIT_ONE = 1 << 8  # the wait status of a failure that left none


def account_for(
    attempt: Attempt,
    files: AttemptFiles,
    ended: Ended,
    *,
    digests: Mapping[str, str],
    begun: bool,
    stopped: str,
) -> list[Stated]:
    """Everything to say of an attempt; its verdict, JobFinished or JobAborted, comes last.

    ``digests`` are the sha256 by LFN that the run knows; ``begun`` tells that its start was stated before;
    ``stopped`` is the reason for which the run is being stopped, empty when it is not.
    """
    observed = Observed(str(files.record), ended.local_duration, digests)
    try:
        account = read_account(files.facts)
    except DamagedFactsError as error:
        return _vanished(attempt, observed, ended, problem=str(error))
    if account is None:
        return _without_account(attempt, files, observed, ended, stopped)
    beginning = [] if begun else [started(attempt, account)]
    return beginning + _with_account(attempt, account, observed, stopped)


def _with_account(
    attempt: Attempt, account: AttemptAccount, observed: Observed, stopped: str
) -> list[Stated]:
    if stopped and account.finished.exit_raw:
        return cut_off(attempt, account, observed, stopped)
    return finished(attempt, account, observed)


def _without_account(
    attempt: Attempt, files: AttemptFiles, observed: Observed, ended: Ended, stopped: str
) -> list[Stated]:
    if stopped:
        return [aborted(attempt, ended.end, stopped)]
    if ended.exit_raw is None:
        return [aborted(attempt, ended.end, "its engine was killed, and its worker left no account")]
    problem = f"its worker {_how(ended.exit_raw)} and left no account ({files.facts.name})"
    return _vanished(attempt, observed, ended, problem, _tail_of(files.err))


def _vanished(
    attempt: Attempt, observed: Observed, ended: Ended, problem: str, stderr: str = ""
) -> list[Stated]:
    exit_raw = ended.exit_raw or _EXIT_ONE
    return vanished(attempt, exit_raw, problem, observed, start=ended.start, end=ended.end, stderr=stderr)


def _how(exit_raw: int) -> str:
    if os.WIFSIGNALED(exit_raw):
        return f"was killed by signal {os.WTERMSIG(exit_raw)}"
    return f"exited with {os.WEXITSTATUS(exit_raw)}"


def _tail_of(path: Path) -> str:
    try:
        return path.read_bytes()[-_TAIL:].decode("utf-8", "replace")
    except OSError:
        return ""
