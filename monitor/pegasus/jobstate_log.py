"""A run's events as the lines of Pegasus' ``jobstate.log``.

A line reads ``epoch job STATE id|status site walltime number``; ``number`` counts attempts over the
whole run. Each job's lines come in its order, all of them by time.
"""

from bisect import bisect_right
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import get_args

from eventlog.event import Event, ordinal_of
from eventlog.exit_codes import regular_exit
from eventlog.facts import (
    Fact,
    JobAborted,
    JobEvicted,
    JobFinished,
    JobHeld,
    JobNoted,
    JobReleased,
    JobStarted,
    JobSubmitted,
    RunFinished,
    RunStarted,
    ScriptFinished,
)
from monitor.pegasus.translation.attempt_trace import ENDS_OF_NOTES

_SECOND = 1_000_000
_FIRST, _LAST = 0, 1 << 62
"""Among lines of one time, in place of an attempt's number."""
_ROUTES = {"": "SUBMIT", "grid": "GRID_SUBMIT", "globus": "GLOBUS_SUBMIT"}
_OfAttempt = (
    ScriptFinished
    | JobSubmitted
    | JobStarted
    | JobHeld
    | JobReleased
    | JobEvicted
    | JobAborted
    | JobFinished
    | JobNoted
)
_TellsState = RunStarted | RunFinished | _OfAttempt
STATE_EVENTS = frozenset(fact.__name__ for fact in get_args(_TellsState))
"""The types of the events that lines are made of."""
_PLAIN: dict[type[Fact], str] = {
    JobStarted: "EXECUTE",
    JobEvicted: "JOB_EVICTED",
    JobHeld: "JOB_HELD_REASON",
    JobReleased: "JOB_RELEASED",
    JobAborted: "JOB_ABORTED",
}
_RANKS = ("PRE_SCRIPT_STARTED", "PRE_SCRIPT_TERMINATED", "PRE_SCRIPT_SUCCESS", "PRE_SCRIPT_FAILURE", "SUBMIT")
_LATE_RANKS = (
    "JOB_TERMINATED",
    "JOB_SUCCESS",
    "JOB_FAILURE",
    "POST_SCRIPT_STARTED",
    "POST_SCRIPT_TERMINATED",
    "POST_SCRIPT_SUCCESS",
    "POST_SCRIPT_FAILURE",
)


@dataclass(slots=True)
class _Attempt:
    """One attempt: its states with their times and, where they have one, their status."""

    job: str
    number: int = 0
    site: str = ""
    scheduler_id: str = ""
    states: list[tuple[int, str, int | None]] = field(default_factory=list)
    has_no_verdict: bool = False


def jobstate_lines(events: Iterable[Event]) -> Iterator[str]:
    """The lines that say what the events of one run say of states; no line says who monitored it."""
    attempts: dict[tuple[str, int], _Attempt] = {}
    lines: list[tuple[int, int, str]] = []
    for event in _latest(events):
        fact = event.fact
        if isinstance(fact, RunStarted | RunFinished):
            place = _FIRST if isinstance(fact, RunStarted) else _LAST
            lines.append((event.time, place, _internal(event.time, fact)))
        elif isinstance(fact, _OfAttempt):
            attempt = attempts.setdefault((fact.job, fact.attempt), _Attempt(fact.job))
            _take(attempt, fact, event.time)
    for number, attempt in enumerate(_numbered(attempts), start=1):
        lines.extend(_lines(attempt, number))
    return (line for _, _, line in sorted(lines, key=lambda each: each[:2]))


def _latest(events: Iterable[Event]) -> Iterable[Event]:
    found: dict[tuple[object, ...], Event] = {}
    for event in events:
        fact = event.fact
        key = (event.type, getattr(fact, "job", ""), getattr(fact, "attempt", 0), ordinal_of(fact))
        known = found.get(key)
        if known is None or fact.revision > known.fact.revision:
            found[key] = event
    return [event for event in found.values() if not _has_end(event.fact, found)]


def _has_end(fact: object, found: Container[tuple[object, ...]]) -> bool:
    """Whether this is noted of something of which the end was told later, and says the same."""
    if not isinstance(fact, JobNoted) or fact.note not in ENDS_OF_NOTES:
        return False
    kind, ordinal = ENDS_OF_NOTES[fact.note]
    return (kind.__name__, fact.job, fact.attempt, ordinal) in found


