"""One run: its identity, its static part, its engine, and its attempts by their numbers."""

from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import PurePath

from eventlog.capping import public_text
from eventlog.facts import FileRegistered, PlanStarted, RunFinished, RunStarted
from monitor.attempt import Stated
from monitor.fact_translation import capped_text
from monitor.pegasus.records import Record
from monitor.pegasus.translation.attempt_files import AttemptFiles, file_ordinal
from monitor.pegasus.translation.attempt_trace import AttemptTrace
from monitor.pegasus.translation.saying import Said
from monitor.pegasus.translation.static_part import StaticPart
from monitor.pegasus.translation.values import UnfitValueError, told, whole
from monitor.pegasus.translation.words import argument_words

ENGINE = "dagman"
MOST_WAITING = 64
"""Attempts whose end was told and that wait for more to be said about them."""

MOST_REMEMBERED = 256
"""Attempts of which everything was said; what is said of them later still finds them."""


class RunTrace:
    """What is known of one run; each method takes a record and gives the facts that it completes."""

    def __init__(self, run: str, root: str) -> None:
        self.run, self.root = run, root
        self.user = ""
        self._plan: PlanStarted | None = None
        self._planned_at: int | None = None
        self._parent_job: str | None = None
        self._static: StaticPart | None = StaticPart(run)
        self._was_told = False
        self._attempts: dict[str, AttemptTrace] = {}
        self._settled: OrderedDict[str, AttemptTrace] = OrderedDict()
        self._waiting: dict[str, None] = {}
        self._places: dict[str, tuple[str, int]] = {}
        self._tries: Counter[str] = Counter()
        self._speaking: AttemptTrace | None = None
        self._without_job = AttemptFiles(run, "", 0)
        self._engines: Counter[str] = Counter()

    def planned(self, record: Record) -> Said:
        """``wf.plan``: the run's identity card. Told again, the static part that follows is told again."""
        fields = record.fields
        self.user = told(fields.get("user")) or told(fields.get("wf.user"))
        if self._static is None:
            self._static = StaticPart(self.run)
            self._forget_attempts()
        self._planned_at = record.time
        workflow_file = told(fields.get("dax.file")) or told(fields.get("dax"))
        self._plan = PlanStarted(
            run=self.run,
            root=self.root,
            workflow=told(fields.get("dax.label")) or PurePath(workflow_file).stem,
            parent_run=told(fields.get("parent.xwf.id")) or None,
            parent_job=self._parent_job,
            workflow_index=told(fields.get("dax.index")) or "0",
            workflow_version=told(fields.get("dax.version")),
            workflow_file=workflow_file,
            planner="pegasus",
            planner_version=told(fields.get("planner.version")) or told(fields.get("pegasus.version")),
            argv=argument_words(fields.get("argv")),
            user=self.user,
            grid_dn=told(fields.get("grid_dn")) or None,
            submit_host=told(fields.get("submit.hostname")),
            submit_directory=told(fields.get("submit.dir")),
            dag_file=told(fields.get("dag.file.name")) or told(fields.get("dag")),
            data_configuration=told(fields.get("data_configuration")),
        )
        return (Stated(self._plan, record.time),)

    def called_by(self, record: Record) -> Said:
        """``xwf.map.subwf_job`` of the parent: which of its jobs this run is."""
        job = record.fields["job.id"]
        if self._parent_job == job:
            return ()
        self._parent_job = job
        if self._plan is not None and self._planned_at is not None:
            self._plan = replace(
                self._plan,
                parent_run=self._plan.parent_run or record.run,
                parent_job=job,
                revision=self._plan.revision + 1,
            )
            return (Stated(self._plan, self._planned_at),)
        return ()

    @property
    def is_being_planned(self) -> bool:
        """Whether what was planned is still to be stated."""
        return self._static is not None

    @property
    def static_part(self) -> StaticPart:
        """Where what was planned is gathered; after it was told, a new one that nobody asks for."""
        return self._static if self._static is not None else StaticPart(self.run)

    def settle_plan(self, time: int) -> Iterator[Stated]:
        """State what was planned, once; ``time`` is when, where no plan said so.

        Of a run that is known by its plan alone it is stated that no more was told: it is a run like others.
        """
        static, self._static = self._static, None
        if static is None or (static.is_empty and (self._plan is None or self._was_told)):
            return
        self._was_told = True
        moment = time if self._planned_at is None else self._planned_at
        for fact in static.facts():
            yield Stated(fact, moment)

    def started(self, record: Record) -> Said:
        """``xwf.start``."""
        fact = RunStarted(
            run=self.run,
            restart=whole(record.fields.get("restart_count")) or 0,
            engine=ENGINE,
            engine_id=told(record.fields.get("engine.id")),
            user=self.user,
            host="" if self._plan is None else self._plan.submit_host,
            ordinal=self._next("started"),
        )
        return (Stated(fact, record.time),)

    def finished(self, record: Record) -> Said:
        """``xwf.end``."""
        fact = RunFinished(
            run=self.run,
            restart=whole(record.fields.get("restart_count")) or 0,
            status=whole(record.fields.get("status")) or 0,
            reason=capped_text(told(record.fields.get("reason"))),
            ordinal=self._next("finished"),
        )
        return (*self.settle_attempts(), Stated(fact, record.time))

    def attempt(self, record: Record) -> AttemptTrace:
        """The attempt that a record is about: the n-th instance of a job is its n-th attempt."""
        instance = _field(record.fields, "job_inst.id")
        known = self._attempts.get(instance) or self._settled.get(instance)
        if known is not None:
            return known
        job = _field(record.fields, "job.id")
        submission = whole(instance)
        if submission is None:
            raise UnfitValueError(f"job_inst.id {instance!r} is no number")
        place = self._places.get(instance)
        if place is None:
            self._tries[job] += 1
            place = self._places[instance] = (job, self._tries[job])
        trace = self._attempts[instance] = AttemptTrace(self.run, *place, submission)
        return trace

    def spoke(self, attempt: AttemptTrace) -> None:
        """An invocation of the attempt was told: what is said about files next, it said."""
        self._speaking = attempt

    def settled(self, record: Record, attempt: AttemptTrace, *, complete: bool) -> Said:
        """State the end of an attempt where nothing more is expected, or of the one that waits longest."""
        instance = record.fields["job_inst.id"]
        if complete:
            self._waiting.pop(instance, None)
            self._remember(instance)
            return attempt.settle()
        self._waiting[instance] = None
        if len(self._waiting) <= MOST_WAITING:
            return ()
        longest = next(iter(self._waiting))
        del self._waiting[longest]
        waiting = self._attempts[longest]
        if not waiting.has_open_script:
            self._remember(longest)
        return waiting.settle()

    def settle_attempts(self) -> Iterator[Stated]:
        """State everything that waits for more to be said."""
        self._waiting.clear()
        for attempt in (*self._attempts.values(), *self._settled.values()):
            yield from attempt.settle()
        yield from self._without_job.settle()

    def described(self, record: Record) -> Said:
        """``rc.meta``: what its job instance said; before the run, the workflow; else who spoke last."""
        instance = record.fields.get("job_inst.id")
        if instance:
            return self.attempt(record).files.described(record)
        if instance is None and self._static is not None:
            self._static.add_file_tag(record.fields)
            return ()
        if instance is None and self._speaking is not None:
            return self._speaking.files.described(record)
        return self._without_job.described(record)

    def registered(self, record: Record) -> Said:
        """``rc.pfn`` and ``file.replica``: a file lies there."""
        fields = record.fields
        lfn, pfn, site = (
            _field(fields, "lfn.id"),
            public_text(_field(fields, "pfn")),
            told(fields.get("site")),
        )
        fact = FileRegistered(
            run=self.run,
            lfn=lfn,
            pfn=pfn,
            site=site,
            size=whole(fields.get("size")),
            sha256=told(fields.get("sha256")) or None,
            ordinal=file_ordinal(lfn, pfn, site),
        )
        return (Stated(fact, record.time),)

    def loose_ends(self) -> Iterator[Stated]:
        """What was seen of attempts that have no end where the trace ends."""
        for attempt in self._attempts.values():
            yield from attempt.unfinished()

    def _remember(self, instance: str) -> None:
        """Put an attempt with those of which everything was said, and let go of the first of them."""
        attempt = self._attempts.pop(instance, None)
        if attempt is not None:
            self._settled[instance] = attempt
        while len(self._settled) > MOST_REMEMBERED:
            self._settled.popitem(last=False)

    def _forget_attempts(self) -> None:
        self._attempts.clear()
        self._settled.clear()
        self._waiting.clear()
        self._speaking = None
        self._engines.clear()

    def _next(self, kind: str) -> int:
        number = self._engines[kind]
        self._engines[kind] = number + 1
        return number


def _field(fields: Mapping[str, str], name: str) -> str:
    value = fields.get(name)
    if not value:
        raise UnfitValueError(f"it has no {name}")
    return value
