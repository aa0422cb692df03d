"""The plan in the making: what the refiners read and add to."""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from planner.catalog_union import Catalogs
from planner.catalogs import Profiles, Site
from planner.executable import JobKind, Location, Registration, Removal, Transfer
from planner.graph import Adjacency, WorkflowGraph, breadth_first, levels, reverse
from planner.replica_lookup import KnownFile, ReplicaLookup
from planner.request import PlanRequest
from planner.settings import Settings


@dataclass(frozen=True, slots=True)
class StagedProgram:
    """An executable that travels to the work directory like an input file."""

    lfn: str
    source: Location
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class RequiredFile:
    """A file of the replica catalogs that a task needs besides those it names as data."""

    lfn: str
    executable: bool = False


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a task runs and with which program; shared by all tasks of one transformation on one site.

    ``executable`` is an absolute path; ``staged`` the programs to bring along; ``required`` further files
    that the transformation needs; ``catalog_profiles`` come from the transformation
    catalog, weakest first; ``how`` is installed, staged or in-place.
    """

    site: str
    directory: str
    executable: str
    staged: Sequence[StagedProgram]
    required: Sequence[RequiredFile]
    catalog_profiles: Sequence[Profiles]
    metadata: Mapping[str, str]
    how: str


@dataclass(slots=True)
class AuxiliaryJob:
    """A job that the planner adds.

    ``level`` is that of the tasks it serves; ``touches`` names the sites whose work directory it uses.
    """

    name: str
    kind: JobKind
    site: str
    level: int
    category: str = ""
    touches: tuple[str, ...] = ()
    transfers: list[Transfer] = field(default_factory=list)
    registrations: list[Registration] = field(default_factory=list)
    make_directories: list[Location] = field(default_factory=list)
    removals: list[Removal] = field(default_factory=list)


@dataclass(slots=True)
class OutputBatch:
    """Outputs of one level and site that leave together: one stage-out and one registration job at most."""

    site: str
    level: int
    number: int
    transfers: list[Transfer] = field(default_factory=list)
    registrations: list[Registration] = field(default_factory=list)
    stage_out: int | None = None
    in_place: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Draft:
    """Everything known about a plan so far.

    Nodes of the executable graph are numbers: the tasks by their position in the workflow, the auxiliary
    jobs behind them. ``parents`` covers both; those of pruned tasks are empty. ``level`` is the depth among
    the surviving tasks. ``existing`` are the LFNs that exist although a task makes them, ``known`` the files
    from outside that are fetched or stand in for pruned tasks; ``staged`` says which auxiliary job brings an
    LFN to a site (None: it lies there already); ``resident`` which LFNs must stay in the work directory when
    the workflow is done. ``order`` holds the surviving tasks, ``topology`` the whole executable graph without
    its clean-up jobs, both parents first; ``depth`` is the level in the latter.
    """

    request: PlanRequest
    settings: Settings
    catalogs: Catalogs
    graph: WorkflowGraph
    lookup: ReplicaLookup
    parents: Adjacency
    kept: bytearray
    order: list[int] = field(default_factory=list)
    topology: list[int] = field(default_factory=list)
    depth: "array[int]" = field(default_factory=lambda: array("i"))
    level: "array[int]" = field(default_factory=lambda: array("i"))
    existing: dict[str, KnownFile] = field(default_factory=dict)
    pruned: dict[int, str] = field(default_factory=dict)
    known: dict[str, KnownFile] = field(default_factory=dict)
    site_of: list[str] = field(default_factory=list)
    placements: list[Placement | None] = field(default_factory=list)
    auxiliary: list[AuxiliaryJob] = field(default_factory=list)
    staged: dict[tuple[str, str], int | None] = field(default_factory=dict)
    batches: list[OutputBatch] = field(default_factory=list)
    resident: set[str] = field(default_factory=set)

    @property
    def size(self) -> int:
        """How many nodes the executable graph has, pruned tasks included."""
        return len(self.parents)

    def settle(self) -> None:
        """Put the surviving tasks in topological order and count their levels."""
        if self.pruned:
            order = breadth_first(self.parents, reverse(self.parents))
            self.order = [job for job in order if self.kept[job]]
        self.level = levels(self.parents, self.order)

    def add(self, job: AuxiliaryJob) -> int:
        """Add an auxiliary job and return its node."""
        self.auxiliary.append(job)
        self.parents.append([])
        return len(self.parents) - 1

    def add_last(self, job: AuxiliaryJob, parents: list[int]) -> int:
        """Add an auxiliary job that nobody waits for, behind a topology that is complete already."""
        node = self.add(job)
        self.parents[node] = parents
        self.topology.append(node)
        self.depth.append(0)
        return node

    def add_parent(self, node: int, parent: int) -> None:
        """Let a node wait for another one."""
        parents = self.parents[node]
        # consecutive files of one task meet the same job: the cheap check catches nearly all repetitions
        if not parents or parents[-1] != parent:
            parents.append(parent)

    def auxiliary_job(self, node: int) -> AuxiliaryJob:
        """The auxiliary job of a node."""
        return self.auxiliary[node - len(self.graph.jobs)]

    def job(self, node: int) -> AuxiliaryJob | None:
        """The auxiliary job of a node; None for a task."""
        tasks = len(self.graph.jobs)
        return self.auxiliary[node - tasks] if node >= tasks else None

    def placement(self, task: int) -> Placement:
        """Where a surviving task runs."""
        placement = self.placements[task]
        if placement is None:
            raise LookupError(f"task {self.graph.jobs[task].id} has no place: it was pruned")
        return placement

    def site(self, name: str) -> Site:
        """A site of the catalogs by name."""
        return self.catalogs.sites[name]

    def sites_in_use(self) -> set[str]:
        """Sites on which surviving tasks run."""
        return {placement.site for placement in self.placements if placement is not None}
