"""Stage-in: bring raw inputs and executables to the work directory, each once per site."""

from dataclasses import dataclass, field

from planner.dealing import Dealer, make_dealer
from planner.draft import AuxiliaryJob, Draft, StagedProgram
from planner.executable import JobKind, Location, Transfer
from planner.graph import NOBODY
from planner.locations import work_url
from planner.profiles import profile
from planner.refine.check import describe, listed, refuse
from planner.replica_lookup import KnownFile
from planner.replica_selection import ReplicaSelector, make_selector
from planner.settings import is_true
from planner.urls import as_url, is_file_url, path_of, url_below


def stage_in(draft: Draft) -> None:
    """Add stage-in jobs for everything that surviving tasks need and no surviving task makes.

    Raises InputError that lists the files without a usable replica and the jobs that need them.
    """
    settings = draft.settings
    stager = _Stager(
        draft,
        make_selector(settings.replica_selector, draft.request.properties),
        make_dealer(draft, "stagein.clusters", settings.stage_in_clusters),
        {site: work_url(draft, site, "put") for site in draft.sites_in_use()},
    )
    for task in draft.order:
        stager.serve(task)
    _refuse_missing(draft, stager)


@dataclass(slots=True)
class _Stager:
    draft: Draft
    selector: ReplicaSelector
    dealer: Dealer
    destinations: dict[str, str]
    jobs: dict[tuple[str, int, int], int] = field(default_factory=dict)
    missing: dict[str, list[int]] = field(default_factory=dict)
    unusable: dict[str, list[int]] = field(default_factory=dict)

    def serve(self, task: int) -> None:
        """Make sure that a task finds its raw inputs and its program."""
        draft = self.draft
        graph, kept = draft.graph, draft.kept
        placement = draft.placement(task)
        wanted = [
            graph.lfns[file]
            for file in graph.reads[task]
            if (maker := graph.maker(file, task)) == NOBODY or not kept[maker]
        ]
        wanted.extend(self._earlier_checkpoints(task))
        bringers = [self._bring_file(lfn, task, placement.site) for lfn in wanted]
        bringers += [
            self._bring_file(file.lfn, task, placement.site, executable=file.executable)
            for file in placement.required
        ]
        bringers += [self._bring_program(program, task, placement.site) for program in placement.staged]
        if bringers:
            draft.parents[task].extend(dict.fromkeys(job for job in bringers if job is not None))

    def _earlier_checkpoints(self, task: int) -> list[str]:
        names = [self.draft.graph.lfns[file] for file in self.draft.graph.checkpoints.get(task, ())]
        return [lfn for lfn in names if self.draft.lookup.find(lfn) is not None]

    def _bring_file(self, lfn: str, task: int, site: str, *, executable: bool = False) -> int | None:
        if (lfn, site) in self.draft.staged:
            return self.draft.staged[lfn, site]
        known = self.draft.lookup.find(lfn)
        if known is None:
            self.missing.setdefault(lfn, []).append(task)
            return None
        sources = tuple(self._sources(known, site))
        if not sources:
            self.unusable.setdefault(lfn, []).append(task)
            return None
        self.draft.known[lfn] = known
        destination = Location(site, url_below(self.destinations[site], lfn))
        place = path_of(destination.url)
        if any(path_of(source.url) == place for source in sources):
            self.draft.resident.add(lfn)
            self.draft.staged[lfn, site] = None
            return None
        transfer = Transfer(
            lfn,
            sources,
            destination,
            "input",
            known.sha256,
            known.size,
            # the x-bit is set on a copy: through a link it would change the original
            link=not executable and self._may_link(lfn, task, sources[0], site),
            executable=executable,
        )
        return self._add(task, transfer)

    def _bring_program(self, program: StagedProgram, task: int, site: str) -> int | None:
        if (program.lfn, site) in self.draft.staged:
            return self.draft.staged[program.lfn, site]
        destination = Location(site, url_below(self.destinations[site], program.lfn))
        transfer = Transfer(
            program.lfn, (program.source,), destination, "input", program.sha256, executable=True
        )
        return self._add(task, transfer)

    def _add(self, task: int, transfer: Transfer) -> int:
        draft = self.draft
        site, level = transfer.destination.site, draft.level[task]
        key = (site, level, self.dealer.next(site, level))
        node = self.jobs.get(key)
        if node is None:
            name = "stage_in_local_{}_{}_{}".format(*key)
            node = draft.add(AuxiliaryJob(name, JobKind.STAGE_IN, "local", level, "stagein", (site,)))
            self.jobs[key] = node
        draft.auxiliary_job(node).transfers.append(transfer)
        draft.staged[transfer.lfn, site] = node
        return node

    def _sources(self, known: KnownFile, site: str) -> list[Location]:
        chosen = self.selector.select(known.replicas, site)
        return [Location(source.site, as_url(source.url), source.priority) for source in chosen]

    def _may_link(self, lfn: str, task: int, best: Location, site: str) -> bool:
        """Whether a symbolic link may stand for the copy: never for a file that a task changes in place."""
        draft = self.draft
        if not draft.settings.link_inputs or best.site != site or not is_file_url(best.url):
            return False
        file = draft.graph.file_of.get(lfn)
        if (
            file is not None
            and draft.graph.producer[file] != NOBODY
            and draft.kept[draft.graph.producer[file]]
        ):
            return False
        job = draft.graph.jobs[task]
        refused = profile(job.profiles, "pegasus", "nosymlink")
        return refused is None or not is_true(refused, where=f"{describe(job)}: profile pegasus.nosymlink")


def _refuse_missing(draft: Draft, stager: _Stager) -> None:
    refuse(
        f"no replica found for a raw input (asked: {draft.lookup.sources})",
        [_needed_by(draft, lfn, tasks) for lfn, tasks in stager.missing.items()],
    )
    refuse(
        f"no usable replica for a raw input: the selector {draft.settings.replica_selector} takes none of "
        "them (file URLs count only on their own site)",
        [_needed_by(draft, lfn, tasks) for lfn, tasks in stager.unusable.items()],
    )


def _needed_by(draft: Draft, lfn: str, tasks: list[int]) -> str:
    jobs = listed((describe(draft.graph.jobs[task]) for task in tasks), limit=3)
    known = draft.lookup.find(lfn)
    lies = listed(f"{replica.pfn} on {replica.site!r}" for replica in known.replicas) if known else ""
    return f"{lfn!r} needed by {jobs}" + (f", which lies at {lies}" if lies else "")
