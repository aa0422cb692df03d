"""The manifest: what a plan was made of and what it came to."""

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from planner.pipeline import Plan


class InputCopy(msgspec.Struct, frozen=True):
    """A file that went into the plan: its copy's name, where it lay, its digest and bytes."""

    name: str
    source: str
    sha256: str
    size: int


class Manifest(msgspec.Struct, frozen=True):
    """A plan in numbers, with the digests of everything that went in and of the plan itself.

    ``planned`` is microseconds since the epoch; ``jobs`` counts by kind; ``plan_digest`` is the sha256 of the
    plan file.
    """

    run: str
    root: str
    workflow: str
    planned: int
    user: str
    plan_digest: str
    tasks: int
    files: int
    pruned: int
    jobs: dict[str, int]
    execution_sites: tuple[str, ...]
    output_sites: tuple[str, ...]
    options: dict[str, str | int | bool | None]
    properties: dict[str, str]
    inputs: tuple[InputCopy, ...]


def make_manifest(plan: "Plan", plan_digest: str, inputs: tuple[InputCopy, ...]) -> Manifest:
    """The manifest of a plan whose plan file has this digest."""
    request, header = plan.request, plan.executable.header
    kinds = Counter(job.kind.value for job in plan.executable.jobs)
    return Manifest(
        run=header.run,
        root=header.root,
        workflow=header.workflow,
        planned=header.planned,
        user=header.user,
        plan_digest=plan_digest,
        tasks=len(plan.graph.jobs),
        files=len(plan.graph.lfns),
        pruned=len(plan.pruned),
        jobs=dict(sorted(kinds.items())),
        execution_sites=request.execution_sites,
        output_sites=request.output_sites,
        options=msgspec.to_builtins(request.options),
        properties=dict(sorted(request.properties.items())),
        inputs=inputs,
    )
