"""Statistics of a run in GraphQL; durations in microseconds, definitions as in ``projections.answers``."""

from functools import partial

import strawberry
from sqlalchemy import Connection

from api.context import Info
from api.schema.answering import answer
from api.schema.scalars import Long
from projections.answers.breakdown import breakdown_of
from projections.answers.integrity_statistics import integrity_sums_of
from projections.answers.runs import RunRef, tree_of
from projections.answers.statistics import summary_of


@strawberry.type(description="Things by how their last attempt ended.")
class Counts:
    """One line of the summary."""

    succeeded: int
    failed: int
    incomplete: int
    total: int
    retries: int
    total_with_retries: int


@strawberry.type(description="One transformation's processes of one outcome; microseconds and KiB.")
class Breakdown:
    """A line of the breakdown."""

    transformation: str
    successful: bool
    count: int
    minimum: Long
    maximum: Long
    total: Long
    maxrss_minimum: Long | None
    maxrss_maximum: Long | None
    maxrss_mean: float | None
    cpu_minimum: float | None
    cpu_maximum: float | None
    cpu_mean: float | None


@strawberry.type(description="Checksums of one kind (check, compute) and role (input, output).")
class IntegritySum:
    """A line of the integrity table."""

    kind: str
    role: str
    count: Long
    failed: Long
    duration: Long


@strawberry.type(description="A run's statistics, its sub-workflows' included; durations in microseconds.")
class Statistics:
    """The summary and its tables."""

    tasks: Counts
    jobs: Counts
    subworkflows: Counts
    wall: Long | None = strawberry.field(description="Null unless every start has its end.")
    cumulative: Long = strawberry.field(description="What the processes took, weighed by their jobs' cores.")
    submit_side: Long = strawberry.field(description="What the jobs took as seen where they were submitted.")
    badput: Long = strawberry.field(description="The part of `cumulative` that failed.")
    submit_side_badput: Long
    workflow_retries: int
    breakdown: list[Breakdown]
    integrity: list[IntegritySum]


_DURATIONS = ("cumulative", "submit_side", "badput", "submit_side_badput")


async def statistics_of_run(info: Info, run: RunRef) -> Statistics:
    """A run's statistics, its sub-workflows' included."""
    return await info.context.reader.ask("runs", partial(_statistics, run=run))


def _statistics(connection: Connection, run: RunRef) -> Statistics:
    tree = tree_of(connection, run)
    summary = summary_of(connection, tree, wall_of=run)
    durations = {name: Long(getattr(summary.durations, name) or 0) for name in _DURATIONS}
    return answer(
        Statistics,
        summary,
        **durations,
        wall=summary.wall,
        workflow_retries=summary.counts.workflow_retries,
        tasks=answer(Counts, summary.counts.tasks),
        jobs=answer(Counts, summary.counts.jobs),
        subworkflows=answer(Counts, summary.counts.subworkflows),
        breakdown=[answer(Breakdown, line) for line in breakdown_of(connection, tree)],
        integrity=[answer(IntegritySum, line) for line in integrity_sums_of(connection, tree)],
    )
