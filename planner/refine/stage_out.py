"""Stage-out: deliver outputs to the output sites, those of pruned tasks from where they exist."""

from dataclasses import dataclass, field

from planner.abstract import Use
from planner.dealing import Dealer, make_dealer
from planner.draft import AuxiliaryJob, Draft, OutputBatch
from planner.executable import JobKind, Location, Registration, Transfer
from planner.locations import storage_url, work_url
from planner.replica_lookup import KnownFile
from planner.replica_selection import make_selector
from planner.urls import as_url, path_of, url_below

REUSED_LEVEL = 1000
MOST_REUSED_JOBS = 10


def stage_out(draft: Draft) -> None:
    """Add stage-out jobs for all outputs that are to be delivered, and note what is to be registered."""
    delivery = _Delivery(
        draft,
        _storage(draft),
        make_dealer(draft, "stageout.clusters", draft.settings.stage_out_clusters),
    )
    graph = draft.graph
    work = {site: work_url(draft, site, "get") for site in draft.sites_in_use()}
    for task in draft.order:
        site = draft.placement(task).site
        for file in graph.writes[task]:
            use = graph.made_by[file]
            if use is not None and graph.producer[file] == task:
                delivery.deliver(task, use, Location(site, url_below(work[site], use.lfn)))
    _deliver_reused(draft, delivery)
    draft.batches = list(delivery.batches.values())


def _storage(draft: Draft) -> list[tuple[str, str]]:
    """Each output site with the URL below which it keeps files."""
    return [(site, storage_url(draft, site)) for site in dict.fromkeys(draft.request.output_sites)]


def _deliver_reused(draft: Draft, delivery: "_Delivery") -> None:
    if not draft.pruned:
        return
    graph = draft.graph
    selector = make_selector(draft.settings.replica_selector, draft.request.properties)
    for task in sorted(draft.pruned):
        for file in graph.writes[task]:
            use = graph.made_by[file]
            known = draft.existing.get(graph.lfns[file])
            if use is not None and use.stage_out and known is not None and graph.producer[file] == task:
                sources = selector.select(known.replicas, "local")
                located = [Location(s.site, as_url(s.url), s.priority) for s in sources]
                delivery.deliver_reused(use, known, tuple(located))


@dataclass(slots=True)
class _Delivery:
    draft: Draft
    storage: list[tuple[str, str]]
    dealer: Dealer
    batches: dict[tuple[str, int, int], OutputBatch] = field(default_factory=dict)
    reused: int = 0

    def deliver(self, task: int, use: Use, source: Location) -> None:
        """Send one output of a surviving task to every output site, and have it registered if asked."""
        draft = self.draft
        settings = draft.settings
        optional = use.may_be_missing
        registers = use.register and settings.register_outputs
        targets = self._targets(use.lfn) if use.stage_out else []
        moves = [target for target in targets if path_of(target.url) != path_of(source.url)]
        if len(moves) < len(targets):
            draft.resident.add(use.lfn)
        stays = not moves and registers and (use.stage_out or settings.cleanup == "none")
        if not moves and not stays:
            return
        level = draft.level[task]
        batch = self._batch(source.site, level, self.dealer.next(source.site, level))
        for target in moves:
            batch.transfers.append(Transfer(use.lfn, (source,), target, "output", optional=optional))
        if moves:
            draft.add_parent(self._stage_out_job(batch, (source.site,)), task)
        else:
            batch.in_place.append(task)
        if registers:
            lies = targets or [source]
            batch.registrations.extend([Registration(use.lfn, at.site, at.url, optional) for at in lies])

    def deliver_reused(self, use: Use, known: KnownFile, sources: tuple[Location, ...]) -> None:
        """Send a file that exists already to every output site where it does not lie yet."""
        self.draft.known[use.lfn] = known
        places = {path_of(replica.pfn) for replica in known.replicas}
        moves = [target for target in self._targets(use.lfn) if path_of(target.url) not in places]
        if not moves or not sources:
            return
        batch = self._batch("local", REUSED_LEVEL, self.reused % MOST_REUSED_JOBS)
        self.reused += 1
        self._stage_out_job(batch, ())
        for target in moves:
            batch.transfers.append(Transfer(use.lfn, sources, target, "output", known.sha256, known.size))
        if use.register and self.draft.settings.register_outputs:
            batch.registrations.extend([Registration(use.lfn, at.site, at.url) for at in moves])

    def _targets(self, lfn: str) -> list[Location]:
        return [Location(site, url_below(base, lfn)) for site, base in self.storage]

    def _batch(self, site: str, level: int, number: int) -> OutputBatch:
        key = (site, level, number)
        batch = self.batches.get(key)
        if batch is None:
            batch = self.batches[key] = OutputBatch(*key)
        return batch

    def _stage_out_job(self, batch: OutputBatch, touches: tuple[str, ...]) -> int:
        if batch.stage_out is None:
            name = f"stage_out_local_{batch.site}_{batch.level}_{batch.number}"
            job = AuxiliaryJob(
                name, JobKind.STAGE_OUT, "local", batch.level, "stageout", touches, batch.transfers
            )
            batch.stage_out = self.draft.add(job)
        return batch.stage_out
