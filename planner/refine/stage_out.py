"""Stage-out: deliver outputs to the output sites, those of pruned tasks from where they exist."""

from dataclasses import dataclass, field

from planner.abstract import Use
from planner.dealing import Dealer, make_dealer
from planner.draft import AuxiliaryJob, Draft, OutputBatch
from planner.executable import JobKind, Location, Registration, Transfer
from planner.locations import as_url, storage_location, storage_url, work_url
from planner.replica_lookup import KnownFile
from planner.replica_selection import make_selector

REUSED_LEVEL = 1000
MOST_REUSED_JOBS = 10


def stage_out(draft: Draft) -> None:
    """Add stage-out jobs for all outputs that are to be delivered, and note what is to be registered."""
    properties, settings = draft.request.properties, draft.settings
    storage = {site: storage_url(draft, site) for site in dict.fromkeys(draft.request.output_sites)}
    delivery = _Delivery(draft, storage, make_dealer(draft, "stageout.clusters", settings.stage_out_clusters))
    work = {site: work_url(draft, site, "get") for site in draft.sites_in_use()}
    for task in draft.order:
        for file in draft.graph.writes[task]:
            use = draft.graph.made_by[file]
            if use is not None and draft.graph.producer[file] == task:
                delivery.deliver(task, use, work)
    selector = make_selector(settings.replica_selector, properties)
    for task in sorted(draft.pruned):
        for use in _delivered_outputs(draft, task):
            known = draft.lookup.find(use.lfn)
            if known is not None:
                sources = selector.select(known.replicas, "local")
                located = [Location(s.site, as_url(s.url), s.priority) for s in sources]
                delivery.deliver_reused(use, known, tuple(located))
    draft.batches = list(delivery.batches.values())


def _delivered_outputs(draft: Draft, task: int) -> list[Use]:
    graph = draft.graph
    uses = (graph.made_by[file] for file in graph.writes[task] if graph.producer[file] == task)
    return [use for use in uses if use is not None and use.stage_out]


@dataclass(slots=True)
class _Delivery:
    draft: Draft
    storage: dict[str, str]
    dealer: Dealer
    batches: dict[tuple[str, int, int], OutputBatch] = field(default_factory=dict)
    reused: int = 0

    def deliver(self, task: int, use: Use, work: dict[str, str]) -> None:
        """Send one output of a surviving task to every output site, and have it registered if asked."""
        draft = self.draft
        site = draft.placement(task).site
        source = Location(site, f"{work[site]}/{use.lfn}")
        targets = self._targets(use) if use.stage_out else []
        moves = [target for target in targets if target.url != source.url]
        stays = not moves and (use.stage_out or draft.settings.cleanup == "none")
        if len(moves) < len(targets):
            draft.resident.add(use.lfn)
        if not moves and not (stays and self._registers(use)):
            return
        level = draft.level[task]
        batch = self._batch(site, level, self.dealer.next(site, level))
        for target in moves:
            transfer = Transfer(use.lfn, (source,), target, "output", optional=_optional(use))
            batch.transfers.append(transfer)
        if moves:
            draft.add_parent(self._stage_out_job(batch), task)
        if self._registers(use):
            registered = targets if use.stage_out else [source]
            batch.registrations.extend(Registration(use.lfn, at.site, at.url) for at in registered)
            batch.in_place.extend([] if moves else [task])

    def deliver_reused(self, use: Use, known: KnownFile, sources: tuple[Location, ...]) -> None:
        """Send a file that exists already to every output site where it does not lie yet."""
        self.draft.known[use.lfn] = known
        urls = {as_url(replica.pfn) for replica in known.replicas}
        moves = [target for target in self._targets(use) if target.url not in urls]
        if not moves or not sources:
            return
        batch = self._batch("local", REUSED_LEVEL, self.reused % MOST_REUSED_JOBS)
        self.reused += 1
        self._stage_out_job(batch)
        for target in moves:
            batch.transfers.append(Transfer(use.lfn, sources, target, "output", known.sha256, known.size))
        if self._registers(use):
            batch.registrations.extend(Registration(use.lfn, at.site, at.url) for at in moves)

    def _targets(self, use: Use) -> list[Location]:
        return [storage_location(base, site, use.lfn) for site, base in self.storage.items()]

    def _registers(self, use: Use) -> bool:
        # an optional file may never come to exist: there may be nothing to register
        return use.register and self.draft.settings.register_outputs and not _optional(use)

    def _batch(self, site: str, level: int, number: int) -> OutputBatch:
        key = (site, level, number)
        batch = self.batches.get(key)
        if batch is None:
            batch = self.batches[key] = OutputBatch(*key)
        return batch

    def _stage_out_job(self, batch: OutputBatch) -> int:
        if batch.stage_out is None:
            name = f"stage_out_local_{batch.site}_{batch.level}_{batch.number}"
            job = AuxiliaryJob(name, JobKind.STAGE_OUT, "local", batch.level, "stageout", batch.transfers)
            batch.stage_out = self.draft.add(job)
        return batch.stage_out


def _optional(use: Use) -> bool:
    return use.optional or use.link == "checkpoint"
