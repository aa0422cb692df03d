"""Jobs, attempts and invocations in GraphQL."""

from functools import partial

import strawberry

from api.context import Info
from api.schema.answering import answer
from api.schema.paging import PageInfo, pack_cursor, require_page, unpack_cursor
from api.schema.scalars import Long, Time
from projections.answers import jobs as answers
from projections.answers.runs import RunRef


@strawberry.type(description="Something that happened to an attempt.")
class StateChange:
    """A state and when it began."""

    state: str
    time: Time
    reason: str


@strawberry.type(description="A PRE or POST script that ended.")
class Script:
    """One script of an attempt."""

    script: str = strawberry.field(description="pre or post.")
    exit_raw: int = strawberry.field(description="Raw wait status: exit code << 8 | signal.")
    started: Time | None
    terminated: Time | None
    executable: str
    argv: list[str]


@strawberry.type(description="One process of an attempt.")
class Invocation:
    """A process with its resources and exit."""

    sequence: int
    task: str | None
    transformation: str
    executable: str
    argv: list[str]
    start: Time
    duration: Long = strawberry.field(description="Microseconds.")
    exit_raw: int = strawberry.field(description="Raw wait status: exit code << 8 | signal.")
    utime: Long | None = strawberry.field(description="CPU microseconds in user mode.")
    stime: Long | None = strawberry.field(description="CPU microseconds in the kernel.")
    maxrss: Long | None = strawberry.field(description="KiB.")
    hostname: str
    site: str


@strawberry.type(description="One try of a job.")
class Attempt:
    """A try with everything that happened to it."""

    attempt: int
    state: str
    verdict: int | None = strawberry.field(
        description="The raw exit code that counts; null while it has none."
    )
    site: str
    hostname: str
    scheduler_id: str
    submitted_at: Time | None
    finished_at: Time | None
    local_duration: Long | None = strawberry.field(description="Microseconds from execute to terminate.")
    problem: str = strawberry.field(description="The worker's own words about a failure.")
    stderr_tail: str = strawberry.field(description="The last lines of the failing task's stderr.")
    states: list[StateChange]
    scripts: list[Script]
    invocations: list[Invocation]

    @classmethod
    def of(cls, attempt: answers.Attempt) -> "Attempt":
        """The attempt as an answer."""
        return answer(
            cls,
            attempt,
            states=[answer(StateChange, change) for change in attempt.states],
            scripts=[answer(Script, script) for script in attempt.scripts],
            invocations=[answer(Invocation, invocation) for invocation in attempt.invocations],
        )


@strawberry.type(description="A job of the executable workflow.")
class Job:
    """A job, by its name within its run."""

    job: str
    kind: str = strawberry.field(description="compute, stage-in-tx, stage-out-tx, registration, create-dir …")
    site: str
    transformation: str
    state: str = strawberry.field(description="Of its last attempt; unsubmitted before the first.")
    last_attempt: int
    max_retries: int


@strawberry.type(description="A job with everything that happened to it.")
class JobDetail:
    """A job, its command and its attempts."""

    summary: Job
    executable: str
    argv: list[str]
    tasks: list[str] = strawberry.field(description="The tasks that it carries out.")
    attempts: list[Attempt]


@strawberry.type(description="A job within a page.")
class JobEdge:
    """A job and where it stands."""

    cursor: str
    node: Job


@strawberry.type(description="A page of jobs, by name.")
class JobConnection:
    """Jobs and where their page ends."""

    edges: list[JobEdge]
    page_info: PageInfo


async def page_of_jobs(
    info: Info, run: RunRef, state: str | None, first: int, after: str | None
) -> JobConnection:
    """One page of a run's jobs."""
    require_page(first)
    last = None if after is None else unpack_cursor(after, str, "jobs")
    listing = partial(answers.list_jobs, run=run, state=state, after=last, limit=first + 1)
    found = await info.context.reader.ask("runs", listing)
    edges = [JobEdge(cursor=pack_cursor(job.job), node=answer(Job, job)) for job in found[:first]]
    end = edges[-1].cursor if edges else None
    return JobConnection(edges=edges, page_info=PageInfo(has_next_page=len(found) > first, end_cursor=end))


async def detail_of_job(info: Info, run: RunRef, job: str) -> JobDetail:
    """One job of a run with its attempts."""
    found = await info.context.reader.ask("runs", partial(answers.job_detail, run=run, job=job))
    attempts = [Attempt.of(attempt) for attempt in found.attempts]
    return answer(JobDetail, found, summary=answer(Job, found.summary), attempts=attempts)
