"""One workflow's submit directory, read as far as it has been written."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from eventlog.errors import InputError
from monitor.pegasus.records import Record
from monitor.pegasus.reports import Reports
from monitor.pegasus.submit_directory.braindump import Braindump, is_submit_directory
from monitor.pegasus.submit_directory.dag import Dag, presumed_dag, read_dag
from monitor.pegasus.submit_directory.dagman_log import DagmanLogParser, parse_lines
from monitor.pegasus.submit_directory.growing_log import GrowingLog, rotated_before
from monitor.pegasus.submit_directory.instances import JobInstance
from monitor.pegasus.submit_directory.job_files import JobFiles
from monitor.pegasus.submit_directory.jobstate_lines import JobstateParser
from monitor.pegasus.submit_directory.local_time import LocalClock, zone_of
from monitor.pegasus.submit_directory.occurrences import Occurrence
from monitor.pegasus.submit_directory.planned import planned_records, planned_time
from monitor.pegasus.submit_directory.planning import what_is_awaited
from monitor.pegasus.submit_directory.registrations import Registrations
from monitor.pegasus.submit_directory.run_states import RunStates
from monitor.pegasus.submit_directory.scribe import Scribe

SubWorkflow = Callable[[Braindump, JobInstance, Path], Iterator[Record]]

PATIENCE = 30.0
"""Seconds that a file may take to be seen after the line that tells of it, as over a slow file system."""

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
        zone, began = zone_of(dump.planned_at, timezone), dump.planned_at or datetime.now(UTC)
        since = planned_time(dump) if dump.planned_at is not None else None
        self._parser = DagmanLogParser(LocalClock(zone, since), began.year, began.month)
        self._files = JobFiles(dump, Dag(), reports.unreadable)
        self._states: RunStates | None = None
        self._clock = clock
        self._occurrences: Iterator[Occurrence] = iter(())
        self._says_nothing = True
        self._waiting: Occurrence | None = None
        self._patient_until = 0.0
        self._given_up: list[Path] = []
        self._not_found: list[JobInstance] = []
        self._trouble = ""

    @property
    def is_running(self) -> bool:
        """Whether the log says that DAGMan runs, or has not begun."""
        return self._states is None or self._states.is_running

    @property
    def is_waiting(self) -> bool:
        """Whether something is known that is told only when a file can be seen."""
        return self._waiting is not None

    @property
    def is_overtaken(self) -> bool:
        """Whether a file that was waited for in vain is there by now."""
        return any(map(_can_be_read, self._given_up))

    @property
    def registrations(self) -> Registrations:
        """The replicas that were spoken of, and whose files are known."""
        return self._states.registrations if self._states is not None else Registrations(Dag())

    def planned(self) -> Iterator[Record]:
        """What the planner wrote down."""
        return planned_records(self.dump, self._parent, self._reports)

    def read_on(self) -> Iterator[Record]:
        """What happened since the last time, as far as whole lines say it."""
        if self._states is None:
            if not self._can_begin():
                return
            self._states = self._begin(self._log.path)
        yield from self._found_late(is_over=False)
        if self._waiting is None:
            self._patient_until = self._patience_ends()
            self._occurrences = parse_lines(self._parser, self._log.lines())
        yield from self._records(self._states, self._ready(self._states))
        if self._log.trouble is not None:
            self._tell_of_trouble(self._log.path, self._log.trouble)
        if not self._states.is_running and not self.is_waiting:
            self._log.pause()

    def read_the_rest(self) -> Iterator[Record]:
        """What there is where nothing is written any more: an unended last line, another monitor's notes."""
        if self._states is not None and (rest := self._log.rest) and self._parser.ends_run(rest):
            yield from self._records(self._states, self._noticed(parse_lines(self._parser, iter([rest]))))
        if self._says_nothing and not self.is_waiting:
            yield from self._from_jobstate_log()
        yield from self._found_late(is_over=True)
        for instance in self._not_found:
            log = instance.submit_file.dagman_log
            self._reports.unreadable(
                f"{log}: the sub-workflow of {instance.job} has no submit directory there"
            )

    def close(self) -> None:
        """Let go of the log."""
        self._log.close()

    def _can_begin(self) -> bool:
        """Whether DAGMan has a log and, where it is followed, the DAG can be seen by which it is read."""
        log = self._log.path
        try:
            if not log.is_file() and not rotated_before(log):
                return False
        except OSError as error:
            self._tell_of_trouble(log, error)
            return False
        dag = self.dump.directory / self.dump.dag
        if self._clock is None or _can_be_read(dag):
            return True
        self._patient_until = self._patient_until or self._patience_ends()
        return self._clock() >= self._patient_until

    def _begin(self, log: Path) -> RunStates:
        dag = self._dag()
        self._files = JobFiles(self.dump, dag, self._reports.unreadable)
        scribe = Scribe(self.dump.run, self.dump.root, str(log))
        return RunStates(scribe, self.dump, dag, self._files, self._submitted)

    def _dag(self) -> Dag:
        path = self.dump.directory / self.dump.dag
        try:
            dag, why = read_dag(path), "names no job"
        except OSError as error:
            dag, why = Dag(), error.strerror or str(error)
        presumed = Dag() if len(dag) else presumed_dag(self.dump.directory)
        if len(presumed):
            self._reports.unreadable(f"{path}: {why}: jobs are known by their files, PRE scripts are not")
            return presumed
        if why != "names no job":
            self._reports.unreadable(f"{path}: {why}: which scripts its jobs have is not known")
        return dag

    def _ready(self, states: RunStates) -> Iterator[Occurrence]:
        """What can be told now: up to one that tells of a file which cannot be seen yet."""
        while True:
            occurrence = self._waiting or next(self._occurrences, None)
            self._waiting = None
            if occurrence is None:
                return
            self._says_nothing = False
            missing = states.needs(occurrence) if self._clock is not None else None
            if missing is not None and not _can_be_read(missing):
                if self._is_patient():
                    self._waiting = occurrence
                    return
                self._given_up.append(missing)
            yield occurrence

    def _is_patient(self) -> bool:
        return self._clock is not None and self._clock() < self._patient_until

    def _patience_ends(self) -> float:
        """Until when files are waited for of which the lines tell that are there now."""
        if self._clock is None:
            return 0.0
        now = self._clock()
        try:
            written = self._log.path.stat().st_mtime
        except OSError:
            return now + PATIENCE
        return now + PATIENCE if now - written <= _LONG_AGO else now

    def _noticed(self, occurrences: Iterator[Occurrence]) -> Iterator[Occurrence]:
        for occurrence in occurrences:
            self._says_nothing = False
            yield occurrence

    def _tell_of_trouble(self, path: Path, error: OSError) -> None:
        """Say once why a log cannot be read; where it is followed it is tried again."""
        message = f"{path}: {error.strerror or error}: what it says is not known"
        if message != self._trouble:
            self._trouble = message
            tell = self._reports.unreadable if self._clock is None else self._reports.note
            tell(message)

    def _records(self, states: RunStates, occurrences: Iterator[Occurrence]) -> Iterator[Record]:
        for occurrence in occurrences:
            yield from states.take(occurrence)

    def _from_jobstate_log(self) -> Iterator[Record]:
        path, why = self._noted_by_a_monitor(), self._why_silent()
        if path is None:
            self._reports.note(
                f"{self._log.path}: {why}, nor jobstate.log: nothing but the plan is known{self._who_else()}"
            )
            return
        self._reports.note(f"{self._log.path}: {why}: read from {path} instead")
        parser, self._states = JobstateParser(), self._begin(path)
        with path.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                yield from self._records(self._states, self._noticed(parser.parse(line)))

    def _noted_by_a_monitor(self) -> Path | None:
        """The jobstate.log that can be read, or where it is gone, the last one that was put aside."""
        path = self.dump.directory / Path(self.dump.get("jsd") or "jobstate.log").name
        candidates = (path, *reversed(rotated_before(path)))
        return next((each for each in candidates if os.path.isfile(each) and _can_be_read(each)), None)

    def _why_silent(self) -> str:
        if self._parser.line:
            return f"no line of {self._parser.line} has a time and tells of the run"
        if self._log.trouble is not None:
            return "not readable"
        return "empty" if os.path.isfile(self._log.path) else "not there"

    def _who_else(self) -> str:
        database = next(self.dump.directory.glob("*.stampede.db"), None)
        return "" if database is None else f"; import {database}, too"

    def _submitted(self, instance: JobInstance) -> Iterator[Record]:
        if instance.submit_file.dagman_log is not None:
            yield from self._mapped(instance, instance.submit_file.dagman_log, is_over=False)

    def _mapped(self, instance: JobInstance, log: str, *, is_over: bool) -> Iterator[Record]:
        folder = self._sub_directory(log, instance.output_number)
        if folder is None or (not is_over and self._is_awaited(folder)):
            self._not_found.append(instance)
            return
        try:
            yield from self._sub_workflow(self.dump, instance, folder)
        except InputError as error:
            self._reports.unreadable(f"sub-workflow of {instance.job}: {error}")

    def _is_awaited(self, folder: Path) -> bool:
        return self._clock is not None and what_is_awaited(folder, self._clock()) is not None

    def _found_late(self, *, is_over: bool) -> Iterator[Record]:
        """The sub-workflows that were submitted before their directories could be seen."""
        waiting, self._not_found = self._not_found, []
        for instance in waiting:
            yield from self._mapped(instance, instance.submit_file.dagman_log or "", is_over=is_over)

    def _sub_directory(self, log: str, attempt: int) -> Path | None:
        """Where a sub-workflow was planned: each planning makes a directory of its own, numbered from 000."""
        planned = self.dump.here(log).parent
        numbered = (planned.with_name(f"{planned.name}.{number:03}") for number in (attempt, 0))
        return next((folder for folder in (*numbered, planned) if is_submit_directory(folder)), None)


def _can_be_read(path: Path) -> bool:
    return os.access(path, os.R_OK)
