"""Statistics of a run in GraphQL; durations in microseconds, definitions as in ``projections.answers``."""

from dataclasses import fields
from enum import Enum
from functools import partial
from zoneinfo import ZoneInfo

import strawberry
from sqlalchemy import Connection

from api.context import Info
from api.schema.answering import answer
from api.schema.integrity import ChecksumRole
from api.schema.resolving import resolved
from api.schema.scalars import Long, Time
from api.schema.vocabulary import UNKNOWN_WORD, Vocabulary
from projections.answers.breakdown import breakdown_of
from projections.answers.counts import counts_of
from projections.answers.integrity_statistics import integrity_sums_of
from projections.answers.runs import RunRef, tree_of, workflows_of
from projections.answers.statistics import summary_of
from projections.answers.time_statistics import Span, time_tables_of, zone_named


@strawberry.enum(description="How long a line of the time tables is.")
class TimeSpan(Enum):
    """An hour, a day, a week from its Monday, a month."""

    HOUR = Span.HOUR.value
    DAY = Span.DAY.value
    WEEK = Span.WEEK.value
    MONTH = Span.MONTH.value


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


@strawberry.enum(description="What was done with a checksum.")
class ChecksumKind(Vocabulary):
    """The kinds of checksums."""

    CHECK = strawberry.enum_value("check", description="A file was held against its sha256.")
    COMPUTE = strawberry.enum_value("compute", description="A sha256 was made where none was known.")
    UNKNOWN = UNKNOWN_WORD


@strawberry.type(description="Checksums of one kind and role.")
class IntegritySum:
    """A line of the integrity table."""

    kind: ChecksumKind
    role: ChecksumRole
    count: Long
    failed: Long
    duration: Long


@strawberry.type(description="What began in one hour, day, week or month.")
class TimeLine:
    """A line of the time tables."""

    start: Time = strawberry.field(description="When the span begins.")
    host: str | None = strawberry.field(description="Null in the tables that do not tell hosts apart.")
    count: Long
    runtime: Long = strawberry.field(description="Microseconds, not weighed by cores.")


@strawberry.type(description="Attempts by when they began to execute, processes by when they started.")
class TimeTables:
    """The time tables, with and without hosts."""

    attempts: list[TimeLine]
    processes: list[TimeLine]
    attempts_by_host: list[TimeLine]
    processes_by_host: list[TimeLine]


@strawberry.type(description="The counts of one run of a tree.")
class RunCounts:
    """A run's part of the summary."""

    id: strawberry.ID
    workflow: str
    tasks: Counts
    jobs: Counts
    subworkflows: Counts
    workflow_retries: int


@strawberry.type(description="A run's statistics, its sub-workflows' included; durations in microseconds.")
class Statistics:
    """The summary and its tables."""

    ref: strawberry.Private[RunRef]
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

    @resolved("The same counts, run by run; the run itself first.")
    async def by_run(self, info: Info) -> list[RunCounts]:
        """The counts of the run and of each of its sub-workflows' runs."""
        return await info.context.reader.ask("runs", partial(_by_run, run=self.ref))

    @resolved("What began when, by hours of UTC that are gathered where the time zone's spans begin.")
    async def time(self, info: Info, span: TimeSpan = TimeSpan.DAY, zone: str = "UTC") -> TimeTables:
        """The time tables in a time zone, by its IANA name."""
        tables = partial(_time_tables, run=self.ref, span=span, zone=zone_named(zone))
        return await info.context.reader.ask("runs", tables)


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
        ref=run,
        **durations,
        wall=summary.wall,
        workflow_retries=summary.counts.workflow_retries,
        tasks=answer(Counts, summary.counts.tasks),
        jobs=answer(Counts, summary.counts.jobs),
        subworkflows=answer(Counts, summary.counts.subworkflows),
        breakdown=[answer(Breakdown, line) for line in breakdown_of(connection, tree)],
        integrity=[answer(IntegritySum, line) for line in integrity_sums_of(connection, tree)],
    )


def _by_run(connection: Connection, run: RunRef) -> list[RunCounts]:
    tree = tree_of(connection, run)
    counts, workflows = counts_of(connection, tree), workflows_of(connection, tree)
    return [
        RunCounts(
            id=strawberry.ID(member.run),
            workflow=workflows[member.key],
            tasks=answer(Counts, counts[member.key].tasks),
            jobs=answer(Counts, counts[member.key].jobs),
            subworkflows=answer(Counts, counts[member.key].subworkflows),
            workflow_retries=counts[member.key].workflow_retries,
        )
        for member in tree
    ]


def _time_tables(connection: Connection, run: RunRef, span: TimeSpan, zone: ZoneInfo) -> TimeTables:
    tables = time_tables_of(connection, tree_of(connection, run), Span(span.value), zone)
    return TimeTables(
        **{
            field.name: [answer(TimeLine, line) for line in getattr(tables, field.name)]
            for field in fields(tables)
        }
    )
