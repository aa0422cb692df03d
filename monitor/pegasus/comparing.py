"""Holds two accounts of one fact against each other, field by field: which says more, and where they differ.

A field that has its default says nothing. Of two times or durations that agree as far as the coarser one
reaches, the finer one is better. Chunks of plans are compared item by item.
"""

import math
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass, replace
from functools import cache
from typing import TypeVar, cast

from eventlog.facts import (
    Edge,
    Fact,
    FileDeclared,
    InvocationRecorded,
    JobAborted,
    JobEvicted,
    JobFinished,
    JobHeld,
    JobNoted,
    JobPlanned,
    JobReleased,
    JobStarted,
    JobSubmitted,
    RunFinished,
    RunStarted,
    ScriptFinished,
    TaskDeclared,
)

R = TypeVar("R")

TIMED = frozenset(
    (
        *(RunStarted, RunFinished, JobSubmitted, JobStarted, JobHeld, JobReleased, JobEvicted, JobAborted),
        *(JobFinished, JobNoted, ScriptFinished),
    )
)
"""Facts whose time is a part of what they say; of others a source may not know when they were said."""

_COARSENESS = (1_000_000, 1_000)
_MEASURED = frozenset(
    (
        *(
            "start",
            "duration",
            "started",
            "terminated",
            "local_duration",
            "cluster_start",
            "cluster_duration",
        ),
        *("cpu_time", "utime", "stime"),
    )
)
_RECORDED: Mapping[type, tuple[Sequence[str], Sequence[str]]] = {
    InvocationRecorded: (
        ("utime", "stime", "cpu_time", "maxrss", "pid"),
        ("start", "duration", "exit_raw", "executable", "argv"),
    ),
    JobFinished: (("host",), ("work_directory", "stderr_tail")),
}
"""By fact: what nobody can tell without the record of a job, and what else its record tells better."""
_COUNTS = frozenset(("tasks", "files", "jobs", "chunks"))
_SETS = frozenset(("inputs", "outputs", "checkpoints"))
_PASSED_OVER = frozenset(("revision", "ordinal", "chunk"))
_SHOWN = 120
_EXIT_OF_A_JOB = next(each for each in fields(JobFinished) if each.name == "exit_raw")
_ONLY_THAT_IT_FAILED = -1
_SIGNAL, _KILLED = 0x7F, 128


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of which two accounts say different things."""

    field: str
    kept: str
    offered: str


@dataclass(frozen=True, slots=True)
class Merged:
    """Two accounts as one; ``says_more`` where the offered one added to the kept one."""

    fact: Fact
    time: int
    says_more: bool
    differences: tuple[Difference, ...]


def merge_facts(kept: Fact, kept_time: int, offered: Fact, offered_time: int) -> Merged:
    """What two accounts of one fact say together; where they contradict each other, the kept one."""
    comparison = _Comparison()
    fact = comparison.merge(kept, offered)
    time = kept_time
    if type(kept) in TIMED:
        time = comparison.measured("time", kept_time, offered_time)
    elif isinstance(fact, InvocationRecorded):
        time = fact.start + fact.duration
    return Merged(fact, time, comparison.says_more, tuple(comparison.differences))


class _Comparison:
    """One comparison: notes whether the offered account says more, and where it differs."""

    def __init__(self) -> None:
        self.says_more = False
        self.differences: list[Difference] = []

    def merge(self, kept: R, offered: R, within: str = "") -> R:
        """One record of both."""
        if isinstance(kept, TaskDeclared) and isinstance(offered, TaskDeclared):
            kept, offered = _without_told_uses(kept, offered)  # type: ignore[assignment]
        elif isinstance(kept, InvocationRecorded | JobFinished):
            kept, offered = _as_recorded(kept, offered)
        changes: dict[str, object] = {}
        for each in _compared_fields(cast("Hashable", type(kept))):
            before = getattr(kept, each.name)
            after = self._value(within, each, before, getattr(offered, each.name))
            if after is not before:
                changes[each.name] = after
        return replace(kept, **changes) if changes else kept  # type: ignore[type-var]

    def measured(self, name: str, kept: int, offered: int) -> int:
        """The finer one of two measures that agree: the coarser one was cut off or rounded."""
        if kept == offered:
            return kept
        for unit in _COARSENESS:
            if kept % unit == 0 and -unit // 2 <= offered - kept < unit:
                self.says_more = True
                return offered
            if offered % unit == 0 and -unit // 2 <= kept - offered < unit:
                return kept
        return self._differ(name, kept, offered)

    def _value(self, within: str, each: "Field[object]", kept: object, offered: object) -> object:
        name = f"{within}{each.name}"
        if kept == offered:
            return kept
        if each.name != "ok":
            if _says_nothing(each, offered) or _says_no_more(each, offered, kept):
                return kept
            if _says_nothing(each, kept) or _says_no_more(each, kept, offered):
                self.says_more = True
                return offered
        if isinstance(kept, tuple) and isinstance(offered, tuple):
            return self._items(each.name, name, kept, offered)
        if is_dataclass(kept):
            return self.merge(kept, offered, f"{name}.")
        return self._plain(each.name, name, kept, offered)

    def _plain(self, field: str, name: str, kept: object, offered: object) -> object:
        if isinstance(kept, float) and isinstance(offered, (int, float)):
            return (
                kept
                if math.isclose(kept, offered, rel_tol=1e-5, abs_tol=1e-6)
                else self._differ(name, kept, offered)
            )
        if isinstance(kept, int) and isinstance(offered, int):
            if field in _MEASURED:
                return self.measured(name, kept, offered)
            if field in _COUNTS:
                self.says_more |= offered > kept
                return max(kept, offered)
        return self._differ(name, kept, offered)

    def _items(
        self, field: str, name: str, kept: tuple[object, ...], offered: tuple[object, ...]
    ) -> tuple[object, ...]:
        if isinstance(kept[0], Edge):
            return self._united(kept, offered)
        if is_dataclass(kept[0]):
            return self._merged_items(kept, offered)
        if field in _SETS or field == "uses":
            return self._united(kept, offered)
        return self._differ(name, kept, offered)

    def _united(self, kept: tuple[object, ...], offered: tuple[object, ...]) -> tuple[object, ...]:
        new = tuple(item for item in offered if item not in set(kept))
        self.says_more |= bool(new)
        return (*kept, *new) if new else kept

    def _merged_items(self, kept: tuple[object, ...], offered: tuple[object, ...]) -> tuple[object, ...]:
        before, after = _by_name(kept), _by_name(offered)
        merged: dict[tuple[str, int], object] = {}
        for key in sorted(before.keys() | after.keys()):
            if key not in before:
                self.says_more = True
                merged[key] = after[key]
            elif key in after:
                merged[key] = self.merge(before[key], after[key], f"{key[0]}.")
            else:
                merged[key] = before[key]
        return tuple(merged.values())

    def _differ(self, name: str, kept: R, offered: object) -> R:
        self.differences.append(Difference(name, _shown(kept), _shown(offered)))
        return kept


def _without_told_uses(kept: TaskDeclared, offered: TaskDeclared) -> tuple[TaskDeclared, TaskDeclared]:
    """Both, without the files of untold role of which one of them tells the role."""
    told = {lfn for task in (kept, offered) for name in _SETS for lfn in getattr(task, name)}
    first, second = (
        replace(task, uses=tuple(lfn for lfn in task.uses if lfn not in told)) for task in (kept, offered)
    )
    return first, second


def _as_recorded(kept: R, offered: R) -> tuple[R, R]:
    """Both, where one of them alone knows the job's record: what the other supposed, as that one has it.

    The record of a job may be seen long after the engine said that the job ended.
    """
    told_by_a_record, supposed = _RECORDED[type(kept)]
    is_kept, is_offered = (
        any(getattr(fact, name) is not None for name in told_by_a_record) for fact in (kept, offered)
    )
    if is_kept == is_offered:
        return kept, offered
    recorded = kept if is_kept else offered
    said = {name: getattr(recorded, name) for name in supposed}
    told = {name: value for name, value in said.items() if value not in ("", ())}
    return replace(kept, **told), replace(offered, **told)  # type: ignore[type-var]


@cache
def _compared_fields(kind: Hashable) -> tuple["Field[object]", ...]:
    return tuple(each for each in fields(cast("type", kind)) if each.name not in _PASSED_OVER)


def _says_nothing(each: "Field[object]", value: object) -> bool:
    return value is None or value in ("", ()) or (each.default is not MISSING and value == each.default)


def _says_no_more(each: "Field[object]", value: object, other: object) -> bool:
    """Whether a job's exit code says only that it failed, or by which signal, and the other says so, too."""
    if each is not _EXIT_OF_A_JOB or not isinstance(value, int) or not isinstance(other, int):
        return False
    return (value == _ONLY_THAT_IT_FAILED and other != 0) or value == _signal_of(other) << 8 != 0


def _signal_of(raw: int) -> int:
    """The signal that a raw exit code tells of, 0 where it is none.

    It may stand there as such, or as shells pass it on; of a job that DAGMan saw end by a signal the monitor
    writes the bare number, as if it were an exit code.
    """
    return 0 if raw < 0 else raw & _SIGNAL or max(0, (raw >> 8) - _KILLED)


def _by_name(items: Sequence[object]) -> Mapping[tuple[str, int], object]:
    """Items by their names; a task that is declared in pieces has several."""
    pieces: Counter[str] = Counter()
    named: dict[tuple[str, int], object] = {}
    for item in items:
        name = _name(item)
        named[name, pieces[name]] = item
        pieces[name] += 1
    return named


def _name(item: object) -> str:
    match item:
        case TaskDeclared(task=name) | JobPlanned(job=name) | FileDeclared(lfn=name):
            return name
    raise TypeError(f"{type(item).__name__} has no name to be compared by")


def _shown(value: object) -> str:
    """A value as it fits into a line: what a job wrote may have many."""
    text = " ".join(map(str, value)) if isinstance(value, tuple) else " ".join(str(value).split())
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
