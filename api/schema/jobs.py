"""Jobs, attempts and invocations in GraphQL."""

from functools import partial

import strawberry

from api.context import Info
from api.schema.answering import answer
from api.schema.naming import asked_name
from api.schema.paging import PageInfo, pack_cursor, require_page, unpack_cursor
from api.schema.scalars import Long, Time
from api.schema.vocabulary import UNKNOWN_WORD, Vocabulary, asked_word
from projections.answers import jobs as answers
from projections.answers.runs import RunRef


@strawberry.enum(description="Where an attempt at a job stands, and a job by its last attempt.")
class JobState(Vocabulary):
    """The states of jobs and attempts."""

    UNSUBMITTED = strawberry.enum_value("unsubmitted", description="The job had no attempt yet.")
    SUBMITTED = strawberry.enum_value("submitted", description="Waits for a place to run.")
    RUNNING = "running"
    HELD = strawberry.enum_value("held", description="Stopped by the scheduler until it is released.")
    EVICTED = strawberry.enum_value("evicted", description="Lost its place before it ended; waits again.")
    SUCCEEDED = "succeeded"
    FAILED = strawberry.enum_value("failed", description="The job, its PRE or its POST script failed.")
    ABORTED = strawberry.enum_value("aborted", description="Taken away before it ended.")
    UNKNOWN = UNKNOWN_WORD


@strawberry.enum(description="A script that DAGMan runs before (PRE) or after (POST) a job.")
class ScriptKind(Vocabulary):
    """The scripts of an attempt."""

    PRE = "pre"
    POST = "post"
    UNKNOWN = UNKNOWN_WORD


@strawberry.type(description="Something that happened to an attempt.")
class StateChange:
    """A state and when it began."""

    state: str = strawberry.field(
        description="submitted, started, held, released, evicted, aborted, finished; where a remote scheduler"
        " took it over, that name before submitted; or a note's own name, whatever it is."
    )
    time: Time
    reason: str


@strawberry.type(description="A PRE or POST script that ended.")
class Script:
    """One script of an attempt."""

    script: ScriptKind
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
    state: JobState
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
    state: JobState = strawberry.field(description="Of its last attempt.")
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
    info: Info, run: RunRef, state: JobState | None, first: int, after: str | None
) -> JobConnection:
    """One page of a run's jobs."""
    require_page(first)
    last = None if after is None else asked_name(unpack_cursor(after, str, "jobs"))
    listing = partial(answers.list_jobs, run=run, state=asked_word(state), after=last, limit=first + 1)
    found = await info.context.reader.ask("runs", listing)
    edges = [JobEdge(cursor=pack_cursor(job.job), node=answer(Job, job)) for job in found[:first]]
    end = edges[-1].cursor if edges else None
    return JobConnection(edges=edges, page_info=PageInfo(has_next_page=len(found) > first, end_cursor=end))


async def detail_of_job(info: Info, run: RunRef, job: str) -> JobDetail:
    """One job of a run with its attempts."""
    found = await info.context.reader.ask("runs", partial(answers.job_detail, run=run, job=asked_name(job)))
    attempts = [Attempt.of(attempt) for attempt in found.attempts]
    return answer(JobDetail, found, summary=answer(Job, found.summary), attempts=attempts)
