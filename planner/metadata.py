"""What a plan's inputs say about workflow, tasks and files, as typed tags by origin."""

from collections.abc import Iterator, Mapping

from eventlog.facts import Tagged
from eventlog.tags import infer_tag
from planner.chunks import LARGEST_PIECE, tagged_parcel
from planner.pipeline import Plan

WORKFLOW = "workflow"
REPLICA_CATALOG = "replica-catalog"
TRANSFORMATION_CATALOG = "transformation-catalog"


def metadata_by_origin(plan: Plan) -> Iterator[tuple[str, Iterator[Tagged]]]:
    """The tags of a plan by who said them: abstract workflow, replica catalog, transformation catalog.

    What the workflow says about a task or file beats what a catalog says under the same key.
    """
    files = _file_metadata(plan)
    yield WORKFLOW, _workflow_tags(plan, files)
    yield REPLICA_CATALOG, _replica_tags(plan, files)
    yield TRANSFORMATION_CATALOG, _transformation_tags(plan)


def _workflow_tags(plan: Plan, files: Mapping[str, Mapping[str, str]]) -> Iterator[Tagged]:
    workflow = plan.graph.workflow
    yield from _tagged("workflow", "", workflow.metadata)
    for job in workflow.jobs:
        if job.metadata:
            yield from _tagged("task", job.id, job.metadata)
    for lfn, metadata in files.items():
        yield from _tagged("file", lfn, metadata)


def _file_metadata(plan: Plan) -> dict[str, dict[str, str]]:
    """What all uses of a file say together; its maker's word is the last."""
    said: dict[str, dict[str, str]] = {}
    for job in plan.graph.jobs:
        for use in job.uses:
            if not use.metadata:
                continue
            so_far = said.get(use.lfn, {})
            said[use.lfn] = {**so_far, **use.metadata} if use.writes else {**use.metadata, **so_far}
    return said


def _replica_tags(plan: Plan, files: Mapping[str, Mapping[str, str]]) -> Iterator[Tagged]:
    for lfn, known in {**plan.existing, **plan.known}.items():
        if known.metadata:
            yield from _tagged("file", lfn, _without(known.metadata, files.get(lfn, {})))


def _transformation_tags(plan: Plan) -> Iterator[Tagged]:
    for job, placement in zip(plan.graph.jobs, plan.placements, strict=True):
        if placement is not None and placement.metadata:
            yield from _tagged("task", job.id, _without(placement.metadata, job.metadata))


def _without(metadata: Mapping[str, str], stronger: Mapping[str, str]) -> Mapping[str, str]:
    return {key: value for key, value in metadata.items() if key not in stronger}


def _tagged(target: str, name: str, metadata: Mapping[str, str]) -> Iterator[Tagged]:
    if not metadata:
        return
    tags = tuple(infer_tag(key, value) for key, value in metadata.items())
    whole = Tagged(target=target, name=name, tags=tags)
    if tagged_parcel(whole).size <= LARGEST_PIECE:
        yield whole
        return
    yield from (Tagged(target=target, name=name, tags=(tag,)) for tag in tags)
