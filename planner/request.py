"""What a planner is asked: a workflow, catalogs, properties, sites, options, and the run's identity."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from planner.abstract import AbstractWorkflow
from planner.catalogs import ReplicaCatalog, SiteCatalog, TransformationCatalog

NO_PROPERTIES: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class RunIdentity:
    """Who the planned run is.

    ``run`` and ``root`` are UUIDs as text, an empty ``root`` being the run itself; ``planned`` microseconds
    since the epoch, UTC.
    """

    run: str
    planned: int
    user: str
    namespace: str = "default"
    root: str = ""
    parent_run: str | None = None

    @property
    def root_run(self) -> str:
        """The run at the top of the workflow tree."""
        return self.root or self.run


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What the person chose on top of catalogs and properties.

    ``cleanup`` none, leaf or inplace; ``duplicate_producers`` refuse or last; ``argv`` shell or literal;
    ``executables`` staged or in-place; None leaves the choice to properties, sites and defaults.
    """

    force: bool = False
    cleanup: str | None = None
    duplicate_producers: str = "refuse"
    argv: str = "shell"
    executables: str | None = None
    data_configuration: str | None = None
    ignore_containers: bool = False
    seed: int = 0


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """Everything a plan is made of; the same request makes the same plan, byte for byte.

    ``base_directory`` (absolute) holds scratch and outputs of a site ``local`` that no catalog describes;
    ``relative_directory`` is the run's own directory below each site's scratch; ``output_directory`` takes
    the place of the storage directory of the output sites. ``source_files`` are the files that were read,
    by the name of their copy in the plan directory.
    """

    workflow: AbstractWorkflow
    identity: RunIdentity
    base_directory: str
    relative_directory: str
    sites: SiteCatalog = field(default_factory=SiteCatalog)
    transformations: TransformationCatalog = field(default_factory=TransformationCatalog)
    replicas: ReplicaCatalog = field(default_factory=ReplicaCatalog)
    properties: Mapping[str, str] = field(default_factory=lambda: NO_PROPERTIES)
    execution_sites: tuple[str, ...] = ("local",)
    output_sites: tuple[str, ...] = ("local",)
    output_directory: str | None = None
    options: PlanOptions = field(default_factory=PlanOptions)
    source_files: Mapping[str, str] = field(default_factory=lambda: NO_PROPERTIES)
