"""What a run's own events say about its jobs: a pure fold, from which an engine resumes.

Facts may come twice (a log may hold duplicates); a fact that was folded before changes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum

from eventlog.facts import (
    ChecksumComputed,
    ChecksumVerified,
    Fact,
    JobAborted,
    JobFinished,
    JobStarted,
    JobSubmitted,
    RunFinished,
    RunStarted,
)

FOLDED = (
    ChecksumComputed,
    ChecksumVerified,
    JobAborted,
    JobFinished,
    JobStarted,
    JobSubmitted,
    RunFinished,
    RunStarted,
)
"""The event types that matter here; a reader may pass over all others."""

ENGINE_LOST = 2
"""The status of a run whose engine ended without a word; its successor states it."""


class AttemptState(IntEnum):
    """How far an attempt is; a higher state is never left for a lower one."""

    SUBMITTED = 1
    STARTED = 2
    ABORTED = 3
    FAILED = 4
    SUCCEEDED = 5

    @property
    def open(self) -> bool:
        """Whether the attempt has not ended yet."""
        return self <= AttemptState.STARTED


@dataclass(slots=True)
class JobHistory:
    """One job's attempts: the latest one, and which failed.

    ``scheduler_id`` is the latest attempt's process; failures of attempts up to ``forgiven`` count no more,
    because the run ended after them and somebody started it again.
    """

    attempt: int = 0
    state: AttemptState | None = None
    scheduler_id: str = ""
    failed: set[int] = field(default_factory=set)
    forgiven: int = 0

    def reach(self, attempt: int, state: AttemptState) -> None:
        """An attempt came to a state."""
        if state is AttemptState.FAILED:
            self.failed.add(attempt)
        if (attempt, state) > (self.attempt, self.state or 0):
            self.attempt, self.state = attempt, state

    @property
    def failures(self) -> int:
        """How many attempts failed that still count against the job's retries."""
        return sum(1 for attempt in self.failed if attempt > self.forgiven)


@dataclass(slots=True)
class PlanState:
    """The state of one run, folded from its facts.

    ``started`` and ``finished`` are the highest restart numbers seen, -1 before the first; ``status`` that of
    the latest end. ``digests`` gives the sha256 of each LFN that a successful attempt computed or verified;
    ``last_time`` the latest event time (microseconds).
    """

    started: int = -1
    finished: int = -1
    status: int | None = None
    submissions: int = 0
    last_time: int = 0
    jobs: dict[str, JobHistory] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    _seen: dict[tuple[str, int], dict[str, str]] = field(default_factory=dict)

    @property
    def abandoned(self) -> bool:
        """Whether an engine began and never said that it ended."""
        return self.started > self.finished

    @property
    def complete(self) -> bool:
        """Whether the run ended with every job succeeded."""
        return self.status == 0 and not self.abandoned

    def fold(self, facts: Iterable[tuple[Fact, int]]) -> None:
        """Take in facts with their times, in log order."""
        for fact, time in facts:
            self.apply(fact, time)

    def apply(self, fact: Fact, time: int) -> None:
        """Take in one fact that happened at ``time``."""
        self.last_time = max(self.last_time, time)
        match fact:
            case RunStarted():
                self.started = max(self.started, fact.restart)
            case RunFinished():
                self._end_run(fact)
            case JobSubmitted(status=0):
                self.submissions = max(self.submissions, fact.submission)
                self.history(fact.job).reach(fact.attempt, AttemptState.SUBMITTED)
            case JobStarted():
                self._start_job(fact)
            case JobAborted():
                self._seen.pop((fact.job, fact.attempt), None)
                self.history(fact.job).reach(fact.attempt, AttemptState.ABORTED)
            case JobFinished():
                self._finish_job(fact)
            case ChecksumComputed() | ChecksumVerified():
                self._see_digest(fact)
            case _:
                return

    def history(self, job: str) -> JobHistory:
        """A job's history, empty for one that never was submitted."""
        return self.jobs.setdefault(job, JobHistory())

    def _end_run(self, fact: RunFinished) -> None:
        if fact.restart <= self.finished:
            return
        self.finished, self.status = fact.restart, fact.status
        if fact.status == ENGINE_LOST:
            return  # the same run goes on under its next engine: failures keep counting
        for history in self.jobs.values():
            history.forgiven = history.attempt

    def _start_job(self, fact: JobStarted) -> None:
        history = self.history(fact.job)
        if fact.attempt >= history.attempt:
            history.scheduler_id = fact.scheduler_id
        history.reach(fact.attempt, AttemptState.STARTED)

    def _finish_job(self, fact: JobFinished) -> None:
        seen = self._seen.pop((fact.job, fact.attempt), {})
        history = self.history(fact.job)
        if fact.exit_raw != 0:
            history.reach(fact.attempt, AttemptState.FAILED)
            return
        if history.state is not AttemptState.SUCCEEDED:
            self.digests.update(seen)
        history.reach(fact.attempt, AttemptState.SUCCEEDED)

    def _see_digest(self, fact: ChecksumComputed | ChecksumVerified) -> None:
        # A digest counts once its attempt succeeded: what a failing attempt left behind is made anew.
        if isinstance(fact, ChecksumComputed):
            digest = fact.sha256
        else:
            digest = fact.found if fact.ok else None
        if fact.lfn is None or digest is None:
            return
        history = self.history(fact.job)
        if fact.attempt >= history.attempt and history.state is not AttemptState.SUCCEEDED:
            self._seen.setdefault((fact.job, fact.attempt), {})[fact.lfn] = digest
