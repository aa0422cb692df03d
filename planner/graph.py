"""The workflow as a dense integer graph: jobs and files are numbers, edges are lists of numbers."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from planner.abstract import AbstractJob, AbstractWorkflow, Use
from planner.catalogs import Transformation

Adjacency = list[list[int]]

NOBODY = -1


@dataclass(frozen=True, slots=True)
class WorkflowGraph:
    """An abstract workflow with names interned; a job is its position in ``workflow.jobs``.

    ``reads`` and ``writes`` hold, for each job, the files it needs and makes; ``producer`` the job that makes
    a file, or NOBODY; ``made_by`` the use with which that job declared it. ``parents`` has the declared edges
    and, where asked for, those that files imply. ``producers`` lists all writers of the files that have
    several; ``changed`` are the files that a job both needs and makes, ``needed`` marks those that any job
    reads, ``checkpoints`` are those of the jobs that have any. ``programs`` are further transformations whose
    executables a job asks for as inputs.
    """

    workflow: AbstractWorkflow
    lfns: list[str]
    file_of: dict[str, int]
    reads: Sequence[Sequence[int]]
    writes: Sequence[Sequence[int]]
    producer: "array[int]"
    made_by: list[Use | None]
    producers: dict[int, list[int]]
    changed: frozenset[int]
    needed: bytearray
    checkpoints: dict[int, list[int]]
    programs: dict[int, list[Transformation]]
    parents: Adjacency
    children: Adjacency

    @property
    def jobs(self) -> Sequence[AbstractJob]:
        """The abstract jobs, by number."""
        return self.workflow.jobs

    def maker(self, file: int, reader: int) -> int:
        """The job from which a reader gets a file, or NOBODY: never the reader itself.

        A job that changes a file which others make too gets it from the producer before it.
        """
        return _maker(self.producer, self.producers, file, reader)


def build_graph(workflow: AbstractWorkflow, *, infer_data_edges: bool = True) -> WorkflowGraph:
    """Number jobs and files of a workflow and join its declared edges with those that files imply.

    Where several jobs make one file, the last of them counts as its producer.
    """
    files = _FileTable()
    reads: list[list[int]] = []
    writes: list[list[int]] = []
    for number, job in enumerate(workflow.jobs):
        read, written = files.enter(number, job.uses)
        reads.append(read)
        writes.append(written)
    parents = _parents(workflow, reads, files if infer_data_edges else None)
    return WorkflowGraph(
        workflow=workflow,
        lfns=files.lfns,
        file_of=files.file_of,
        reads=reads,
        writes=writes,
        producer=files.producer,
        made_by=files.made_by,
        producers=files.producers,
        changed=frozenset(files.changed),
        needed=files.needed,
        checkpoints=files.checkpoints,
        programs=files.programs,
        parents=parents,
        children=reverse(parents),
    )


class _FileTable:
    """Numbers the files in the order in which jobs name them, and notes who makes them."""

    __slots__ = (
        "changed",
        "checkpoints",
        "file_of",
        "lfns",
        "made_by",
        "needed",
        "producer",
        "producers",
        "programs",
    )

    def __init__(self) -> None:
        self.lfns: list[str] = []
        self.file_of: dict[str, int] = {}
        self.producer: array[int] = array("i")
        self.made_by: list[Use | None] = []
        self.producers: dict[int, list[int]] = {}
        self.changed: set[int] = set()
        self.needed = bytearray()
        self.checkpoints: dict[int, list[int]] = {}
        self.programs: dict[int, list[Transformation]] = {}

    def enter(self, job: int, uses: Sequence[Use]) -> tuple[list[int], list[int]]:
        """The files that a job reads and writes, each once."""
        read: list[int] = []
        written: list[int] = []
        for use in uses:
            if use.executable and use.link == "input":
                program = Transformation(use.lfn, use.namespace, use.version)
                self.programs.setdefault(job, []).append(program)
                continue
            file = self.file_of.get(use.lfn)
            if file is None:
                file = self._number(use.lfn)
            link = use.link
            if link in ("input", "inout"):
                read.append(file)
                self.needed[file] = 1
            if link in ("output", "inout", "checkpoint") and self.producer[file] != job:
                written.append(file)
                self._note_producer(job, file, use)
                if link == "checkpoint":
                    self.checkpoints.setdefault(job, []).append(file)
        if len(read) > 1:
            read = list(dict.fromkeys(read))
        if read and written:
            self.changed.update(set(read).intersection(written))
        return read, written

    def _number(self, lfn: str) -> int:
        file = self.file_of[lfn] = len(self.lfns)
        self.lfns.append(lfn)
        self.producer.append(NOBODY)
        self.made_by.append(None)
        self.needed.append(0)
        return file

    def _note_producer(self, job: int, file: int, use: Use) -> None:
        if self.producer[file] != NOBODY:
            self.producers.setdefault(file, [self.producer[file]]).append(job)
        self.producer[file] = job
        self.made_by[file] = use


def _maker(producer: Sequence[int], producers: dict[int, list[int]], file: int, reader: int) -> int:
    last = producer[file]
    if last != reader:
        return last
    writers = producers.get(file)
    before = writers.index(reader) - 1 if writers else NOBODY
    return writers[before] if writers and before >= 0 else NOBODY


def _parents(
    workflow: AbstractWorkflow, reads: Sequence[Sequence[int]], files: _FileTable | None
) -> Adjacency:
    parents: Adjacency = [[] for _ in workflow.jobs]
    for parent, child in workflow.edges:
        parents[child].append(parent)
    for job, of_job in enumerate(parents):
        if files is not None:
            makers = [_maker(files.producer, files.producers, file, job) for file in reads[job]]
            of_job.extend([maker for maker in makers if maker != NOBODY])
        if len(of_job) > 1:
            parents[job] = list(dict.fromkeys(of_job))
    return parents


def reverse(adjacency: Sequence[Iterable[int]]) -> Adjacency:
    """Children from parents, or parents from children."""
    reversed_: Adjacency = [[] for _ in adjacency]
    for node, neighbours in enumerate(adjacency):
        for neighbour in neighbours:
            reversed_[neighbour].append(node)
    return reversed_


def breadth_first(parents: Sequence[Sequence[int]], children: Sequence[Sequence[int]]) -> list[int]:
    """A topological order, level by level; nodes of a cycle and all behind them are missing from it."""
    waiting = [len(of_node) for of_node in parents]
    order = [node for node, count in enumerate(waiting) if count == 0]
    for node in order:
        for child in children[node]:
            waiting[child] -= 1
            if waiting[child] == 0:
                order.append(child)
    return order


def levels(parents: Sequence[Sequence[int]], order: Iterable[int]) -> "array[int]":
    """The depth of every node: 0 for roots, one more than the deepest parent's for the others."""
    depth = array("i", bytes(4 * len(parents)))
    for node in order:
        of_node = parents[node]
        if of_node:
            depth[node] = 1 + max([depth[parent] for parent in of_node])
    return depth


def find_cycle(parents: Sequence[Sequence[int]], order: Sequence[int]) -> list[int]:
    """One cycle as a path of nodes from parent to child, its first node repeated at its end.

    ``order`` is the incomplete result of ``breadth_first``. Empty when there is no cycle.
    """
    ordered = set(order)
    rest = [node for node in range(len(parents)) if node not in ordered]
    if not rest:
        return []
    # every node left over has a parent left over: walking upwards must meet itself
    path: list[int] = []
    position: dict[int, int] = {}
    node = rest[0]
    while node not in position:
        position[node] = len(path)
        path.append(node)
        node = next(parent for parent in parents[node] if parent not in ordered)
    cycle = path[position[node] :]
    return [node, *reversed(cycle)]
