"""One attempt of a job: what records say of it, gathered where several of them make one fact."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from eventlog.facts import (
    InvocationRecorded,
    JobAborted,
    JobEvicted,
    JobFinished,
    JobHeld,
    JobNoted,
    JobReleased,
    JobStarted,
    JobSubmitted,
    ScriptFinished,
)
from monitor.attempt import Stated
from monitor.fact_translation import capped_text
from monitor.pegasus.records import Record
from monitor.pegasus.translation.attempt_files import AttemptFiles
from monitor.pegasus.translation.hosts import host_of
from monitor.pegasus.translation.saying import Said
from monitor.pegasus.translation.values import fraction, microseconds, moment, told, whole
from monitor.pegasus.translation.words import argument_words, last_words

PRE, POST = "pre", "post"
_SCRIPTS = {-1: PRE, -2: POST}
_ROUTES = {"": 0, "grid": 1, "globus": 2}
_KIBIBYTE = 1024
_LOOSE_ENDS = 1_000_000

ENDS_OF_NOTES: Mapping[str, tuple[type[JobFinished | ScriptFinished], int]] = {
    "job-terminated": (JobFinished, 0),
    "pre-script-started": (ScriptFinished, 0),
    "pre-script-terminated": (ScriptFinished, 0),
    "post-script-started": (ScriptFinished, 1),
    "post-script-terminated": (ScriptFinished, 1),
}
"""What is noted where a source ends before the fact, with its ordinal, that makes the note superfluous."""


@dataclass(slots=True)
class _Script:
    """A PRE or POST script so far."""

    started: int | None = None
    terminated: int | None = None
    ended: bool = False
    executable: str = ""
    argv: tuple[str, ...] = ()


class AttemptTrace:
    """What is known of one attempt; each method takes a record and gives the facts that it completes.

    The end of an attempt is told in several records: ``settle`` states it, once nothing more is expected.
    What comes after that is stated again, in a higher revision.
    """

    __slots__ = (
        *("attempt", "files", "job", "run", "submission", "_counts", "_ends", "_has_host", "_host"),
        *("_revision", "_scripts", "_settled", "_site", "_stdin", "_terminated", "_time", "_why_terminated"),
    )

    def __init__(self, run: str, job: str, attempt: int, submission: int) -> None:
        self.run, self.job, self.attempt, self.submission = run, job, attempt, submission
        self.files = AttemptFiles(run, job, attempt)
        self._counts: Counter[str] = Counter()
        self._ends: dict[str, str] = {}
        self._time: int | None = None
        self._terminated: int | None = None
        self._has_host = False
        self._host: dict[str, str] = {}
        self._scripts: dict[str, _Script] = {}
        self._site = self._stdin = self._why_terminated = ""
        self._settled: JobFinished | None = None
        self._revision = 0

    @property
    def is_complete(self) -> bool:
        """Whether its end was told, and that of every script that was seen to start."""
        return self._time is not None and not self.has_open_script

    @property
    def has_open_script(self) -> bool:
        """Whether a script was seen to start, and its end was not told."""
        return any(not script.ended for script in self._scripts.values())

    def submit_started(self, record: Record) -> Said:
        """``job_inst.submit.start``: where it goes."""
        self._site = told(record.fields.get("site")) or self._site
        return ()

    def submitted(self, record: Record, route: str = "") -> Said:
        """``job_inst.submit.end``, and those of grid and globus."""
        fields = record.fields
        fact = JobSubmitted(
            run=self.run,
            job=self.job,
            attempt=self.attempt,
            submission=self.submission,
            site=self._site,
            scheduler_id=told(fields.get("sched.id")),
            route=route,
            status=whole(fields.get("status")) or 0,
            reason=_reason(fields),
            ordinal=_ROUTES[route],
        )
        return (Stated(fact, record.time),)

    def started(self, record: Record) -> Said:
        """``job_inst.main.start``."""
        fields = record.fields
        self._stdin = told(fields.get("stdin.file")) or self._stdin
        self._terminated = None
        fact = JobStarted(
            run=self.run,
            job=self.job,
            attempt=self.attempt,
            scheduler_id=told(fields.get("sched.id")),
            ordinal=self._next("started"),
        )
        return (Stated(fact, record.time),)

    def terminated(self, record: Record) -> Said:
        """``job_inst.main.term``: the process ended, or (with a status) lost its place."""
        if not whole(record.fields.get("status")):
            self._terminated = record.time
            self._why_terminated = _reason(record.fields)
            return ()
        fact = JobEvicted(
            run=self.run,
            job=self.job,
            attempt=self.attempt,
            reason=_reason(record.fields),
            ordinal=self._next("evicted"),
        )
        return (Stated(fact, record.time),)

    def held(self, record: Record) -> Said:
        """``job_inst.held.start``."""
        fact = JobHeld(
            run=self.run,
            job=self.job,
            attempt=self.attempt,
            reason=_reason(record.fields),
            code=whole(record.fields.get("code")),
            subcode=whole(record.fields.get("subcode")),
            ordinal=self._next("held"),
        )
        return (Stated(fact, record.time),)

    def released(self, record: Record) -> Said:
        """``job_inst.held.end``."""
        fact = JobReleased(
            run=self.run,
            job=self.job,
            attempt=self.attempt,
            reason=_reason(record.fields),
            ordinal=self._next("released"),
        )
        return (Stated(fact, record.time),)

    def aborted(self, record: Record) -> Said:
        """``job_inst.abort.info``."""
        fact = JobAborted(
            run=self.run,
            job=self.job,
            attempt=self.attempt,
            reason=_reason(record.fields),
            ordinal=self._next("aborted"),
        )
        return (Stated(fact, record.time),)

    def image_changed(self, record: Record) -> Said:
        """``job_inst.image.info``, whose size is KiB as HTCondor counts it."""
        size = whole(record.fields.get("size"))
        return (self._note("image-size", record, size=None if size is None else size * _KIBIBYTE),)

    def remote_failed(self, record: Record) -> Said:
        """``job_inst.remote_error``, which Pegasus' monitor writes and its schema does not name."""
        return (self._note("remote-error", record, size=None),)

    def noted(self, record: Record) -> Said:
        """``job_inst.note.info``: something else that changes nothing."""
        return (self._note(record.fields["note"], record, size=whole(record.fields.get("size"))),)

    def script_started(self, record: Record, script: str) -> Said:
        """``job_inst.pre.start`` and ``post.start``."""
        self._scripts.setdefault(script, _Script()).started = record.time
        return ()

    def script_terminated(self, record: Record, script: str) -> Said:
        """``job_inst.pre.term`` and ``post.term``."""
        self._scripts.setdefault(script, _Script()).terminated = record.time
        return ()

    def script_ended(self, record: Record, script: str) -> Said:
        """``job_inst.pre.end`` and ``post.end``."""
        seen = self._scripts.setdefault(script, _Script())
        seen.ended = True
        exit_raw = whole(record.fields.get("exitcode"))
        fact = ScriptFinished(
            run=self.run,
            job=self.job,
            attempt=self.attempt,
            script=script,
            exit_raw=(whole(record.fields.get("status")) or 0) if exit_raw is None else exit_raw,
            started=seen.started,
            terminated=seen.terminated,
            executable=seen.executable,
            argv=seen.argv,
            ordinal=0 if script == PRE else 1,
        )
        return (Stated(fact, record.time),)

    def invoked(self, record: Record) -> Said:
        """``inv.end``; a script's only tells what was run."""
        fields = record.fields
        sequence = whole(fields.get("inv.id")) or 0
        if sequence in _SCRIPTS:
            script = self._scripts.setdefault(_SCRIPTS[sequence], _Script())
            script.executable = told(fields.get("executable"))
            script.argv = argument_words(fields.get("argv"))
            return ()
        start = moment(fields["start_time"])
        duration = microseconds(fields.get("dur")) or 0
        utime, stime = microseconds(fields.get("utime")), microseconds(fields.get("stime"))
        fact = InvocationRecorded(
            run=self.run,
            job=self.job,
            attempt=self.attempt,
            sequence=sequence,
            start=start,
            duration=duration,
            exit_raw=whole(fields.get("exitcode")) or 0,
            task=told(fields.get("task.id")) or None,
            transformation=told(fields.get("transformation")),
            executable=told(fields.get("executable")),
            argv=argument_words(fields.get("argv")),
            utime=utime,
            stime=stime,
            cpu_time=microseconds(fields.get("remote_cpu_time")),
            maxrss=whole(fields.get("maxrss")),
            average_cpu=fraction(fields.get("avg_cpu")),
            inblock=whole(fields.get("inblock")),
            outblock=whole(fields.get("outblock")),
            minflt=whole(fields.get("minflt")),
            majflt=whole(fields.get("majflt")),
            nvcsw=whole(fields.get("nvcsw")),
            nivcsw=whole(fields.get("nivcsw")),
            pid=whole(fields.get("pid")),
            site=told(fields.get("site")),
            ordinal=max(0, sequence - 1),
        )
        return (Stated(fact, start + duration),)

    def host_told(self, record: Record) -> Said:
        """``job_inst.host.info``."""
        host_of(record.fields)
        self._has_host = True
        # a name that says nothing is better than none: statistics have a line for it
        self._host.setdefault("hostname", record.fields.get("hostname", ""))
        self._host.update((name, value) for name, value in record.fields.items() if told(value))
        return self._restated()

    def ended(self, record: Record) -> Said:
        """``job_inst.main.end``."""
        _check_numbers(record.fields)
        self._time = record.time
        self._ends.update(record.fields)
        return self._restated()

    def summed_up(self, record: Record) -> Said:
        """``job_inst.composite``: main.end again, with more about the machine; the end, where it is alone."""
        fields = record.fields
        _check_numbers(fields)
        host_of(fields)
        for name, value in fields.items():
            self._ends.setdefault(name, value)
        if self._time is None:
            self._time = record.time
            # otherwise host.info says where the job ran, and the reference knows no host of one without it
            if told(fields.get("hostname")):
                self._has_host = True
                self._host.setdefault("hostname", fields["hostname"])
        for name in (
            "cpu_count",
            "cpu_speed",
            "cpu_vendor",
            "cpu_model",
            "ram",
            "system",
            "release",
            "machine",
        ):
            if told(fields.get(name)):
                self._host[name] = fields[name]
        return self._restated()

    def settle(self) -> Iterator[Stated]:
        """State the end of the attempt and what is known of its files, as far as told; again, nothing."""
        if self._time is not None and self._settled is None:
            self._settled = self._finished()
            yield Stated(self._settled, self._time)
        yield from self.files.settle()

    def unfinished(self) -> Iterator[Stated]:
        """What was seen of things that have no end where the trace ends."""
        if self._terminated is not None and self._time is None:
            yield self._loose_end("job-terminated", self._terminated)
        for script, seen in self._scripts.items():
            if seen.ended:
                continue
            if seen.started is not None:
                yield self._loose_end(f"{script}-script-started", seen.started)
            if seen.terminated is not None:
                yield self._loose_end(f"{script}-script-terminated", seen.terminated)

    def _restated(self) -> Said:
        """The end of the attempt in a higher revision, where it was stated and more is known now."""
        if self._settled is None or self._time is None or self._finished() == self._settled:
            return ()
        self._revision += 1
        self._settled = self._finished()
        return (Stated(self._settled, self._time),)

    def _finished(self) -> JobFinished:
        ends = self._ends
        exit_raw = whole(ends.get("exitcode"))
        exit_raw = (whole(ends.get("status")) or 0) if exit_raw is None else exit_raw
        multiplier = whole(ends.get("multiplier_factor"))
        return JobFinished(
            run=self.run,
            job=self.job,
            attempt=self.attempt,
            exit_raw=exit_raw,
            terminated=self._terminated,
            local_duration=microseconds(ends.get("local.dur")),
            multiplier=1 if multiplier is None else multiplier,
            site=told(ends.get("site")) or self._site,
            user=told(ends.get("user")),
            work_directory=told(ends.get("work_dir")),
            stdin_file=told(ends.get("stdin.file")) or told(ends.get("stdin_file")) or self._stdin,
            stdout_file=told(ends.get("stdout.file")),
            stderr_file=told(ends.get("stderr.file")),
            cluster_start=_moment(ends.get("cluster.start")),
            cluster_duration=microseconds(ends.get("cluster.dur")),
            requested_cpus=whole(ends.get("req_cpus")),
            requested_gpus=whole(ends.get("req_gpus")),
            host=host_of(self._host) if self._has_host else None,
            problem=capped_text(told(ends.get("problem"))) or self._why_terminated,
            stderr_tail=self._stderr_tail() if exit_raw else "",
            revision=self._revision,
        )

    def _stderr_tail(self) -> str:
        tail = told(self._ends.get("stderr_tail"))
        return tail or last_words(self._ends.get("stdout.text"), self._ends.get("stderr.text"))

    def _note(self, note: str, record: Record, size: int | None) -> Stated:
        fact = JobNoted(
            run=self.run,
            job=self.job,
            attempt=self.attempt,
            note=note,
            size=size,
            reason=_reason(record.fields),
            scheduler_id=told(record.fields.get("sched.id")),
            ordinal=self._next("noted"),
        )
        return Stated(fact, record.time)

    def _loose_end(self, note: str, time: int) -> Stated:
        # Numbered apart from the others: these are not said where the source reaches further.
        ordinal = _LOOSE_ENDS + list(ENDS_OF_NOTES).index(note)
        fact = JobNoted(run=self.run, job=self.job, attempt=self.attempt, note=note, ordinal=ordinal)
        return Stated(fact, time)

    def _next(self, kind: str) -> int:
        number = self._counts[kind]
        self._counts[kind] = number + 1
        return number


def _reason(fields: Mapping[str, str]) -> str:
    return capped_text(told(fields.get("reason")))


def _moment(text: str | None) -> int | None:
    return moment(text) if text and told(text) else None


_NUMBERS = {
    **dict.fromkeys(("exitcode", "status", "multiplier_factor", "req_cpus", "req_gpus"), whole),
    **dict.fromkeys(("local.dur", "cluster.start", "cluster.dur"), microseconds),
}


def _check_numbers(fields: Mapping[str, str]) -> None:
    """Raises UnfitValueError now: the end of an attempt is stated when its record is long gone."""
    for name, read in _NUMBERS.items():
        read(fields.get(name))
