"""Records in, events out: the same events, whatever source told of a run."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain

from eventlog.event import DEFAULT_NAMESPACE, Event, Observer
from monitor.attempt import Stated
from monitor.pegasus.records import Record
from monitor.pegasus.reports import Reports
from monitor.pegasus.translation.attempt_trace import POST, PRE, AttemptTrace
from monitor.pegasus.translation.run_trace import RunTrace
from monitor.pegasus.translation.saying import Said
from monitor.pegasus.translation.static_part import StaticPart
from monitor.pegasus.translation.values import UnfitValueError

SOURCE = "pegasus-import"

_OfRun = Callable[[RunTrace, Record], Said]
_OfAttempt = Callable[[AttemptTrace, Record], Said]


def _gathered(add: Callable[[StaticPart, Mapping[str, str]], None]) -> _OfRun:
    """Gather something of the static part; it is stated when all of it was told."""

    def gather(run: RunTrace, record: Record) -> Said:
        add(run.static_part, record.fields)
        return ()

    return gather


class Translator:
    """Translates the records of any number of runs; one for each source that is read."""

    def __init__(self, reports: Reports, namespace: str = DEFAULT_NAMESPACE) -> None:
        self._reports = reports
        self._namespace = namespace
        self._runs: dict[str, RunTrace] = {}
        self._observers: dict[tuple[str, str], Observer] = {}

    def translate(self, record: Record) -> Iterable[Event]:
        """The events that this record completes; a record that cannot be understood is reported.

        They must be taken before the next record is given.
        """
        try:
            run = self._runs.get(record.run)
            if run is None or record.event == "xwf.map.subwf_job":
                run = self._about(record)
            of_run = _OF_RUNS.get(record.event)
            stated = self._of_attempt(run, record) if of_run is None else of_run(run, record)
            if record.event == "static.end":
                return self._one_by_one(run, stated)
            return self._events(run, stated) if stated else ()
        except UnfitValueError as error:
            self._reports.unreadable(f"{record.place}: this {record.event} cannot be used: {error}")
        except KeyError as error:
            self._reports.unreadable(f"{record.place}: this {record.event} has no {error.args[0]}")
        return ()

    def settle(self) -> Iterator[Event]:
        """What waits for more to be said, stated as it is known now: for times when nothing comes."""
        for run in self._runs.values():
            yield from self._events(run, run.settle_attempts())

    def finish(self) -> Iterator[Event]:
        """What is left where the source ends."""
        for run in self._runs.values():
            yield from self._one_by_one(run, run.settle_plan(0))
            yield from self._events(run, run.settle_attempts())
            yield from self._events(run, run.loose_ends())

    def _about(self, record: Record) -> RunTrace:
        """The run that a record tells something of: of a sub-workflow, although its parent speaks."""
        name = record.fields["subwf.id"] if record.event == "xwf.map.subwf_job" else record.run
        run = self._runs.get(name)
        if run is None:
            run = self._runs[name] = RunTrace(name, record.root)
        return run

    def _of_attempt(self, run: RunTrace, record: Record) -> Said:
        event = record.event
        of_attempt = _OF_ATTEMPTS.get(event)
        if of_attempt is None:
            return ()
        planned = run.settle_plan(record.time) if run.is_being_planned else ()
        attempt = run.attempt(record)
        stated = of_attempt(attempt, record)
        if event == "inv.end":
            run.spoke(attempt)
        elif event in _ENDS:
            complete = event != "job_inst.main.end" and attempt.is_complete
            stated = chain(stated, run.settled(record, attempt, complete=complete))
        return chain(planned, stated) if planned else stated

    def _events(self, run: RunTrace, stated: Iterable[Stated]) -> list[Event]:
        observer = self._observer(run)
        return [observer.event(each.fact, each.time) for each in stated]

    def _one_by_one(self, run: RunTrace, stated: Said) -> Iterator[Event]:
        """Events that need not stand in memory all at once: those of a large plan would fill it."""
        observer = self._observer(run)
        for each in stated:
            yield observer.event(each.fact, each.time)

    def _observer(self, run: RunTrace) -> Observer:
        who = (run.root, run.user)
        observer = self._observers.get(who)
        if observer is None:
            observer = Observer(
                source=SOURCE, actor=run.user or SOURCE, root=run.root, namespace=self._namespace
            )
            self._observers[who] = observer
        return observer


_OF_RUNS: dict[str, _OfRun] = {
    "wf.plan": RunTrace.planned,
    "static.end": lambda run, record: run.settle_plan(record.time),
    "xwf.start": RunTrace.started,
    "xwf.end": RunTrace.finished,
    "xwf.map.subwf_job": RunTrace.called_by,
    "task.info": _gathered(StaticPart.add_task),
    "task.edge": _gathered(StaticPart.add_task_edge),
    "job.info": _gathered(StaticPart.add_job),
    "job.edge": _gathered(StaticPart.add_job_edge),
    "wf.map.task_job": _gathered(StaticPart.map_task),
    "wf.map.file": _gathered(StaticPart.add_use),
    "file.use": _gathered(StaticPart.add_use),
    "xwf.meta": _gathered(StaticPart.add_workflow_tag),
    "task.meta": _gathered(StaticPart.add_task_tag),
    "rc.meta": RunTrace.described,
    "rc.pfn": RunTrace.registered,
    "file.replica": RunTrace.registered,
}
"""What is done with records about a run."""

_OF_ATTEMPTS: dict[str, _OfAttempt] = {
    "job_inst.pre.start": lambda attempt, record: attempt.script_started(record, PRE),
    "job_inst.pre.term": lambda attempt, record: attempt.script_terminated(record, PRE),
    "job_inst.pre.end": lambda attempt, record: attempt.script_ended(record, PRE),
    "job_inst.submit.start": AttemptTrace.submit_started,
    "job_inst.submit.end": AttemptTrace.submitted,
    "job_inst.grid.submit.end": lambda attempt, record: attempt.submitted(record, "grid"),
    "job_inst.globus.submit.end": lambda attempt, record: attempt.submitted(record, "globus"),
    "job_inst.held.start": AttemptTrace.held,
    "job_inst.held.end": AttemptTrace.released,
    "job_inst.main.start": AttemptTrace.started,
    "job_inst.main.term": AttemptTrace.terminated,
    "job_inst.main.end": AttemptTrace.ended,
    "job_inst.composite": AttemptTrace.summed_up,
    "job_inst.post.start": lambda attempt, record: attempt.script_started(record, POST),
    "job_inst.post.term": lambda attempt, record: attempt.script_terminated(record, POST),
    "job_inst.post.end": lambda attempt, record: attempt.script_ended(record, POST),
    "job_inst.host.info": AttemptTrace.host_told,
    "job_inst.image.info": AttemptTrace.image_changed,
    "job_inst.abort.info": AttemptTrace.aborted,
    "job_inst.remote_error": AttemptTrace.remote_failed,
    "job_inst.note.info": AttemptTrace.noted,
    "job_inst.tag": lambda attempt, record: attempt.files.tagged(record),
    "inv.end": AttemptTrace.invoked,
    "int.metric": lambda attempt, record: attempt.files.summed(record),
    "file.transfer": lambda attempt, record: attempt.files.transferred(record),
    "file.checksum": lambda attempt, record: attempt.files.checksummed(record),
}
"""What is done with records about an attempt."""

_ENDS = frozenset(("job_inst.main.end", "job_inst.composite", "job_inst.post.end"))

TRANSLATED = frozenset((*_OF_RUNS, *_OF_ATTEMPTS))
"""The kinds of record that say something; ``coverage`` tells why others do not."""
