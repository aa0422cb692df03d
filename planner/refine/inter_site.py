"""Inter-site transfers: bring files from the site that makes them to the other sites that read them."""

from planner.dealing import make_dealer
from planner.draft import AuxiliaryJob, Draft
from planner.executable import JobKind, Location, Transfer
from planner.graph import NOBODY
from planner.locations import work_url
from planner.urls import url_below


def transfer_between_sites(draft: Draft) -> None:
    """Add one transfer for each file and further site on which a surviving task reads it."""
    sites = draft.sites_in_use()
    if len(sites) < 2:
        return
    get = {site: work_url(draft, site, "get") for site in sites}
    put = {site: work_url(draft, site, "put") for site in sites}
    dealer = make_dealer(draft, "stagein.clusters", draft.settings.stage_in_clusters)
    jobs: dict[tuple[str, int, int], int] = {}
    for task in draft.order:
        site, level = draft.placement(task).site, draft.level[task]
        for lfn, maker in _foreign_inputs(draft, task, site):
            node = draft.staged.get((lfn, site))
            if node is None:
                key = (site, level, dealer.next(site, level))
                if key not in jobs:
                    name = "stage_inter_local_{}_{}_{}".format(*key)
                    # an inter-site job may read from any of them: all have to be there
                    job = AuxiliaryJob(
                        name, JobKind.INTER_SITE, "local", level, "stagein", tuple(sorted(sites))
                    )
                    jobs[key] = draft.add(job)
                node = draft.staged[lfn, site] = jobs[key]
                origin = draft.placement(maker).site
                source, target = (
                    Location(origin, url_below(get[origin], lfn)),
                    Location(site, url_below(put[site], lfn)),
                )
                draft.auxiliary_job(node).transfers.append(Transfer(lfn, (source,), target, "input"))
                draft.add_parent(node, maker)
            draft.add_parent(task, node)


def _foreign_inputs(draft: Draft, task: int, site: str) -> list[tuple[str, int]]:
    graph = draft.graph
    makers = ((file, graph.maker(file, task)) for file in graph.reads[task])
    return [
        (graph.lfns[file], maker)
        for file, maker in makers
        if maker != NOBODY and draft.kept[maker] and draft.placement(maker).site != site
    ]
