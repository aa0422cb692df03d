"""Check: refuse a workflow that no plan can be made of, with all problems of a kind at once."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from eventlog.errors import InputError
from planner.abstract import AbstractJob
from planner.catalog_union import nearest_names
from planner.draft import Draft
from planner.graph import WorkflowGraph, breadth_first, find_cycle
from planner.request import PlanRequest
from planner.unicode_text import is_utf8

SHOWN = 20


def check(draft: Draft) -> None:
    """Raise InputError for jobs that cannot be planned, unknown sites, doubled names or makers, or cycles."""
    graph = draft.graph
    _check_kinds(graph.jobs)
    _check_names(graph.jobs)
    _check_sites(draft)
    _check_paths(draft.request)
    _check_output_directory(draft)
    if draft.settings.duplicate_producers == "refuse":
        _check_producers(graph)
    draft.order = _order(graph)


def _check_kinds(jobs: Sequence[AbstractJob]) -> None:
    problems = [f"{describe(job)} is a {job.kind}" for job in jobs if job.kind != "job"]
    refuse("sub-workflows cannot be planned yet; take them out or plan them on their own", problems)


def _check_names(jobs: Sequence[AbstractJob]) -> None:
    seen: dict[str, AbstractJob] = {}
    problems = []
    for job in jobs:
        first = seen.setdefault(job.id, job)
        if first is not job:
            problems.append(f"{job.id!r} at {first.place or 'one place'} and at {job.place or 'another'}")
    refuse("two jobs have the same id; every job needs its own", problems)


def _check_sites(draft: Draft) -> None:
    request, known = draft.request, draft.catalogs.sites
    asked = dict.fromkeys((*request.execution_sites, *request.output_sites))
    problems = [f"{site!r}{nearest_names(site, known)}" for site in asked if site not in known]
    refuse(f"unknown site; {_source(request.sites.source)} knows {', '.join(sorted(known))}", problems)


def _check_paths(request: PlanRequest) -> None:
    paths = (request.base_directory, request.relative_directory, request.output_directory or "")
    problems = [f"{path!r}" for path in paths if not is_utf8(path)]
    refuse("a path is not UTF-8; choose a directory whose name is", problems)


def _check_output_directory(draft: Draft) -> None:
    request = draft.request
    if request.output_directory is not None and len(set(request.output_sites)) > 1:
        raise InputError(
            f"an output directory ({request.output_directory}) goes with one output site, not with "
            f"{', '.join(request.output_sites)}; leave it out to use each site's own storage directory"
        )


def _check_producers(graph: WorkflowGraph) -> None:
    problems = [
        f"{graph.lfns[file]!r} is made by {listed(describe(graph.jobs[job]) for job in jobs)}"
        for file, jobs in graph.producers.items()
    ]
    refuse(
        "a file has two producers; give each its own file, or take the last one (--duplicate-producers last)",
        problems,
    )


def _order(graph: WorkflowGraph) -> list[int]:
    """The tasks in topological order; raises InputError that shows a cycle where there is one."""
    order = breadth_first(graph.parents, graph.children)
    if len(order) == len(graph.jobs):
        return order
    cycle = find_cycle(graph.parents, order)
    path = " -> ".join(graph.jobs[job].id for job in cycle[:SHOWN])
    first = graph.jobs[cycle[0]]
    link = _links(graph, cycle)
    raise InputError(f"{_at(first)}the workflow has a cycle: {path}{link}; take one of these edges out")


def _links(graph: WorkflowGraph, cycle: Sequence[int]) -> str:
    """The files that tie a cycle together, where files do."""
    pairs = pairwise(cycle)
    files = [
        graph.lfns[file]
        for parent, child in pairs
        for file in graph.reads[child]
        if graph.producer[file] == parent
    ]
    return f" (tied by the files {listed(repr(name) for name in files)})" if files else ""


def describe(job: AbstractJob) -> str:
    """A job for a message: its id and where it was written."""
    return f"job {job.id} ({job.place})" if job.place else f"job {job.id}"


def listed(names: Iterable[str], limit: int = SHOWN) -> str:
    """Names joined for a message; after ``limit`` of them only their number."""
    all_names = list(names)
    more = f" and {len(all_names) - limit} more" if len(all_names) > limit else ""
    return ", ".join(all_names[:limit]) + more


def refuse(headline: str, problems: Sequence[str]) -> None:
    """Raise one InputError for all problems of a kind; do nothing without any."""
    if problems:
        raise InputError(f"{headline}: {'; '.join(problems[:SHOWN])}{_rest(problems)}")


def _rest(problems: Sequence[str]) -> str:
    return f"; and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""


def _at(job: AbstractJob) -> str:
    return f"{job.place}: " if job.place else ""


def _source(source: str) -> str:
    return source or "the site catalog"
