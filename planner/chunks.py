"""Chunks: planning facts travel many in one event, each event below a size that any log takes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Generic, NamedTuple, Never, TypeVar

from eventlog.facts import Edge, FileDeclared, JobPlanned, ReusedFile, Tagged, TaskDeclared

LARGEST_CHUNK = 200_000
"""Bytes of one chunk, by estimate; the estimate counts characters, and four bytes a character still fit."""

LARGEST_PIECE = 100_000
"""Bytes of one task in one chunk; a task with more files than that is declared in pieces."""

MOST_EDGES = 1_000
"""Edges that travel together."""

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_OVERHEAD = 32
_PER_TEXT = 3


class Parcel(NamedTuple, Generic[T_co]):
    """What goes into one chunk together: an item, edges, or both; ``size`` in bytes."""

    item: T_co | None
    size: int
    edges: Sequence[Edge] = ()


@dataclass(slots=True)
class Chunk(Generic[T]):
    """Items and edges of one event, and how many bytes they take."""

    items: list[T] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    size: int = 0


def chunked(parcels: Iterable[Parcel[T]]) -> Iterator[Chunk[T]]:
    """Pack parcels in their order into chunks; no parcel may be larger than a chunk."""
    chunk: Chunk[T] = Chunk()
    for parcel in parcels:
        if chunk.size + parcel.size > LARGEST_CHUNK and chunk.size:
            yield chunk
            chunk = Chunk()
        if parcel.item is not None:
            chunk.items.append(parcel.item)
        chunk.edges.extend(parcel.edges)
        chunk.size += parcel.size
    if chunk.size:
        yield chunk


def edge_parcels(parents: Iterable[str], child: str) -> Iterator[Parcel[Never]]:
    """The edges into one child, shared out where it has very many parents."""
    names = iter(parents)
    while some := list(islice(names, MOST_EDGES)):
        size = size_of_texts(some) + len(some) * (len(child) + _PER_TEXT)
        yield Parcel(None, size, [Edge(parent=parent, child=child) for parent in some])


def task_parcels(task: TaskDeclared) -> Iterator[Parcel[TaskDeclared]]:
    """The task itself, or several declarations of it that share its files out, where it has very many."""
    size = size_of_task(task)
    if size <= LARGEST_PIECE:
        yield Parcel(task, size)
        return
    bare = replace(task, inputs=(), outputs=(), checkpoints=())
    for names in _parts(task.inputs):
        yield _parcel(replace(bare, inputs=names))
    for names in _parts(task.outputs):
        yield _parcel(replace(bare, outputs=names))
    for names in _parts(task.checkpoints):
        yield _parcel(replace(bare, checkpoints=names))


def file_parcel(file: FileDeclared) -> Parcel[FileDeclared]:
    """A file with its size."""
    return Parcel(file, len(file.lfn) + _OVERHEAD)


def job_parcel(job: JobPlanned) -> Parcel[JobPlanned]:
    """A job with its size."""
    words = (job.job, job.kind, job.site, job.transformation, job.executable, job.submit_file, job.category)
    return Parcel(job, _OVERHEAD + size_of_texts(words) + size_of_texts(job.tasks) + size_of_texts(job.argv))


def reused_parcel(file: ReusedFile) -> Parcel[ReusedFile]:
    """A reused file with its size."""
    words = (file.task, file.rule, file.lfn, file.pfn, file.site, file.reason)
    return Parcel(file, _OVERHEAD + size_of_texts((*words, file.from_run or "", file.reuse_key or "")))


def tagged_parcel(tagged: Tagged) -> Parcel[Tagged]:
    """One target's tags with their size."""
    tags = [size_of_texts((tag.key, tag.type, tag.text)) + _OVERHEAD for tag in tagged.tags]
    return Parcel(tagged, _OVERHEAD + size_of_texts((tagged.target, tagged.name)) + sum(tags))


def size_of_task(task: TaskDeclared) -> int:
    """A task's bytes, by estimate."""
    words = (task.task, task.transformation, task.kind, task.label)
    files = size_of_texts(task.inputs) + size_of_texts(task.outputs) + size_of_texts(task.checkpoints)
    return _OVERHEAD + size_of_texts(words) + size_of_texts(task.argv) + files


def size_of_texts(words: Sequence[str]) -> int:
    """The bytes of texts with a length before each, as if all of their characters were ASCII."""
    return sum(map(len, words)) + _PER_TEXT * len(words)


def _parcel(task: TaskDeclared) -> Parcel[TaskDeclared]:
    return Parcel(task, size_of_task(task))


def _parts(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    part: list[str] = []
    size = 0
    for name in names:
        part.append(name)
        size += len(name) + _PER_TEXT
        if size > LARGEST_PIECE // 2:
            yield tuple(part)
            part, size = [], 0
    if part:
        yield tuple(part)
