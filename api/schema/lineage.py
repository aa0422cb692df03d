"""Lineage in GraphQL: nodes and edges in the direction of the data."""

from enum import Enum
from functools import partial

import strawberry

from api.context import Info
from api.schema.answering import answer
from api.schema.files import ChecksumState, FileRole
from api.schema.naming import asked_name
from api.schema.paging import require_page
from api.schema.scalars import Long, Time
from eventlog.errors import InputError
from projections.answers import lineage as answers
from projections.answers.files import file_of
from projections.answers.runs import RunRef

MAX_DEPTH = 1000
MAX_BUDGET = 10_000


@strawberry.enum(description="Which way to go from the file.")
class LineageDirection(Enum):
    """The directions of lineage."""

    UP = strawberry.enum_value("up", description="From what it was made.")
    DOWN = strawberry.enum_value("down", description="What was made of it.")


@strawberry.enum(description="How a node leads to the next.")
class LineageStep(Enum):
    """The kinds of edges."""

    READ = strawberry.enum_value("read", description="A file was read by a task.")
    WRITTEN = strawberry.enum_value("written", description="A task wrote a file.")
    REUSED = strawberry.enum_value("reused", description="A file was used again in a later run.")


@strawberry.interface(description="A file or a task.")
class LineageNode:
    """What both kinds of nodes have."""

    id: strawberry.ID
    run: str
    name: str = strawberry.field(description="The LFN, or the task's id.")
    depth: int = strawberry.field(description="How many tasks away from the file that was asked for.")


@strawberry.type(description="A file in a lineage.")
class LineageFile(LineageNode):
    """A file node."""

    role: FileRole | None
    checksum_state: ChecksumState
    sha256: str | None
    size: Long | None
    frontier: bool = strawberry.field(description="The way goes on beyond it, where this answer ended.")


@strawberry.type(description="A task in a lineage: what was run, where, and how it ended.")
class LineageTask(LineageNode):
    """A task node."""

    transformation: str
    job: str | None
    argv: list[str]
    executable: str
    hostname: str
    site: str
    start: Time | None
    exit_raw: int | None = strawberry.field(description="Raw wait status; null where it never ran.")


@strawberry.type(description="A step in the direction of the data.")
class LineageEdge:
    """An edge between two nodes."""

    kind: LineageStep
    source: strawberry.ID
    target: strawberry.ID


@strawberry.type(description="Nodes and edges.")
class Lineage:
    """A lineage."""

    nodes: list[LineageNode]
    edges: list[LineageEdge]
    is_partial: bool = strawberry.field(description="Depth or budget ended it; see `frontier`.")


async def lineage_of_file(
    info: Info, run: RunRef, lfn: str, direction: LineageDirection, depth: int, budget: int
) -> Lineage:
    """The lineage of one file. Raises NotFoundError where the run has no such file."""
    require_page(budget, MAX_BUDGET)
    if not 1 <= depth <= MAX_DEPTH:
        raise InputError(f"depth is {depth}; a lineage goes 1 to {MAX_DEPTH} tasks far")
    # for its error, which names files alike
    await info.context.reader.ask("data", partial(file_of, run=run, lfn=asked_name(lfn)))
    way: answers.Direction = "up" if direction is LineageDirection.UP else "down"
    found = await info.context.reader.ask_both(
        partial(answers.lineage_of, run=run, lfn=lfn, direction=way, depth=depth, budget=budget)
    )
    return Lineage(
        nodes=[*map(_file, found.files), *map(_task, found.tasks)],
        edges=[_edge(link) for link in found.links],
        is_partial=found.is_partial,
    )


def _file(node: answers.FileNode) -> LineageNode:
    state = ChecksumState(node.checksum)
    return answer(LineageFile, node, id=_id("file", node.run, node.lfn), name=node.lfn, checksum_state=state)


def _task(node: answers.TaskNode) -> LineageNode:
    return answer(
        LineageTask, node, id=_id("task", node.run, node.task), name=node.task, argv=list(node.argv)
    )


def _edge(link: answers.Link) -> LineageEdge:
    ends = {"read": ("file", "task"), "written": ("task", "file"), "reused": ("file", "file")}[link.kind]
    source, target = (_id(kind, *end) for kind, end in zip(ends, (link.source, link.target), strict=True))
    return LineageEdge(kind=LineageStep(link.kind), source=source, target=target)


def _id(kind: str, run: str, name: str) -> strawberry.ID:
    return strawberry.ID(f"{kind}:{run}:{name}")
