"""Attempts: every try of every job, its states, scripts and verdict."""

from sqlalchemy import Column, Computed, Connection, Table

from eventlog.event import Event
from eventlog.facts import (
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
from projections.batch import FactBatch
from projections.bulk import Cell, Part
from projections.columns import NAME, ROOM_FOR_PARTS, counted, key, named, number, text, version
from projections.keys import json_list, run_key
from projections.rows import Peaks, Rows, write_together
from projections.runs.hosts import host_key
from projections.runs.metadata import metadata

_Turn = JobStarted | JobEvicted | JobHeld | JobReleased | JobAborted

# A POST script decides, however the job ended; where there is none, a failing PRE script does: as in DAGMan.
_VERDICT = "coalesce(post_exit, nullif(pre_exit, 0), exit_raw)"

# A function of what was seen, not of when: an attempt that was held once more often than released is held.
_STATE = f"""
CASE WHEN {_VERDICT} <> 0 THEN 'failed'
     WHEN {_VERDICT} = 0 THEN 'succeeded'
     WHEN aborted >= 0 THEN 'aborted'
     WHEN submit_status <> 0 THEN 'failed'
     WHEN held > released THEN 'held'
     WHEN started > evicted THEN 'running'
     WHEN evicted >= 0 THEN 'evicted'
     ELSE 'submitted' END
"""

ATTEMPTS = Table(
    "attempts",
    metadata,
    key("run_key"),
    named("job"),
    counted("attempt"),
    # JobSubmitted
    version("submit_version"),
    number("submission"),
    number("submitted_at"),
    text("submit_site"),
    text("scheduler_id"),
    number("submit_status"),
    # the greatest ordinal seen of each
    version("started"),
    version("evicted"),
    version("held"),
    version("released"),
    version("aborted"),
    # ScriptFinished
    version("pre_version"),
    number("pre_exit"),
    version("post_version"),
    number("post_exit"),
    # JobFinished
    version("finish_version"),
    number("finished_at"),
    number("exit_raw"),
    number("terminated_at"),
    number("local_duration"),
    number("multiplier"),
    text("site"),
    text("user"),
    text("work_directory"),
    text("stdin_file"),
    text("stdout_file"),
    text("stderr_file"),
    number("cluster_start"),
    number("cluster_duration"),
    number("requested_cpus"),
    number("requested_gpus"),
    number("host_key"),
    text("problem"),
    text("stderr_tail"),
    Column("verdict", number("verdict").type, Computed(_VERDICT, persisted=True)),
    Column("state", NAME, Computed(_STATE, persisted=True)),
    postgresql_with=ROOM_FOR_PARTS,
)
"""``verdict`` is the raw exit code that counts; ``state`` one of submitted, running, held, evicted,
succeeded, failed, aborted."""

ATTEMPT_STATES = Table(
    "attempt_states",
    metadata,
    key("run_key"),
    named("job"),
    counted("attempt"),
    named("state"),
    counted("ordinal"),
    version(),
    number("time"),
    text("route"),
    text("reason"),
    number("code"),
    number("subcode"),
    text("host"),
    text("scheduler_id"),
    number("size"),
    sqlite_with_rowid=False,
)
"""What happened to an attempt, fact by fact: submitted, started, held, released, evicted, aborted, finished;
and every note under its name.

``code`` is the hold code, the submission's status or the raw exit code.
"""

SCRIPTS = Table(
    "scripts",
    metadata,
    key("run_key"),
    named("job"),
    counted("attempt"),
    named("script"),
    counted("ordinal"),
    version(),
    number("time"),
    number("started"),
    number("terminated"),
    number("exit_raw"),
    text("executable"),
    text("argv"),
)
"""PRE and POST scripts; ``script`` is pre or post, ``argv`` a JSON list."""

_SUBMIT = Part(
    ATTEMPTS,
    order=("submit_version",),
    values=("submission", "submitted_at", "submit_site", "scheduler_id", "submit_status"),
)
_COUNTS = Part(ATTEMPTS, order=(), values=("started", "evicted", "held", "released", "aborted"))
_PRE = Part(ATTEMPTS, order=("pre_version",), values=("pre_exit",))
_POST = Part(ATTEMPTS, order=("post_version",), values=("post_exit",))
_FINISH = Part(
    ATTEMPTS,
    order=("finish_version",),
    values=(
        *("finished_at", "exit_raw", "terminated_at", "local_duration", "multiplier", "site", "user"),
        *("work_directory", "stdin_file", "stdout_file", "stderr_file", "cluster_start"),
        *("cluster_duration", "requested_cpus", "requested_gpus", "host_key", "problem", "stderr_tail"),
    ),
)
_STATE_ROW = Part(
    ATTEMPT_STATES,
    order=("version",),
    values=("time", "route", "reason", "code", "subcode", "host", "scheduler_id", "size"),
    fresh=True,
)
_SCRIPT = Part(
    SCRIPTS,
    order=("version",),
    values=("time", "started", "terminated", "exit_raw", "executable", "argv"),
)
_TURNS = {JobStarted: 0, JobEvicted: 1, JobHeld: 2, JobReleased: 3, JobAborted: 4}
_ORDINAL_BITS = 32
_NOTHING = (None,) * 5
_UNSEEN = -1


def apply(batch: FactBatch, connection: Connection) -> None:
    """Fold every state of every attempt, its scripts and its verdict."""
    states = Rows(_STATE_ROW)
    submissions, turns, ends = _submissions(batch, states), _turns(batch, states), _ends(batch, states)
    scripts, pre, post = _scripts(batch)
    _put_notes(batch, states)
    states.write(connection)
    scripts.write(connection)
    write_together(connection, submissions, turns, pre, post, ends)


def _last(ordinal: int, revision: int) -> int:
    """What guards the part of an attempt that one fact decides: the last of its kind, corrected last."""
    return (ordinal << _ORDINAL_BITS) | revision


def _submissions(batch: FactBatch, states: Rows) -> Rows:
    attempts = Rows(_SUBMIT)
    for event, fact in batch.of(JobSubmitted):
        attempt = (run_key(fact.run, event.namespace), fact.job, fact.attempt)
        row = (event.time, fact.route, fact.reason, fact.status, None, None, fact.scheduler_id, None)
        states.put((*attempt, "submitted", fact.ordinal), (fact.revision,), row)
        # the hand-over to a remote scheduler is a state of an attempt that was submitted already
        if not fact.route:
            values = (fact.submission, event.time, fact.site, fact.scheduler_id, fact.status)
            attempts.put(attempt, (_last(fact.ordinal, fact.revision),), values)
    return attempts


def _turns(batch: FactBatch, states: Rows) -> Peaks:
    counts = Peaks(_COUNTS)
    for event, start in batch.of(JobStarted):
        where = (event.time, None, None, None, None, start.host, start.scheduler_id, None)
        _put_turn(states, counts, event, start, where)
    for event, hold in batch.of(JobHeld):
        why = (event.time, None, hold.reason, hold.code, hold.subcode, None, None, None)
        _put_turn(states, counts, event, hold, why)
    turns: tuple[tuple[Event, JobEvicted | JobReleased | JobAborted], ...] = (
        *batch.of(JobEvicted),
        *batch.of(JobReleased),
        *batch.of(JobAborted),
    )
    for event, turn in turns:
        _put_turn(states, counts, event, turn, (event.time, None, turn.reason, *_NOTHING))
    return counts


def _put_turn(states: Rows, counts: Peaks, event: Event, fact: _Turn, row: tuple[Cell, ...]) -> None:
    attempt = (run_key(fact.run, event.namespace), fact.job, fact.attempt)
    place = _TURNS[type(fact)]
    states.put((*attempt, _COUNTS.values[place], fact.ordinal), (fact.revision,), row)
    seen = [_UNSEEN] * len(_TURNS)
    seen[place] = fact.ordinal
    counts.put(attempt, tuple(seen))


def _ends(batch: FactBatch, states: Rows) -> Rows:
    attempts = Rows(_FINISH)
    for event, fact in batch.of(JobFinished):
        attempt = (run_key(fact.run, event.namespace), fact.job, fact.attempt)
        row = (event.time, None, fact.problem, fact.exit_raw, None, None, None, None)
        states.put((*attempt, "finished", fact.ordinal), (fact.revision,), row)
        values = (
            *(event.time, fact.exit_raw, fact.terminated, fact.local_duration, fact.multiplier, fact.site),
            *(fact.user, fact.work_directory, fact.stdin_file, fact.stdout_file, fact.stderr_file),
            *(fact.cluster_start, fact.cluster_duration, fact.requested_cpus, fact.requested_gpus),
            *(host_key(fact.host), fact.problem, fact.stderr_tail),
        )
        attempts.put(attempt, (_last(fact.ordinal, fact.revision),), values)
    return attempts


def _put_notes(batch: FactBatch, states: Rows) -> None:
    for event, fact in batch.of(JobNoted):
        attempt = (run_key(fact.run, event.namespace), fact.job, fact.attempt)
        row = (event.time, None, fact.reason, None, None, None, fact.scheduler_id, fact.size)
        states.put((*attempt, fact.note, fact.ordinal), (fact.revision,), row)


def _scripts(batch: FactBatch) -> tuple[Rows, Rows, Rows]:
    """The scripts, and what PRE and POST scripts say of their attempts."""
    scripts, verdicts = Rows(_SCRIPT), {"pre": Rows(_PRE), "post": Rows(_POST)}
    for event, fact in batch.of(ScriptFinished):
        attempt = (run_key(fact.run, event.namespace), fact.job, fact.attempt)
        values = (event.time, fact.started, fact.terminated, fact.exit_raw, fact.executable)
        scripts.put((*attempt, fact.script, fact.ordinal), (fact.revision,), (*values, json_list(fact.argv)))
        verdicts[fact.script].put(attempt, (_last(fact.ordinal, fact.revision),), (fact.exit_raw,))
    return scripts, verdicts["pre"], verdicts["post"]
