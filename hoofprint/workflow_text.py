"""The text of a workflow file's jobs and dependencies.

Their shape is fixed and there may be hundreds of thousands, so it is written out here instead of
through the general emitter of `yaml_text`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from hoofprint.dependencies import Children
from hoofprint.files import File
from hoofprint.hooks import hooks_node
from hoofprint.jobs import AnyJob, Argument, Handling, Job
from hoofprint.profiles import profiles_node
from hoofprint.yaml_text import Node, mapping_lines, number_scalar, text_scalar


def jobs_lines(jobs: Mapping[str, AnyJob]) -> Iterator[str]:
    """Yield the `jobs` part, one piece of text a job."""
    yield "jobs:\n"
    for job_id, job in jobs.items():
        yield job_text(job_id, job)


def dependencies_lines(children: Children) -> Iterator[str]:
    """Yield the `jobDependencies` part, one piece of text a parent."""
    yield "jobDependencies:\n" if children else "jobDependencies: []\n"
    for parent, ids in children.items():
        below = "".join([f"  - {text_scalar(job_id)}\n" for job_id in ids])
        yield f"- id: {text_scalar(parent)}\n  children:\n{below}"


def job_text(job_id: str, job: AnyJob) -> str:
    """Return one job as an item of the `jobs` list."""
    label = "" if job.node_label is None else f"  nodeLabel: {text_scalar(job.node_label)}\n"
    arguments = "".join([f"\n  - {_argument(argument)}" for argument in job.args]) or " []"
    uses = "".join([_use(file, handling) for file, handling in job.uses.items()]) or " []"
    return (
        f"{_head(job)}  id: {text_scalar(job_id)}\n{_streams(job)}{label}"
        f"  arguments:{arguments}\n  uses:{uses}\n{_annotations(job)}"
    )


def _head(job: AnyJob) -> str:
    if isinstance(job, Job):
        return _call(job.transformation, job.namespace, job.version)
    return f"- type: {job.type}\n  file: {text_scalar(job.lfn)}\n"


@lru_cache(maxsize=1024)
def _call(name: str, namespace: str | None, version: str | None) -> str:
    head = "- type: job\n"
    if namespace is not None:
        head += f"  namespace: {text_scalar(namespace)}\n"
    if version is not None:
        head += f"  version: {text_scalar(version)}\n"
    return f"{head}  name: {text_scalar(name)}\n"


def _streams(job: AnyJob) -> str:
    text = ""
    if job.stdin is not None:
        text += f"  stdin: {text_scalar(job.stdin.lfn)}\n"
    if job.stdout is not None:
        text += f"  stdout: {text_scalar(job.stdout.lfn)}\n"
    if job.stderr is not None:
        text += f"  stderr: {text_scalar(job.stderr.lfn)}\n"
    return text


def _argument(argument: Argument) -> str:
    if isinstance(argument, str):
        return text_scalar(argument)
    if isinstance(argument, File):
        return text_scalar(argument.lfn)
    if isinstance(argument, int | float):
        return number_scalar(argument)
    return text_scalar(str(argument))


def _use(file: File, handling: Handling) -> str:
    text = f"\n  - lfn: {text_scalar(file.lfn)}"
    if file.metadata:
        text += "\n" + "".join(mapping_lines({"metadata": file.metadata}, "    ")).rstrip("\n")
    if file.size is not None:
        # The schema wants a string here, and a number in the replica catalog.
        text += f'\n    size: "{file.size}"'
    if file.for_planning and not handling.for_planning:
        handling = handling._replace(for_planning=True)
    return text + _handling(handling)


@lru_cache(maxsize=64)
def _handling(handling: Handling) -> str:
    node: dict[str, Node] = {"forPlanning": True} if handling.for_planning else {}
    node["type"] = handling.link.value
    if handling.stage_out is not None:
        node["stageOut"] = handling.stage_out
    if handling.register_replica is not None:
        node["registerReplica"] = handling.register_replica
    if handling.optional:
        node["optional"] = True
    if handling.bypass_staging:
        node["bypass"] = True
    return "\n" + "".join(mapping_lines(node, "    ")).rstrip("\n")


def _annotations(job: AnyJob) -> str:
    if not (job.profiles or job.metadata or job.hooks):
        return ""
    node: dict[str, Node] = {}
    if job.profiles:
        node["profiles"] = profiles_node(job.profiles)
    if job.metadata:
        node["metadata"] = job.metadata
    if job.hooks:
        node["hooks"] = hooks_node(job.hooks)
    return "".join(mapping_lines(node, "  "))
