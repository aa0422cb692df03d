"""Reuse by name: prune the tasks whose outputs exist, then those whose outputs nobody needs any more."""

from collections.abc import Mapping, Sequence

from planner.abstract import Use
from planner.draft import Draft
from planner.graph import WorkflowGraph
from planner.settings import is_true

EXISTS = "exists"
UNNEEDED = "unneeded"
REASONS: Mapping[str, str] = {
    EXISTS: "all its outputs exist or are not asked for",
    UNNEEDED: "all who would read its outputs were pruned, and no output is left to deliver",
}
"""Why a task was pruned, for a person, by the rule that pruned it."""


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
    """Let survivors wait for the survivors before pruned tasks, wherever a declared edge may mean an order.

    Where files alone tie a pruned task to both its parents and its children, nothing is to wait for: the
    files exist. Leaving those pairs out keeps the graph linear when a task of many thousands of parents and
    children is pruned.
    """
    if not draft.pruned:
        return
    ordered_before: dict[int, list[int]] = {}
    for task in draft.order:
        pruned = not draft.kept[task]
        of_task = draft.graph.parents[task]
        if pruned:
            ordered_before[task] = _waited_for(draft, task, of_task, ordered_before)
            draft.parents[task] = []
        elif not all(draft.kept[parent] for parent in of_task):
            gone = [parent for parent in of_task if not draft.kept[parent]]
            bridged = _waited_for(draft, task, gone, ordered_before)
            draft.parents[task] = list(
                dict.fromkeys((*(parent for parent in of_task if draft.kept[parent]), *bridged))
            )


def _waited_for(
    draft: Draft, task: int, parents: Sequence[int], ordered_before: Mapping[int, list[int]]
) -> list[int]:
    """The survivors for which a task has to wait, for declared edges on the way through these parents."""
    graph = draft.graph
    makers = {graph.maker(file, task) for file in graph.reads[task]}
    found: list[int] = []
    for parent in parents:
        if parent not in makers:
            found.extend([parent] if draft.kept[parent] else _surviving_ancestors(draft, parent))
        elif not draft.kept[parent]:
            found.extend(ordered_before[parent])
    return list(dict.fromkeys(found))


def _surviving_ancestors(draft: Draft, task: int) -> list[int]:
    """The nearest survivors above a pruned task."""
    found: dict[int, None] = {}
    seen = {task}
    open_ = [task]
    while open_:
        for parent in draft.graph.parents[open_.pop()]:
            if draft.kept[parent]:
                found[parent] = None
            elif parent not in seen:
                seen.add(parent)
                open_.append(parent)
    return list(found)
