"""The summary of a run or a tree of runs, in Pegasus' definitions, so that numbers agree to the last digit.

Computed from rows when asked for, in integer microseconds. Source: the reference's statistics tables.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from projections.answers.counts import RunCounts, counts_of, total_of
from projections.answers.durations import Durations, durations_of, wall_time_of
from projections.answers.runs import RunRef


@dataclass(frozen=True, slots=True)
class Summary:
    """The summary table; ``wall`` in microseconds, None where none is known or several runs are meant."""

    counts: RunCounts
    durations: Durations
    wall: int | None


def summary_of(
    connection: Connection, runs: Sequence[RunRef], *, wall_of: RunRef | None, pmc: bool = False
) -> Summary:
    """The summary over these runs together; the wall time is that of ``wall_of``.

    For a tree pass what ``tree_of`` gives, and its first run for the wall time.
    """
    return Summary(
        counts=total_of(counts_of(connection, runs, pmc=pmc).values()),
        durations=durations_of(connection, runs),
        wall=None if wall_of is None else wall_time_of(connection, wall_of),
    )
