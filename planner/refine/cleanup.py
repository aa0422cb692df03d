"""Clean-up: remove files from the work directory once nobody needs them, and the directory at the end."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from planner.draft import AuxiliaryJob, Draft
from planner.executable import JobKind, Removal
from planner.graph import NOBODY, reverse
from planner.locations import work_url
from planner.refine.directories import directory_job_name, sites_touched
from planner.urls import url_below


def clean_up(draft: Draft) -> None:
    """Add clean-up jobs by the chosen strategy: none, leaf (the directory), inplace (files, then directory).

    A file goes after the deepest job that uses it, every other user being a parent as well. What has to stay
    in a work directory (an output delivered where it was made, an input that lay there before) keeps that
    directory.
    """
    strategy = draft.settings.cleanup
    if strategy == "none" or not draft.order:
        return
    last_users = _last_users(draft)
    cleanups: dict[str, list[int]] = {site: [] for site in sorted(draft.sites_in_use())}
    if strategy == "inplace":
        for site, added in cleanups.items():
            for level, candidates in sorted(_candidates(draft, site).items()):
                added.extend(_add_jobs(draft, site, level, candidates))
    if not draft.resident:
        for site, added in cleanups.items():
            _remove_directory(draft, site, added, last_users[site])


@dataclass(slots=True)
class _Candidate:
    """The files whose last user is one node, and all nodes that use them."""

    node: int
    files: list[str] = field(default_factory=list)
    users: list[int] = field(default_factory=list)


def _candidates(draft: Draft, site: str) -> dict[int, list[_Candidate]]:
    """The candidates of one site by depth (1 for the first jobs), the deepest first."""
    candidate_of: dict[str, _Candidate] = {}
    by_depth: dict[int, list[_Candidate]] = {}
    implied = _Implied(draft)
    for node in reversed(draft.topology):
        own = _Candidate(node)
        for lfn in _files_used(draft, node, site):
            candidate = candidate_of.get(lfn)
            if candidate is None:
                candidate = candidate_of[lfn] = own
                own.files.append(lfn)
            elif implied.by_another_user(node, lfn):
                continue
            candidate.users.append(node)
        if own.files:
            by_depth.setdefault(draft.depth[node] + 1, []).append(own)
    return by_depth


@dataclass(slots=True)
class _Implied:
    """Knows users of a file for whom others of its users wait already, so that clean-up need not."""

    draft: Draft

    def by_another_user(self, node: int, lfn: str) -> bool:
        """Whether a node made a file that others use after it: those wait for it by the file itself."""
        draft = self.draft
        if not draft.settings.infer_data_edges:
            return False
        file = draft.graph.file_of.get(lfn, NOBODY)
        return file != NOBODY and draft.graph.producer[file] == node


def _files_used(draft: Draft, node: int, site: str) -> Iterable[str]:
    """The LFNs in one site's work directory that a node uses and that may go."""
    job = draft.job(node)
    if job is None:
        placement = draft.placement(node)
        if placement.site != site:
            return ()
        graph = draft.graph
        lfns = graph.lfns
        names = [lfns[file] for file in graph.reads[node]]
        names += [lfns[file] for file in graph.writes[node]]
        names += [program.lfn for program in placement.staged]
        names += [file.lfn for file in placement.required]
    elif site in job.touches and job.kind in (JobKind.STAGE_OUT, JobKind.INTER_SITE):
        names = [transfer.lfn for transfer in job.transfers if transfer.sources[0].site == site]
    else:
        return ()
    if draft.resident:
        names = [name for name in names if name not in draft.resident]
    return dict.fromkeys(names) if len(names) > 1 else names


def _add_jobs(draft: Draft, site: str, level: int, candidates: Sequence[_Candidate]) -> list[int]:
    """Deal the candidates of one level to as many clean-up jobs as the settings say."""
    settings = draft.settings
    count = settings.cleanup_clusters or -(-len(candidates) // settings.cleanup_cluster_size)
    base = work_url(draft, site, "put")
    added = []
    for number in range(min(count, len(candidates))):
        cluster = candidates[number::count]
        removals = [
            Removal(site, url_below(base, lfn), lfn) for candidate in cluster for lfn in candidate.files
        ]
        name = f"clean_up_{site}_level_{level}_{number}"
        job = AuxiliaryJob(name, JobKind.CLEANUP, site, level, "cleanup", removals=removals)
        added.append(draft.add_last(job, _users(draft, cluster)))
    return added


def _users(draft: Draft, cluster: Sequence[_Candidate]) -> list[int]:
    """All users of the files of a cluster, without those for whom its last users wait anyway."""
    users = dict.fromkeys(user for candidate in cluster for user in candidate.users)
    for candidate in cluster:
        if len(candidate.users) > 1:
            for parent in draft.parents[candidate.node]:
                users.pop(parent, None)
    return list(users)


def _last_users(draft: Draft) -> dict[str, list[int]]:
    """For each site the nodes that touch its work directory and have no child that does."""
    children = reverse(draft.parents)
    last: dict[str, list[int]] = {}
    for node in draft.topology:
        for site in sites_touched(draft, node):
            if not any(site in sites_touched(draft, child) for child in children[node]):
                last.setdefault(site, []).append(node)
    return last


def _remove_directory(draft: Draft, site: str, cleanups: Sequence[int], last: Sequence[int]) -> None:
    """Add the job that removes a work directory, behind the last jobs that use it."""
    name = directory_job_name(draft, "cleanup", site)
    removal = Removal(site, work_url(draft, site, "put"), recursive=True)
    covered = {user for cleanup in cleanups for user in draft.parents[cleanup]}
    parents = [*cleanups, *(user for user in last if user not in covered)]
    draft.add_last(AuxiliaryJob(name, JobKind.CLEANUP, site, 0, removals=[removal]), parents)
