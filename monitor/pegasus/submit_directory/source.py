"""A submit directory as a source of records: its workflow and every sub-workflow below it."""

from collections.abc import Callable, Iterator
from pathlib import Path

from monitor.pegasus.records import Record
from monitor.pegasus.reports import Reports
from monitor.pegasus.storable_text import storable_record
from monitor.pegasus.submit_directory.braindump import Braindump, braindump_path, read_braindump
from monitor.pegasus.submit_directory.cached_metadata import cached_metadata
from monitor.pegasus.submit_directory.instances import JobInstance
from monitor.pegasus.submit_directory.planned import planned_time
from monitor.pegasus.submit_directory.planning import what_is_awaited
from monitor.pegasus.submit_directory.replicas import stored_replicas
from monitor.pegasus.submit_directory.workflow_trace import WorkflowTrace


class SubmitDirectory:
    """The submit directory ``path``, of a root workflow or of a sub-workflow.

    ``timezone`` names the submit host's zone (DAGMan writes local times without one); without it the offset
    counts at which the run was planned. ``clock`` is given where workflows are followed while they run.
    """

    def __init__(
        self,
        path: Path,
        reports: Reports,
        timezone: str | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.path = path
        self._reports = reports
        self._timezone = timezone
        self._clock = clock
        self._traces: dict[Path, WorkflowTrace] = {}
        self._noted_at: tuple[int, int] | None = None
        self._awaited: str | None = None

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path)

    @property
    def is_running(self) -> bool:
        """Whether its workflow has not ended, as far as it was read, or something of it is waited for."""
        traces = self._traces.values()
        return next((trace.is_running for trace in traces), True) or any(each.is_waiting for each in traces)

    @property
    def is_overtaken(self) -> bool:
        """Whether there is something by now that was waited for in vain: read anew, it tells more."""
        return any(trace.is_overtaken for trace in self._traces.values())

    def records(self) -> Iterator[Record]:
        """Everything that is there now.

        Raises ``InputError`` where the directory is none of Pegasus' or its .dag is unknown.
        """
        try:
            yield from self.read_on()
            yield from self.rest()
        finally:
            self.close()

    def read_on(self) -> Iterator[Record]:
        """What was written since the last time: the plan first, then what happened; sub-workflows as they
        are submitted.

        Where it is followed, a directory that is not planned yet says nothing, and one that was planned anew
        is read anew. Raises ``InputError`` as ``records``.
        """
        return map(storable_record, self._read_on())

    def _read_on(self) -> Iterator[Record]:
        if self._clock is not None and self._is_awaited(self._clock()):
            return
        if not self._traces:
            yield from self._opened(read_braindump(self.path), None)
        for trace in self._in_turn():
            yield from trace.read_on()

    def rest(self) -> Iterator[Record]:
        """What is known once nothing more is written: a last line without end, the registered replicas."""
        return map(storable_record, self._rest())

    def _rest(self) -> Iterator[Record]:
        for trace in self._in_turn():
            yield from trace.read_the_rest()
            yield from trace.read_on()
            yield from cached_metadata(trace.dump, trace.registrations, self._reports)
            yield from stored_replicas(trace.dump, trace.registrations.told, self._reports)

    def _in_turn(self) -> Iterator[WorkflowTrace]:
        """Every workflow; one that is read may add sub-workflows, whose turn comes after it."""
        read = 0
        while read < len(self._traces):
            for trace in tuple(self._traces.values())[read:]:
                read += 1
                yield trace

    def close(self) -> None:
        """Let go of every log, and of what was read."""
        for trace in self._traces.values():
            trace.close()
        self._traces.clear()

    def _is_awaited(self, now: float) -> bool:
        """Whether there is nothing to be read yet; where another run was planned there, it is begun anew."""
        if self._is_planned_anew():
            self.close()
        if self._traces:
            return False
        why = what_is_awaited(self.path, now)
        if why is not None and why != self._awaited:
            self._reports.note(f"{self.path}: waiting: {why}")
        self._awaited = why
        return why is not None

    def _is_planned_anew(self) -> bool:
        path = braindump_path(self.path)
        if path is None or not self._traces:
            return False
        status = path.stat()
        noted_at = status.st_ino, status.st_mtime_ns
        is_noted, self._noted_at = noted_at == self._noted_at, noted_at
        return not is_noted and read_braindump(self.path).run != next(iter(self._traces.values())).dump.run

    def _opened(self, dump: Braindump, parent: str | None) -> Iterator[Record]:
        trace = WorkflowTrace(dump, parent, self._timezone, self._reports, self._sub_workflow, self._clock)
        self._traces[dump.directory.resolve()] = trace
        yield from trace.planned()

    def _sub_workflow(self, parent: Braindump, instance: JobInstance, folder: Path) -> Iterator[Record]:
        known = self._traces.get(folder.resolve())
        if known is None:
            dump = read_braindump(folder)
            yield from self._opened(dump, parent.run)
        else:
            dump = known.dump
        fields = {"subwf.id": dump.run, "job.id": instance.job, "job_inst.id": str(instance.number)}
        yield Record(
            "xwf.map.subwf_job", planned_time(dump), parent.run, parent.root, fields, str(dump.directory)
        )
