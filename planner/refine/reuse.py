"""Reuse by name: prune the tasks whose outputs exist, then those whose outputs nobody needs any more."""

from planner.abstract import Use
from planner.draft import Draft
from planner.graph import WorkflowGraph
from planner.settings import is_true

EXISTS = "exists"
UNNEEDED = "unneeded"


def reuse(draft: Draft) -> None:
    """Mark the tasks that need not run (Pegasus' rules: scopes full, partial and none, and force)."""
    scope = draft.settings.reuse_scope
    draft.kept = bytearray(b"\1") * len(draft.graph.jobs)
    if not draft.request.options.force and scope != "none":
        existing = _existing_files(draft)
        _prune_existing(draft, existing, partial=scope == "partial")
        _prune_unneeded(draft, existing, partial=scope == "partial")
    _bridge_gaps(draft)
    draft.settle()


def _existing_files(draft: Draft) -> bytearray:
    """Which of the files that tasks make exist already.

    What a task changes in place exists before it ran: its existence proves nothing.
    """
    existing = bytearray(len(draft.graph.lfns))
    for file, use in enumerate(draft.graph.made_by):
        if use is None or file in draft.graph.changed:
            continue
        known = draft.lookup.find(use.lfn)
        if known is not None:
            existing[file] = 1
            draft.existing[known.lfn] = known
    return existing


def _prune_existing(draft: Draft, existing: bytearray, *, partial: bool) -> None:
    graph = draft.graph
    for task, made in enumerate(graph.writes):
        if not made or (partial and not _enabled(draft, task)):
            continue
        if all(_matches(graph, file, existing) for file in made):
            draft.kept[task] = 0
            draft.pruned[task] = EXISTS


def _matches(graph: WorkflowGraph, file: int, existing: bytearray) -> bool:
    if existing[file]:
        return True
    use = graph.made_by[file]
    return use is not None and not use.stage_out and not graph.needed[file]


def _prune_unneeded(draft: Draft, existing: bytearray, *, partial: bool) -> None:
    graph, kept = draft.graph, draft.kept
    for task in reversed(draft.order):
        if not kept[task] or any(kept[child] for child in graph.children[task]):
            continue
        if not _must_deliver(draft, task, existing, partial=partial):
            kept[task] = 0
            draft.pruned[task] = UNNEEDED


def _must_deliver(draft: Draft, task: int, existing: bytearray, *, partial: bool) -> bool:
    made = draft.graph.writes[task]
    if not made:
        return True
    return any(_delivered(draft.graph.made_by[file]) and (partial or not existing[file]) for file in made)


def _delivered(use: Use | None) -> bool:
    return use is not None and use.stage_out


def _enabled(draft: Draft, task: int) -> bool:
    job = draft.graph.jobs[task]
    value = job.profiles.get("pegasus", {}).get("enable_for_data_reuse")
    where = f"{job.place or job.id}: profile pegasus.enable_for_data_reuse"
    return value is not None and is_true(value, where=where)


def _bridge_gaps(draft: Draft) -> None:
    """Connect the parents of pruned tasks with their children, so that survivors keep their order."""
    kept, parents = draft.kept, draft.parents
    if not draft.pruned:
        return
    for task in draft.order:
        of_task = parents[task]
        if any(not kept[parent] for parent in of_task):
            survivors = [p for parent in of_task for p in ([parent] if kept[parent] else parents[parent])]
            parents[task] = list(dict.fromkeys(survivors))
    for task in draft.pruned:
        parents[task] = []
