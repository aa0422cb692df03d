"""Which job waits for which: what the files imply, and what was declared."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from hoofprint.errors import WorkflowError
from hoofprint.jobs import AnyJob, Link

Children = dict[str, list[str]]


def infer_children(jobs: Mapping[str, AnyJob]) -> Children:
    """Return for each job, by id, the jobs that read a file it writes; linear in the number of uses.

    A job that only reads a file waits for all that write it. Jobs that change a file in place follow its
    writers, and one another in the order in which they stand in `jobs`. Checkpoint files imply nothing.
    """
    writers: dict[str, list[str]] = {}
    changers: dict[str, list[str]] = {}
    for job_id, job in jobs.items():
        for lfn, use in job.uses.items():
            if use.handling.link is Link.OUTPUT:
                writers.setdefault(lfn, []).append(job_id)
            elif use.handling.link is Link.INOUT:
                changers.setdefault(lfn, []).append(job_id)
    children: Children = {}
    for lfn, chain in changers.items():
        for position, job_id in enumerate(chain):
            previous = chain[position - 1 : position] if position else []
            _add_child(children, (*writers.get(lfn, ()), *previous), job_id)
    for job_id, job in jobs.items():
        for lfn, use in job.uses.items():
            if use.handling.link is Link.INPUT:
                _add_child(children, (*writers.get(lfn, ()), *changers.get(lfn, ())), job_id)
    return children


def _add_child(children: Children, parents: Collection[str], child: str) -> None:
    for parent in parents:
        children.setdefault(parent, []).append(child)


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
    joined = {job_id: [*declared.get(job_id, ()), *inferred.get(job_id, ())] for job_id in jobs}
    return {job_id: list(dict.fromkeys(children)) for job_id, children in joined.items() if children}
