"""Clean-up: remove files from the work directory once nobody needs them, and the directory at the end."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from planner.draft import AuxiliaryJob, Draft
from planner.executable import JobKind, Removal
from planner.graph import breadth_first, levels, reverse
from planner.locations import work_url
from planner.refine.directories import directory_job_name, sites_touched


def clean_up(draft: Draft) -> None:
    """Add clean-up jobs by the chosen strategy: none, leaf (the directory), inplace (files, then directory).

    A file goes after the deepest job that uses it, every other user being a parent as well. What has to stay
    in a work directory (an output delivered where it was made, an input that lay there before) keeps that
    directory.
    """
    strategy = draft.settings.cleanup
    if strategy == "none" or not draft.order:
        return
    if strategy == "inplace":
        _remove_files(draft)
    if not draft.resident:
        _remove_directories(draft)


@dataclass(slots=True)
class _Candidate:
    """Files whose last user is one node, and all of their users."""

    files: list[str] = field(default_factory=list)
    users: list[int] = field(default_factory=list)


def _remove_files(draft: Draft) -> None:
    order = breadth_first(draft.parents, reverse(draft.parents))
    depth = levels(draft.parents, order)
    ordered = [node for node in order if node >= len(draft.graph.jobs) or draft.kept[node]]
    parent_sets = _ParentSets(draft.parents)
    for site in sorted(draft.sites_in_use()):
        for level, candidates in _candidates(draft, ordered, site, depth).items():
            _add_jobs(draft, parent_sets, site, level, candidates)


def _candidates(
    draft: Draft, order: Sequence[int], site: str, depth: Sequence[int]
) -> dict[int, list[_Candidate]]:
    """By depth (1 for the first jobs), deepest first, the candidates of one site."""
    last_user: dict[str, _Candidate] = {}
    by_depth: dict[int, list[_Candidate]] = {}
    for node in reversed(order):
        own: _Candidate | None = None
        for lfn in _files_used(draft, node, site):
            candidate = last_user.get(lfn)
            if candidate is None:
                if own is None:
                    own = _Candidate()
                    by_depth.setdefault(depth[node] + 1, []).append(own)
                candidate = last_user[lfn] = own
                own.files.append(lfn)
            candidate.users.append(node)
    return by_depth


def _files_used(draft: Draft, node: int, site: str) -> Iterable[str]:
    """The LFNs in one site's work directory that a node uses and that may go."""
    job = draft.job(node)
    if job is None:
        placement = draft.placement(node)
        if placement.site != site:
            return ()
        graph = draft.graph
        files = (*graph.reads[node], *graph.writes[node])
        names = [graph.lfns[file] for file in files]
        names.extend(program.lfn for program in placement.staged)
        names.extend(placement.required)
    elif job.kind in (JobKind.STAGE_OUT, JobKind.INTER_SITE) and draft.parents[node]:
        names = [transfer.lfn for transfer in job.transfers if transfer.sources[0].site == site]
    else:
        return ()
    return dict.fromkeys(name for name in names if name not in draft.resident)


def _add_jobs(
    draft: Draft, parents: "_ParentSets", site: str, level: int, candidates: Sequence[_Candidate]
) -> None:
    settings = draft.settings
    count = settings.cleanup_clusters or -(-len(candidates) // settings.cleanup_cluster_size)
    base = work_url(draft, site, "put")
    for number in range(min(count, len(candidates))):
        cluster = candidates[number::count]
        files = [lfn for candidate in cluster for lfn in candidate.files]
        users = dict.fromkeys(user for candidate in cluster for user in candidate.users)
        removals = [Removal(site, f"{base}/{lfn}", lfn) for lfn in files]
        name = f"clean_up_{site}_level_{level}_{number}"
        node = draft.add(AuxiliaryJob(name, JobKind.CLEANUP, site, level, "cleanup", removals=removals))
        draft.parents[node] = parents.reduced(users)


@dataclass(slots=True)
class _ParentSets:
    """Leaves out those of a job's parents that are parents of another of its parents."""

    parents: Sequence[Sequence[int]]
    sets: dict[int, frozenset[int]] = field(default_factory=dict)

    def reduced(self, users: dict[int, None]) -> list[int]:
        """The users without those that a further user implies."""
        implied: set[int] = set()
        for user in users:
            above = self.parents[user]
            if len(above) <= len(users):
                implied.update(parent for parent in above if parent in users)
            else:
                # the shorter side is walked, so that a fan of many thousands stays linear
                among = self._set(user)
                implied.update(other for other in users if other in among)
        return [user for user in users if user not in implied]

    def _set(self, node: int) -> frozenset[int]:
        known = self.sets.get(node)
        if known is None:
            known = self.sets[node] = frozenset(self.parents[node])
        return known


def _remove_directories(draft: Draft) -> None:
    """One job a site, behind the last jobs that touch its work directory."""
    touching = [sites_touched(draft, node) for node in range(draft.size)]
    children = reverse(draft.parents)
    for site in sorted(draft.sites_in_use()):
        last = [
            node
            for node, sites in enumerate(touching)
            if site in sites and not any(site in touching[child] for child in children[node])
        ]
        cleanups = [
            node for node in range(draft.size) if (job := draft.job(node)) is not None and _removes(job, site)
        ]
        name = directory_job_name(draft, "cleanup", site)
        removal = Removal(site, work_url(draft, site, "put"), recursive=True)
        node = draft.add(AuxiliaryJob(name, JobKind.CLEANUP, site, 0, removals=[removal]))
        covered = {user for cleanup in cleanups for user in draft.parents[cleanup]}
        draft.parents[node] = [*cleanups, *(user for user in last if user not in covered)]


def _removes(job: AuxiliaryJob, site: str) -> bool:
    return job.kind is JobKind.CLEANUP and job.site == site
