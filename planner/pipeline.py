"""The pipeline: abstract workflow and catalogs in, plan out, refiner by refiner."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from eventlog.collector import collector_paused
from planner.catalog_union import join_catalogs
from planner.draft import Draft, Placement
from planner.emit import emit
from planner.executable import ExecutableWorkflow
from planner.explain import Decision, decisions
from planner.graph import NOBODY, WorkflowGraph, build_graph
from planner.refine.check import check
from planner.refine.cleanup import clean_up
from planner.refine.directories import make_directories
from planner.refine.executables import place_executables
from planner.refine.inter_site import transfer_between_sites
from planner.refine.register import register
from planner.refine.reuse import reuse
from planner.refine.sites import choose_sites
from planner.refine.stage_in import stage_in
from planner.refine.stage_out import stage_out
from planner.replica_lookup import KnownFile, ReplicaLookup, remember
from planner.request import PlanRequest
from planner.reuse_index import ReuseIndex
from planner.settings import resolve_settings

Refiner = Callable[[Draft], None]

REFINERS: Sequence[Refiner] = (
    check,
    reuse,
    choose_sites,
    place_executables,
    stage_in,
    transfer_between_sites,
    stage_out,
    register,
    make_directories,
    clean_up,
)


@dataclass(frozen=True, slots=True)
class Plan:
    """A finished plan: what runs, what was asked, and why it is so.

    ``pruned`` holds the rule by which each task was pruned; ``existing`` the files that exist already
    although a task makes them, ``known`` those from outside that the plan uses, both by LFN; ``placements``
    where and with what each task runs, None for a pruned one.
    """

    request: PlanRequest
    graph: WorkflowGraph
    executable: ExecutableWorkflow
    pruned: dict[int, str]
    existing: dict[str, KnownFile]
    known: dict[str, KnownFile]
    placements: Sequence[Placement | None]
    decisions: Sequence[Decision]


def plan_workflow(request: PlanRequest, *, reuse: ReuseIndex | None = None) -> Plan:
    """Plan a workflow; ``reuse`` answers which files of earlier runs exist.

    Raises InputError for anything in workflow, catalogs, properties or options that no plan can be made of;
    nothing is written.
    """
    with collector_paused():
        draft = _start(request, reuse)
        for refine in REFINERS:
            refine(draft)
        emitted = emit(draft)
        return Plan(
            request,
            draft.graph,
            emitted.workflow,
            draft.pruned,
            draft.existing,
            draft.known,
            draft.placements,
            decisions(draft, emitted.workflow.jobs, emitted.position),
        )


def _start(request: PlanRequest, index: ReuseIndex | None) -> Draft:
    settings = resolve_settings(request)
    catalogs = join_catalogs(request)
    graph = build_graph(request.workflow, infer_data_edges=settings.infer_data_edges)
    remembered = remember(index, _asked_of_index(request, graph))
    return Draft(
        request=request,
        settings=settings,
        catalogs=catalogs,
        graph=graph,
        lookup=ReplicaLookup(catalogs.replicas, remembered),
        parents=[list(parents) for parents in graph.parents],
        kept=bytearray(b"\1") * len(graph.jobs),
    )


def _asked_of_index(request: PlanRequest, graph: WorkflowGraph) -> Sequence[str]:
    """The LFNs worth asking for: with force only those that no task makes."""
    if not request.options.force:
        return graph.lfns
    return [lfn for lfn, producer in zip(graph.lfns, graph.producer, strict=True) if producer == NOBODY]
