"""One workflow's submit directory, read as far as it has been written."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from monitor.pegasus.records import Record
from monitor.pegasus.reports import Reports
from monitor.pegasus.submit_directory.braindump import Braindump, is_submit_directory
from monitor.pegasus.submit_directory.dag import Dag, read_dag
from monitor.pegasus.submit_directory.dagman_log import DagmanLogParser, parse_lines
from monitor.pegasus.submit_directory.growing_log import GrowingLog, rotated_before
from monitor.pegasus.submit_directory.instances import JobInstance
from monitor.pegasus.submit_directory.job_files import JobFiles
from monitor.pegasus.submit_directory.jobstate_lines import JobstateParser
from monitor.pegasus.submit_directory.local_time import LocalClock, zone_of
from monitor.pegasus.submit_directory.occurrences import Occurrence
from monitor.pegasus.submit_directory.planned import planned_records
from monitor.pegasus.submit_directory.registrations import Registrations
from monitor.pegasus.submit_directory.run_states import RunStates
from monitor.pegasus.submit_directory.scribe import Scribe

SubWorkflow = Callable[[Braindump, JobInstance, Path], Iterator[Record]]

PATIENCE = 10.0
"""Seconds that a file of a job which has just ended may take to be seen, as over a slow file system."""

_LONG_AGO = 60.0


class WorkflowTrace:
    """Reads one workflow; ``sub_workflow`` is asked for what it tells of one that a job submits.

    ``parent`` is the run of the workflow that planned it. ``timezone`` names the zone of the submit host.
    ``clock`` tells the time (seconds since the epoch) where the workflow is followed while it runs: then a
    file that should be there is waited for.
    """

    def __init__(
        self,
        dump: Braindump,
        parent: str | None,
        timezone: str | None,
        reports: Reports,
        sub_workflow: SubWorkflow,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.dump = dump
        self._parent = parent
        self._reports = reports
        self._sub_workflow = sub_workflow
        log = dump.directory / f"{dump.dag}.dagman.out"
        self._log = GrowingLog(log)
        year = (dump.planned_at or datetime.now(UTC)).year
        self._parser = DagmanLogParser(LocalClock(zone_of(dump.planned_at, timezone)), year)
        self._files = JobFiles(dump, Dag(), reports.unreadable)
        self._states: RunStates | None = None
        self._clock = clock
        self._occurrences: Iterator[Occurrence] = iter(())
        self._waiting: Occurrence | None = None
        self._waits_since: float | None = None
        self._not_found: list[JobInstance] = []

    @property
    def is_running(self) -> bool:
        """Whether the log says that DAGMan runs, or has not begun."""
        return self._states is None or self._states.is_running

    @property
    def registrations(self) -> Registrations:
        """The replicas that were spoken of, and whose files are known."""
        return self._states.registrations if self._states is not None else Registrations()

    def planned(self) -> Iterator[Record]:
        """What the planner wrote down."""
        return planned_records(self.dump, self._parent, self._reports)

    def read_on(self) -> Iterator[Record]:
        """What happened since the last time, as far as whole lines say it."""
        if self._states is None:
            if not self._log.path.is_file() and not rotated_before(self._log.path):
                return
            self._states = self._begin(self._log.path)
        yield from self._found_late()
        if self._waiting is None:
            self._occurrences = parse_lines(self._parser, self._log.lines())
        yield from self._records(self._states, self._ready(self._states))

    def read_the_rest(self) -> Iterator[Record]:
        """What there is where nothing is written any more: an unended last line, another monitor's notes."""
        if self._states is None:
            yield from self._from_jobstate_log()
        elif (rest := self._log.rest) and self._parser.ends_run(rest):
            yield from self._records(self._states, parse_lines(self._parser, iter([rest])))
        for instance in self._not_found:
            log = instance.submit_file.dagman_log
            self._reports.unreadable(
                f"{log}: the sub-workflow of {instance.job} has no submit directory there"
            )

    def close(self) -> None:
        """Let go of the log."""
        self._log.close()

    def _begin(self, log: Path) -> RunStates:
        dag = self._dag()
        self._files = JobFiles(self.dump, dag, self._reports.unreadable)
        scribe = Scribe(self.dump.run, self.dump.root, str(log))
        return RunStates(scribe, self.dump, dag, self._files, self._submitted)

    def _dag(self) -> Dag:
        path = self.dump.directory / self.dump.dag
        try:
            return read_dag(path)
        except OSError as error:
            why = error.strerror or error
            self._reports.unreadable(f"{path}: {why}: which scripts its jobs have is not known")
            return Dag()

    def _ready(self, states: RunStates) -> Iterator[Occurrence]:
        """What can be told now: up to the end of a job whose files cannot be seen yet."""
        while True:
            occurrence = self._waiting or next(self._occurrences, None)
            self._waiting = None
            if occurrence is None:
                return
            missing = states.needs(occurrence) if self._clock is not None else None
            if missing is not None and not missing.exists() and self._waits(self._clock):
                self._waiting = occurrence
                return
            self._waits_since = None
            yield occurrence

    def _waits(self, clock: Callable[[], float] | None) -> bool:
        if clock is None:
            return False
        now = clock()
        if self._waits_since is None:
            try:
                written = self._log.path.stat().st_mtime
            except OSError:
                return False
            if now - written > _LONG_AGO:
                return False
            self._waits_since = now
        return now - self._waits_since < PATIENCE

    def _records(self, states: RunStates, occurrences: Iterator[Occurrence]) -> Iterator[Record]:
        for occurrence in occurrences:
            yield from states.take(occurrence)

    def _from_jobstate_log(self) -> Iterator[Record]:
        path = self.dump.directory / (self.dump.get("jsd") or "jobstate.log")
        path = self.dump.directory / path.name
        if not path.is_file():
            self._reports.note(
                f"{self._log.path}: not there, nor jobstate.log: nothing but the plan is known"
            )
            return
        self._reports.note(f"{self._log.path}: not there: read from {path} instead")
        parser, states = JobstateParser(), self._begin(path)
        with path.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                yield from self._records(states, parser.parse(line))

    def _submitted(self, instance: JobInstance) -> Iterator[Record]:
        if instance.submit_file.dagman_log is None:
            return
        folder = self._sub_directory(instance.submit_file.dagman_log, instance.output_number)
        if folder is None:
            self._not_found.append(instance)
        else:
            yield from self._sub_workflow(self.dump, instance, folder)

    def _found_late(self) -> Iterator[Record]:
        """The sub-workflows that were submitted before their directories could be seen."""
        waiting, self._not_found = self._not_found, []
        for instance in waiting:
            yield from self._submitted(instance)

    def _sub_directory(self, log: str, attempt: int) -> Path | None:
        """Where a sub-workflow was planned: each planning makes a directory of its own, numbered from 000."""
        planned = self.dump.here(log).parent
        numbered = (planned.with_name(f"{planned.name}.{number:03}") for number in (attempt, 0))
        return next((folder for folder in (*numbered, planned) if is_submit_directory(folder)), None)
