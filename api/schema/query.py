"""Everything a caller may ask."""

from typing import Annotated

import strawberry
from anyio import to_thread

from api.context import Info
from api.schema.files import FileConnection, FileDetail, one_file, page_of_files
from api.schema.filters import FileFilter, filter_of
from api.schema.jobs import JobConnection, JobDetail, JobState, detail_of_job, page_of_jobs
from api.schema.lineage import Lineage, LineageDirection, lineage_of_file
from api.schema.paging import PAGE
from api.schema.resolving import resolved
from api.schema.reuse import ReusableFiles, reusable_files
from api.schema.runs import RunConnection, RunDetail, RunState, WantedRuns, one_run, page_of_runs, run_named
from api.schema.scalars import Long
from api.schema.statistics import Statistics, statistics_of_run
from projections.answers.lineage import DEFAULT_BUDGET, DEFAULT_DEPTH


@strawberry.type(description="How far a group of views is.")
class ViewState:
    """A group's checkpoint."""

    group: str
    position: str = strawberry.field(description="Everything before it is folded.")
    lag: Long = strawberry.field(description="How many events the log holds beyond it.")
    dead_letters: Long = strawberry.field(description="How many events could not be folded.")


@strawberry.type(description="How far the views are behind the log.")
class Health:
    """Log and views."""

    head: str = strawberry.field(description="The position behind the log's last event.")
    views: list[ViewState]


@strawberry.type
class Query:
    """The questions. A run is named by its id, a unique prefix of it, or `latest`."""

    @resolved("Files by their tags and by what is known of every file, in a stable order.")
    async def files(
        self, info: Info, where: FileFilter, first: int = PAGE, after: str | None = None
    ) -> FileConnection:
        """A page of the files that match."""
        return await page_of_files(info, filter_of(where), first, after)

    @resolved("One file of a run.")
    async def file(self, info: Info, run: strawberry.ID, lfn: str) -> FileDetail:
        """A file with who made and who reads it."""
        return await one_file(info, await run_named(info, run), lfn)

    @resolved("From what a file was made, or what was made of it, over the borders of runs.")
    async def lineage(
        self,
        info: Info,
        run: strawberry.ID,
        lfn: str,
        direction: LineageDirection = LineageDirection.UP,
        depth: int = DEFAULT_DEPTH,
        budget: int = DEFAULT_BUDGET,
    ) -> Lineage:
        """A lineage, breadth first, up to a depth and a number of nodes."""
        return await lineage_of_file(info, await run_named(info, run), lfn, direction, depth, budget)

    @resolved(
        "Planned runs, the newest first; those of one workflow, in one state, where given; without those of "
        "sub-workflows where only roots are wanted."
    )
    async def runs(
        self,
        info: Info,
        workflow: str | None = None,
        state: RunState | None = None,
        roots_only: bool = False,
        first: int = PAGE,
        after: str | None = None,
    ) -> RunConnection:
        """A page of runs."""
        wanted = WantedRuns(workflow, state, roots_only)
        return await page_of_runs(info, wanted, first, after)

    @resolved("One run.")
    async def run(
        self, info: Info, identity: Annotated[strawberry.ID, strawberry.argument(name="id")]
    ) -> RunDetail:
        """A run with everything that is known of it."""
        return await one_run(info, identity)

    @resolved("Jobs of a run, by name; those of one state where given.")
    async def jobs(
        self,
        info: Info,
        run: strawberry.ID,
        state: JobState | None = None,
        first: int = PAGE,
        after: str | None = None,
    ) -> JobConnection:
        """A page of jobs."""
        return await page_of_jobs(info, await run_named(info, run), state, first, after)

    @resolved("One job of a run, with its attempts.")
    async def job(self, info: Info, run: strawberry.ID, name: str) -> JobDetail:
        """A job with everything that happened to it."""
        return await detail_of_job(info, await run_named(info, run), name)

    @resolved("A run's statistics, its sub-workflows' included.")
    async def statistics(self, info: Info, run: strawberry.ID) -> Statistics:
        """Counts and durations."""
        return await statistics_of_run(info, await run_named(info, run))

    @resolved("Which of up to 200000 LFNs exist, intact, made by a task that succeeded, and where they lie.")
    async def reusable(
        self,
        info: Info,
        lfns: list[str],
        from_run: strawberry.ID | None = None,
        namespace: str | None = None,
    ) -> ReusableFiles:
        """Trusted replicas of one run, or of the newest run of the namespace that has any."""
        return await reusable_files(info, lfns, from_run, namespace)

    @resolved("How far the views are behind the log.")
    async def health(self, info: Info) -> Health:
        """The log's head and each group's checkpoint."""
        standing = await to_thread.run_sync(info.context.standing)
        views = [
            ViewState(
                group=view.group,
                position=str(view.position),
                lag=Long(view.lag),
                dead_letters=Long(view.dead_letters),
            )
            for view in standing.views
        ]
        return Health(head=str(standing.head), views=views)