def _take(attempt: _Attempt, fact: _OfAttempt, time: int) -> None:
    if isinstance(fact, ScriptFinished):
        _take_script(attempt, fact, time)
    elif isinstance(fact, JobSubmitted):
        attempt.number = fact.submission or attempt.number
        attempt.site = fact.site or attempt.site
        attempt.scheduler_id = attempt.scheduler_id or fact.scheduler_id
        failed = "_FAILED" if fact.status else ""
        attempt.has_no_verdict |= bool(fact.status)
        attempt.states.append((time, f"{_ROUTES.get(fact.route, 'SUBMIT')}{failed}", None))
    elif isinstance(fact, JobFinished):
        # where it was submitted to, whatever the job itself calls its site
        attempt.site = attempt.site or fact.site
        if fact.terminated is not None:
            attempt.states.append((fact.terminated, "JOB_TERMINATED", None))
        verdict = "JOB_FAILURE" if fact.exit_raw else "JOB_SUCCESS"
        attempt.states.append((time, verdict, _status(fact.exit_raw)))
    elif isinstance(fact, JobNoted):
        attempt.states.append((time, fact.note.upper().replace("-", "_"), None))
    else:
        attempt.has_no_verdict |= isinstance(fact, JobAborted)
        attempt.states.append((time, _PLAIN[type(fact)], None))


def _take_script(attempt: _Attempt, fact: ScriptFinished, time: int) -> None:
    name = fact.script.upper()
    if fact.started is not None:
        attempt.states.append((fact.started, f"{name}_SCRIPT_STARTED", None))
    if fact.terminated is not None:
        attempt.states.append((fact.terminated, f"{name}_SCRIPT_TERMINATED", None))
    attempt.has_no_verdict |= bool(fact.exit_raw) and name == "PRE"
    ending = "FAILURE" if fact.exit_raw else "SUCCESS"
    attempt.states.append((time, f"{name}_SCRIPT_{ending}", _status(fact.exit_raw)))


def _status(raw: int) -> int:
    """An exit code as DAGMan has it; its own negative codes stand for jobs that it could not submit."""
    return raw if raw < 0 else regular_exit(raw)


def _numbered(attempts: dict[tuple[str, int], _Attempt]) -> list[_Attempt]:
    """The attempts in order of submission; one that was never submitted comes by its first state."""
    known = sorted((a for a in attempts.values() if a.number), key=lambda attempt: attempt.number)
    # the latest beginning up to each: it grows, so that who began later is found by halving
    latest = list(accumulate(map(_begin, known), max))
    for attempt in attempts.values():
        if not attempt.number:
            begin = _begin(attempt)
            place = bisect_right(latest, begin)
            known.insert(place, attempt)
            latest.insert(place, begin)
    return known


def _begin(attempt: _Attempt) -> int:
    return min(time for time, _, _ in attempt.states)


def _lines(attempt: _Attempt, number: int) -> Iterator[tuple[int, int, str]]:
    latest, has_been_submitted = 0, False
    for time, state, status in sorted(attempt.states, key=_rank):
        if status is not None and state.startswith("JOB_") and attempt.has_no_verdict:
            # Removed, refused or never begun: its end is no verdict of DAGMan's.
            continue
        latest = max(latest, time)
        has_been_submitted |= not state.startswith("PRE_SCRIPT")
        said = str(status) if status is not None else attempt.scheduler_id if has_been_submitted else ""
        site = attempt.site or "-"
        yield latest, number, f"{time // _SECOND} {attempt.job} {state} {said or '-'} {site} - {number}"


def _rank(state: tuple[int, str, int | None]) -> tuple[int, int]:
    time, name, _ = state
    if name in _RANKS:
        return time, _RANKS.index(name) - len(_RANKS)
    return time, _LATE_RANKS.index(name) + 1 if name in _LATE_RANKS else 0


def _internal(time: int, fact: RunStarted | RunFinished) -> str:
    if isinstance(fact, RunStarted):
        return f"{time // _SECOND} INTERNAL *** DAGMAN_STARTED {fact.engine_id or None} ***"
    return f"{time // _SECOND} INTERNAL *** DAGMAN_FINISHED {fact.status} ***"


def run_lines(events: Iterable[Event], runs: Iterable[str]) -> Iterator[tuple[str, Iterator[str]]]:
    """Each of these runs, in their order, with its lines; a run of whose states nothing tells has none.

    The events are read once, in whatever order; those that tell of these runs' states are kept meanwhile.
    """
    told: dict[str, list[Event]] = {run: [] for run in runs}
    for event in events:
        if isinstance(event.fact, _TellsState) and event.fact.run in told:
            told[event.fact.run].append(event)
    while told:
        run = next(iter(told))
        yield run, jobstate_lines(told.pop(run))
