"""Why a plan is as it is: one decision per task, kept with the plan and printed by `hoofprint explain`."""

from collections.abc import Sequence

import msgspec

from planner.draft import Draft
from planner.executable import PlannedJob
from planner.refine.check import listed
from planner.refine.reuse import EXISTS, REASONS

KEPT = "kept"
PRUNED = "pruned"


class InputChoice(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where an input that no task of the plan makes comes from.

    ``by`` is the job that brings it, empty where it lies in the work directory already; ``sources`` all known
    copies; ``known_from`` the catalog or record that knew them.
    """

    lfn: str
    by: str = ""
    sources: tuple[str, ...] = ()
    known_from: str = ""


class Decision(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one task and why.

    ``verdict`` is kept or pruned; ``program`` installed, staged or in-place.
    """

    task: str
    verdict: str
    reason: str
    job: str = ""
    site: str = ""
    executable: str = ""
    program: str = ""
    inputs: tuple[InputChoice, ...] = ()
    place: str = ""


def decisions(draft: Draft, jobs: Sequence[PlannedJob], position: Sequence[int]) -> list[Decision]:
    """One decision per task, in the workflow's own order; ``position`` finds a node's planned job."""
    return [
        _kept(draft, task, jobs, position) if draft.kept[task] else _pruned(draft, task)
        for task in range(len(draft.graph.jobs))
    ]


def _kept(draft: Draft, task: int, jobs: Sequence[PlannedJob], position: Sequence[int]) -> Decision:
    job = draft.graph.jobs[task]
    placement = draft.placement(task)
    return Decision(
        task=job.id,
        verdict=KEPT,
        reason=_why_kept(draft, task),
        job=jobs[position[task]].name,
        site=placement.site,
        executable=placement.executable,
        program=placement.how,
        inputs=_inputs(draft, task, jobs, position),
        place=job.place,
    )


def _why_kept(draft: Draft, task: int) -> str:
    if draft.request.options.force:
        return "reuse was switched off by force"
    if draft.settings.reuse_scope == "none":
        return "reuse was switched off by pegasus.data.reuse.scope"
    made = draft.graph.writes[task]
    if not made:
        return "it has no outputs that could be reused"
    absent = [lfn for lfn in (draft.graph.lfns[file] for file in made) if lfn not in draft.existing]
    if absent:
        return f"its output {absent[0]!r} exists nowhere" + (
            f", nor {len(absent) - 1} more" if absent[1:] else ""
        )
    return "reuse does not cover it (see pegasus.data.reuse.scope), or it changes a file in place"


def _inputs(
    draft: Draft, task: int, jobs: Sequence[PlannedJob], position: Sequence[int]
) -> tuple[InputChoice, ...]:
    """The inputs about which something was decided: those that no task of the plan makes."""
    graph, known = draft.graph, draft.known
    if not known:
        return ()
    site = draft.placement(task).site
    names = [graph.lfns[file] for file in graph.reads[task]]
    choices = []
    for lfn in names:
        if lfn not in known or (lfn, site) not in draft.staged:
            continue
        bringer = draft.staged[lfn, site]
        by = jobs[position[bringer]].name if bringer is not None else ""
        sources = tuple(replica.pfn for replica in known[lfn].replicas)
        choices.append(InputChoice(lfn, by, sources, known[lfn].origin))
    return tuple(choices)


def _pruned(draft: Draft, task: int) -> Decision:
    job = draft.graph.jobs[task]
    rule = draft.pruned[task]
    reason = REASONS[rule]
    if rule == EXISTS:
        reason += ": " + listed(draft.graph.lfns[file] for file in draft.graph.writes[task])
    return Decision(task=job.id, verdict=PRUNED, reason=reason, place=job.place)
