"""Runs in GraphQL: lists of them, and how one stands."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, NamedTuple

import strawberry
from msgspec import Meta

from api.context import Info
from api.schema.answering import answer
from api.schema.integrity import Failure, Integrity, failures_of_run, integrity_of_run
from api.schema.jobs import JobConnection, JobState, page_of_jobs
from api.schema.naming import asked_name
from api.schema.paging import PAGE, PageInfo, pack_cursor, require_page, unpack_cursor
from api.schema.resolving import resolved
from api.schema.scalars import Time
from api.schema.vocabulary import UNKNOWN_WORD, Vocabulary, asked_word
from projections.answers import runs as answers


@strawberry.type(description="One time an engine ran the plan.")
class Engine:
    """An engine's life."""

    restart: int = strawberry.field(description="0 for the first time, one more for each resumption.")
    engine: str
    host: str
    user: str
    started_at: Time | None
    finished_at: Time | None = strawberry.field(description="Null while it runs, or when it died.")
    status: int | None = strawberry.field(description="0: every job succeeded.")
    reason: str


@strawberry.type(description="How many jobs stand where, by their last attempts.")
class Progress:
    """Counts of jobs by state."""

    total: int
    unsubmitted: int
    submitted: int
    running: int
    held: int
    evicted: int
    succeeded: int
    failed: int
    aborted: int


@strawberry.enum(description="Where a planned run stands.")
class RunState(Vocabulary):
    """The states of planned runs."""

    PLANNED = strawberry.enum_value("planned", description="No engine has begun it.")
    RUNNING = strawberry.enum_value("running", description="An engine began and has not said that it ended.")
    SUCCEEDED = strawberry.enum_value("succeeded", description="Every job succeeded.")
    FAILED = strawberry.enum_value("failed", description="Its last engine ended, and a job had failed.")
    INCOMPLETE = strawberry.enum_value(
        "incomplete", description="Its last engine ended before all jobs were done, and none had failed."
    )
    UNKNOWN = UNKNOWN_WORD


@strawberry.type(description="One planned workflow, and what became of it.")
class Run:
    """A run, as lists show it."""

    ref: strawberry.Private[answers.RunRef]
    id: strawberry.ID
    namespace: str
    workflow: str
    state: RunState
    user: str
    submit_directory: str
    created_at: Time
    planned_at: Time | None
    tasks: int = strawberry.field(name="taskCount")
    jobs: int = strawberry.field(name="jobCount")
    reused_tasks: int = strawberry.field(
        name="reusedTaskCount", description="Tasks that were pruned because their outputs exist."
    )

    @classmethod
    def of(cls, run: answers.RunSummary) -> "Run":
        """The run as an answer."""
        identity = strawberry.ID(run.ref.run)
        return answer(cls, run, ref=run.ref, id=identity, namespace=run.ref.namespace)

    @resolved("How many jobs stand where.")
    async def progress(self, info: Info) -> Progress:
        """The progress, loaded for all runs of the answer at once."""
        return answer(Progress, await info.context.progress.load(self.ref))


@strawberry.type(description="A run with everything that is known of it.")
class RunDetail(Run):
    """A run, as it is looked at alone."""

    root: str = strawberry.field(description="The run at the top of its tree of sub-workflows.")
    parent_run: str | None
    parent_job: str | None
    workflow_version: str
    workflow_file: str
    planner: str
    planner_version: str
    submit_host: str
    data_configuration: str
    files: int = strawberry.field(name="fileCount")
    plan_digest: str
    engines: list[Engine]

    @classmethod
    def in_full(cls, run: answers.RunDetail) -> "RunDetail":
        """The run as an answer."""
        engines = [answer(Engine, engine) for engine in run.engines]
        return answer(cls, run, engines=engines, **vars(Run.of(run.summary)))

    @resolved("Its jobs, by name; those of one state where given.", name="jobs")
    async def job_page(
        self, info: Info, state: JobState | None = None, first: int = PAGE, after: str | None = None
    ) -> JobConnection:
        """A page of its jobs."""
        return await page_of_jobs(info, self.ref, state, first, after)

    @resolved("The runs of the sub-workflows that it called itself, the newest first.")
    async def subworkflows(self, info: Info, first: int = PAGE, after: str | None = None) -> "RunConnection":
        """A page of runs one level below."""
        listing = partial(answers.list_subworkflows, run=self.ref)
        return await _page(info, listing, first, after)

    @resolved("What came of every checksum.")
    async def integrity(self, info: Info) -> Integrity:
        """The sums, and the first files that were wrong."""
        return await integrity_of_run(info, self.ref)

    @resolved("The jobs that failed for good, root cause first.")
    async def failures(self, info: Info) -> list[Failure]:
        """Why it failed."""
        return await failures_of_run(info, self.ref)


@strawberry.type(description="A run within a page.")
class RunEdge:
    """A run and where it stands."""

    cursor: str
    node: Run


@strawberry.type(description="A page of runs, the newest first.")
class RunConnection:
    """Runs and where their page ends."""

    edges: list[RunEdge]
    page_info: PageInfo


_Int64 = Annotated[int, Meta(ge=-(1 << 63), le=(1 << 63) - 1)]


class _RunKey(NamedTuple):
    created_at: _Int64
    key: _Int64


class WantedRuns(NamedTuple):
    """Which runs: of one workflow, in one state, roots alone."""

    workflow: str | None
    state: RunState | None
    roots_only: bool


async def page_of_runs(info: Info, wanted: WantedRuns, first: int, after: str | None) -> RunConnection:
    """One page of those of the wanted runs that the caller may see."""
    listing = partial(
        answers.list_runs,
        namespaces=info.context.access.namespaces,
        workflow=None if wanted.workflow is None else asked_name(wanted.workflow),
        state=asked_word(wanted.state),
        roots_only=wanted.roots_only,
    )
    return await _page(info, listing, first, after)


async def _page(
    info: Info, listing: Callable[..., Sequence[answers.RunSummary]], first: int, after: str | None
) -> RunConnection:
    require_page(first)
    place = None if after is None else unpack_cursor(after, _RunKey, "runs")
    found = await info.context.reader.ask("runs", partial(listing, after=place, limit=first + 1))
    edges = [RunEdge(cursor=pack_cursor(run.cursor), node=Run.of(run)) for run in found[:first]]
    end = edges[-1].cursor if edges else None
    return RunConnection(edges=edges, page_info=PageInfo(has_next_page=len(found) > first, end_cursor=end))


async def run_named(info: Info, reference: str) -> answers.RunRef:
    """The run that the caller means: by id, unique prefix, or ``latest``."""
    namespaces = info.context.access.namespaces
    resolving = partial(answers.resolve_run, reference=asked_name(reference), namespaces=namespaces)
    return await info.context.reader.ask("runs", resolving)


async def one_run(info: Info, reference: str) -> RunDetail:
    """The run that the caller means."""
    ref = await run_named(info, reference)
    return RunDetail.in_full(await info.context.reader.ask("runs", partial(answers.run_detail, run=ref)))
