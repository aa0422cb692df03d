"""The local engine: brings the jobs of one plan to their end on this machine.

Whatever it is about to do stands on the log before it does it; whatever a worker did stands there before the
engine goes by it. So an engine that dies at any point leaves a log from which the next one goes on.
"""

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

from eventlog.errors import HoofprintError, UnavailableError
from eventlog.facts import JobFinished, JobStarted, JobSubmitted, RunFinished, RunStarted
from monitor.attempt import Attempt
from monitor.local.attempt_files import AttemptFiles, attempt_files
from monitor.local.journal import Journal
from monitor.local.schedule import JobState, Schedule
from monitor.local.stopping import Stop
from monitor.local.verdict import account_for
from monitor.local.workers import Ended, Workers, still_runs
from monitor.orders import GRACE, Papers, make_order
from monitor.plan_state import ENGINE_LOST, AttemptState
from monitor.progress import JobFailure, Progress, ProgressListener, RunOutcome
from planner.executable import ExecutableWorkflow

_PATIENCE = GRACE + 5.0  # seconds between asking workers to end and ending them
_LEAVE = 3  # requests to stop after which the engine leaves whatever still runs


class Engine:
    """One engine's time with one plan; ``run`` once."""

    def __init__(
        self,
        plan: ExecutableWorkflow,
        directory: Path,
        *,
        journal: Journal,
        schedule: Schedule,
        workers: Workers,
        clock: Callable[[], int],
        stop: Stop,
        listener: ProgressListener | None,
    ) -> None:
        self._plan = plan
        self._run = plan.header.run
        self._directory = directory
        self._journal = journal
        self._state = journal.state
        self._schedule = schedule
        self._workers = workers
        self._clock = clock
        self._stop = stop
        self._listener = listener
        self._attempts: dict[int, Attempt] = {}
        self._failures: dict[int, JobFailure] = {}
        self._retries = 0
        self._kill_at: float | None = None
        self._host = socket.gethostname()

    def run(self) -> RunOutcome:
        """Run until nothing is left to do, or somebody asks to stop.

        Raises UnavailableError when the log cannot take what happened; workers go on, and the next engine
        finds what they did.
        """
        try:
            self._begin()
            self._recover()
            while self._advance():
                for ended in self._workers.wait(self._stop, self._time_left()):
                    self._settle(ended)
                self._heed_stop()
            return self._end()
        except HoofprintError as error:
            if not self._workers:
                raise
            raise UnavailableError(
                f"{error}; {_jobs(len(self._workers))} still at work: run again to pick up what they did"
            ) from error

    def _begin(self) -> None:
        if self._state.abandoned:
            self._say_end(ENGINE_LOST, "the engine ended without a word", self._state.last_time)
        restart = self._state.started + 1
        fact = RunStarted(
            run=self._run,
            restart=restart,
            engine="local",
            engine_id=str(os.getpid()),
            user=self._journal.actor,
            host=self._host,
            ordinal=restart,
        )
        self._journal.say(fact, self._clock())

    def _recover(self) -> None:
        """Take over what an earlier engine left: verdicts, running workers, accounts nobody read."""
        for position, job in enumerate(self._plan.jobs):
            history = self._state.jobs.get(job.name)
            if history is None or history.state is None:
                continue
            succeeded = history.state is AttemptState.SUCCEEDED
            self._schedule.restore(position, succeeded=succeeded, failures=history.failures)
            if history.state.open:
                self._attempts[position] = Attempt(self._run, job, history.attempt)
                self._schedule.start(position)
        for position in list(self._attempts):
            self._take_over(position)

    def _take_over(self, position: int) -> None:
        files = self._files(position)
        if still_runs(files):
            self._workers.adopt(position, files)
        else:
            now = self._clock()
            self._settle(Ended(position, None, now, now, None))

    def _advance(self) -> bool:
        """Start what may start; False when there is nothing to wait for."""
        chosen = [] if self._stop.requests else self._choose()
        self._journal.flush()
        for position in chosen:
            self._launch(position)
        self._journal.flush()
        self._tell()
        return len(self._workers) > 0 and self._stop.requests < _LEAVE

    def _choose(self) -> list[int]:
        chosen = []
        while (position := self._schedule.start_next()) is not None:
            job = self._plan.jobs[position]
            attempt = Attempt(self._run, job, self._state.history(job.name).attempt + 1)
            self._attempts[position] = attempt
            fact = JobSubmitted(
                run=self._run,
                job=job.name,
                attempt=attempt.number,
                submission=self._state.submissions + 1,
                site=job.site,
            )
            self._journal.say(fact, self._clock())
            chosen.append(position)
        return chosen

    def _launch(self, position: int) -> None:
        attempt, files = self._attempts[position], self._files(position)
        papers = Papers(record=str(files.record), facts=str(files.facts))
        order = make_order(
            self._plan.header,
            attempt.job,
            attempt.number,
            papers,
            digests=self._state.digests,
            directory=str(self._directory),
        )
        now = self._clock()
        pid = self._workers.launch(position, files, order)
        fact = JobStarted(
            run=self._run,
            job=attempt.job.name,
            attempt=attempt.number,
            host=self._host,
            scheduler_id=str(pid),
        )
        self._journal.say(fact, now)

    def _settle(self, ended: Ended) -> None:
        """State all that is known of an attempt that ended, and go by its verdict."""
        files = self._files(ended.position)
        attempt = self._attempts.pop(ended.position)
        begun = self._state.history(attempt.job.name).state is not AttemptState.SUBMITTED
        stated = account_for(
            attempt, files, ended, digests=self._state.digests, begun=begun, stopped=self._stop.reason
        )
        for each in stated:
            self._journal.say(each.fact, each.time)
        verdict = stated[-1].fact
        if isinstance(verdict, JobFinished) and verdict.exit_raw == 0:
            self._schedule.succeed(ended.position)
            files.tidy()
        elif isinstance(verdict, JobFinished):
            self._count_failure(ended.position, verdict, files)
        elif self._stop.requests:
            self._schedule.cut_off(ended.position)
        else:
            self._schedule.repeat(ended.position)

    def _count_failure(self, position: int, verdict: JobFinished, files: AttemptFiles) -> None:
        again = self._schedule.fail(position)
        failure = JobFailure(
            job=verdict.job,
            attempt=verdict.attempt,
            exit_raw=verdict.exit_raw,
            problem=verdict.problem,
            stderr_tail=verdict.stderr_tail,
            record=str(files.record),
            final=not again,
        )
        self._retries += again
        self._failures[position] = failure
        if self._listener is not None:
            self._listener.failed(failure)

    def _heed_stop(self) -> None:
        if not self._stop.requests:
            return
        if self._kill_at is None:
            self._kill_at = time.monotonic() + _PATIENCE
            self._workers.terminate()
        if self._stop.requests > 1 or time.monotonic() >= self._kill_at:
            self._workers.kill()

    def _time_left(self) -> float | None:
        if self._kill_at is None:
            return None
        # Past the deadline they are killed again and again: a task may have forked meanwhile.
        return max(0.1, self._kill_at - time.monotonic())

    def _tell(self) -> None:
        if self._listener is not None:
            running = tuple(attempt.job.name for attempt in self._attempts.values())
            self._listener.progressed(Progress(self._schedule.counts(), running, self._retries))

    def _end(self) -> RunOutcome:
        counts = self._schedule.counts()
        status = 0 if counts.succeeded == counts.total else 1
        interrupted = status != 0 and self._stop.requests > 0
        reason = self._reason(interrupted)
        self._say_end(status, reason, self._clock())
        self._journal.flush()
        return RunOutcome(self._run, status, reason, counts, self._final_failures(), interrupted)

    def _say_end(self, status: int, reason: str, time_: int) -> None:
        restart = self._state.started
        fact = RunFinished(run=self._run, restart=restart, status=status, reason=reason, ordinal=restart)
        self._journal.say(fact, time_)

    def _reason(self, interrupted: bool) -> str:
        counts = self._schedule.counts()
        parts = [self._stop.reason] if interrupted else []
        if counts.failed:
            parts.append(f"{_jobs(counts.failed)} failed")
        if counts.cut_off:
            parts.append(f"{_jobs(counts.cut_off)} cut off")
        if counts.running:
            parts.append(f"{_jobs(counts.running)} left running")
        if counts.never_ran:
            parts.append(f"{counts.never_ran} never ran")
        return ", ".join(parts)

    def _final_failures(self) -> tuple[JobFailure, ...]:
        return tuple(
            self._failures.get(position) or self._earlier_failure(position)
            for position in range(len(self._plan.jobs))
            if self._schedule.state(position) is JobState.FAILED
        )

    def _earlier_failure(self, position: int) -> JobFailure:
        job = self._plan.jobs[position]
        attempt = self._state.history(job.name).attempt
        record = attempt_files(self._directory, position, job.name, attempt).record
        problem = "failed under an engine that was killed"
        return JobFailure(job.name, attempt, None, problem, "", str(record), final=True)

    def _files(self, position: int) -> AttemptFiles:
        attempt = self._attempts[position]
        return attempt_files(self._directory, position, attempt.job.name, attempt.number)


def _jobs(count: int) -> str:
    return "1 job" if count == 1 else f"{count} jobs"
