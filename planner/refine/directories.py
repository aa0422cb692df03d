"""Directories: make each site's work directory before anything needs it."""

from planner.draft import AuxiliaryJob, Draft
from planner.executable import JobKind, Location
from planner.graph import breadth_first, levels, reverse
from planner.locations import work_url


def make_directories(draft: Draft) -> None:
    """Add one create-dir job a site, as parent of those nodes alone that have no such ancestor yet."""
    order = _final_order(draft)
    makers = {site: _add_maker(draft, site) for site in sorted(draft.sites_in_use())}
    bits = {site: 1 << number for number, site in enumerate(makers)}
    made = [0] * draft.size
    for node in order:
        ready = 0
        for parent in draft.parents[node]:
            ready |= made[parent]
        for site in sites_touched(draft, node):
            if not ready & bits[site]:
                draft.add_parent(node, makers[site])
                ready |= bits[site]
        made[node] = ready
    draft.topology = [*makers.values(), *order]
    draft.depth = levels(draft.parents, draft.topology)


def sites_touched(draft: Draft, node: int) -> tuple[str, ...]:
    """The sites whose work directory a node reads or writes."""
    job = draft.job(node)
    return job.touches if job is not None else (draft.placement(node).site,)


def _final_order(draft: Draft) -> list[int]:
    order = breadth_first(draft.parents, reverse(draft.parents))
    tasks = len(draft.graph.jobs)
    return [node for node in order if node >= tasks or draft.kept[node]]


def directory_job_name(draft: Draft, prefix: str, site: str) -> str:
    """The name of a create-dir or leaf clean-up job."""
    workflow = draft.graph.workflow
    return f"{prefix}_{workflow.name}_{workflow.index}_{site}"


def _add_maker(draft: Draft, site: str) -> int:
    name = directory_job_name(draft, "create_dir", site)
    where = Location(site, work_url(draft, site, "put"))
    return draft.add(
        AuxiliaryJob(name, JobKind.CREATE_DIRECTORY, site, 0, touches=(site,), make_directories=[where])
    )
