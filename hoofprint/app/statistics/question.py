"""What statistics are asked for: over which runs, which tables, in which spans of which time zone."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from eventlog.errors import InputError
from projections.answers.runs import RunRef, tree_of, workflows_of
from projections.answers.time_statistics import Span


class Level(StrEnum):
    """One of the tables."""

    SUMMARY = "summary"
    WORKFLOW = "workflow"
    JOBS = "jobs"
    BREAKDOWN = "breakdown"
    TIME = "time"
    INTEGRITY = "integrity"


_ALL = "all"
_PEGASUS = {
    "wf_stats": Level.WORKFLOW,
    "jb_stats": Level.JOBS,
    "tf_stats": Level.BREAKDOWN,
    "ti_stats": Level.TIME,
    "int_stats": Level.INTEGRITY,
}


@dataclass(frozen=True, slots=True)
class Question:
    """``roots`` were named, ``runs`` are they with their sub-workflows; ``workflows`` by the runs' keys.

    With ``several`` the roots stand side by side, and there is no wall time.
    """

    roots: Sequence[RunRef]
    runs: Sequence[RunRef]
    workflows: dict[int, str]
    levels: frozenset[Level]
    span: Span
    zone: ZoneInfo
    several: bool
    pmc: bool

    @property
    def wall_of(self) -> RunRef | None:
        """The run whose wall time is the summary's."""
        return None if self.several else self.roots[0]


def levels_named(text: str) -> frozenset[Level]:
    """The tables that a comma-separated list names, by our names or Pegasus'; InputError for any other."""
    levels: set[Level] = set()
    for name in (word.strip().lower() for word in text.split(",")):
        if name == _ALL:
            levels.update(Level)
        elif name in _PEGASUS:
            levels.add(_PEGASUS[name])
        elif name in tuple(Level):
            levels.add(Level(name))
        else:
            known = ", ".join([*Level, _ALL])
            raise InputError(
                f"no statistics {name!r}: there are {known} (and Pegasus' {', '.join(_PEGASUS)})"
            )
    return frozenset(levels)


def members_of(connection: Connection, roots: Sequence[RunRef], *, expand: bool) -> list[RunRef]:
    """The runs to count: the roots, with their sub-workflows where wanted, each once."""
    if not expand:
        return list(dict.fromkeys(roots))
    return list(dict.fromkeys(member for root in roots for member in tree_of(connection, root)))


def question_of(
    connection: Connection,
    roots: Sequence[RunRef],
    *,
    levels: frozenset[Level],
    span: Span,
    zone: ZoneInfo,
    expand: bool,
    several: bool,
    pmc: bool,
) -> Question:
    """The question about these runs."""
    runs = members_of(connection, roots, expand=expand)
    return Question(
        roots=roots,
        runs=runs,
        workflows=workflows_of(connection, runs),
        levels=levels,
        span=span,
        zone=zone,
        several=several,
        pmc=pmc,
    )
