"""Which job waits for which: what the files imply, and what was declared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hoofprint.errors import WorkflowError
from hoofprint.jobs import AnyJob, Link

Children = dict[str, list[str]]


def infer_children(jobs: Mapping[str, AnyJob]) -> Children:
    """Return for each job, by id, the jobs that wait for a file it writes; linear in the number of uses.

    Jobs that change a file in place follow those that write it, one after the other as they stand in
    `jobs`; jobs that only read it follow all of them. Checkpoint files imply nothing.
    """
    latest: dict[str, tuple[str, ...]] = {}
    changes: list[tuple[str, str]] = []
    output, inout = Link.OUTPUT, Link.INOUT
    for job_id, job in jobs.items():
        for file, handling in job.uses.items():
            if handling.link is output:
                earlier = latest.get(file.lfn)
                latest[file.lfn] = (job_id,) if earlier is None else (*earlier, job_id)
            elif handling.link is inout:
                changes.append((file.lfn, job_id))
    children: Children = {}
    for lfn, job_id in changes:
        _add_child(children, latest.get(lfn, ()), job_id)
        latest[lfn] = (job_id,)
    for job_id, job in jobs.items():
        for file, handling in job.uses.items():
            if handling.link is Link.INPUT:
                _add_child(children, latest.get(file.lfn, ()), job_id)
    return children


def _add_child(children: Children, parents: Iterable[str], child: str) -> None:
    for parent in parents:
        below = children.get(parent)
        if below is None:
            children[parent] = [child]
        elif below[-1] != child:
            below.append(child)


def join_children(
    jobs: Mapping[str, AnyJob], declared: Mapping[str, Mapping[str, None]], inferred: Children
) -> Children:
    """Return declared and inferred children together, each pair once, parents in the order of `jobs`.

    Raises WorkflowError where a declared dependency names a job that the workflow does not have.
    """
    for parent, children in declared.items():
        for job_id in (parent, *children):
            if job_id not in jobs:
                raise WorkflowError(
                    f"dependency {parent} -> {', '.join(children)}: job {job_id} is not in the workflow;"
                    " add it with add_jobs"
                )
    joined: Children = {}
    for job_id in jobs:
        both = [*declared.get(job_id, ()), *inferred.get(job_id, ())]
        if both:
            joined[job_id] = list(dict.fromkeys(both)) if len(both) > 1 else both
    return joined
