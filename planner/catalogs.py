"""What the catalogs know: sites, transformations with their executables, and replicas."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Profiles = Mapping[str, Mapping[str, str]]
"""Profile values by namespace (env, condor, dagman, pegasus, globus, selector) and key."""

NO_PROFILES: Profiles = {}
NO_METADATA: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class ShellHook:
    """A command to run at an event: never, start, error, success, end or all."""

    event: str
    command: str


@dataclass(frozen=True, slots=True)
class Transformation:
    """A logical program: ``namespace::name:version``, absent parts empty."""

    name: str
    namespace: str = ""
    version: str = ""

    def __str__(self) -> str:
        prefix = f"{self.namespace}::" if self.namespace else ""
        suffix = f":{self.version}" if self.version else ""
        return f"{prefix}{self.name}{suffix}"


@dataclass(frozen=True, slots=True)
class Replica:
    """One physical copy: ``site`` and ``pfn`` (URL or bare absolute path), with attributes as written."""

    pfn: str
    site: str
    attributes: Mapping[str, str] = field(default_factory=lambda: NO_METADATA)


@dataclass(frozen=True, slots=True)
class ReplicaEntry:
    """What a replica catalog knows of one LFN (or of all that fully match it, where ``regex``)."""

    lfn: str
    replicas: Sequence[Replica]
    regex: bool = False
    sha256: str | None = None
    size: int | None = None
    metadata: Mapping[str, str] = field(default_factory=lambda: NO_METADATA)


@dataclass(frozen=True, slots=True)
class Executable:
    """A transformation's program on one site; ``kind`` is installed or stageable."""

    site: str
    pfn: str
    kind: str = "installed"
    arch: str = ""
    os: str = ""
    os_release: str = ""
    os_version: str = ""
    container: str | None = None
    bypass: bool = False
    profiles: Profiles = field(default_factory=lambda: NO_PROFILES)
    metadata: Mapping[str, str] = field(default_factory=lambda: NO_METADATA)


@dataclass(frozen=True, slots=True)
class TransformationEntry:
    """What a transformation catalog knows of one transformation.

    ``requires`` names further transformations, ``requires_files`` LFNs, that every job of it needs as input.
    """

    transformation: Transformation
    executables: Sequence[Executable]
    requires: Sequence[Transformation] = ()
    sha256: str | None = None
    profiles: Profiles = field(default_factory=lambda: NO_PROFILES)
    metadata: Mapping[str, str] = field(default_factory=lambda: NO_METADATA)
    hooks: Sequence[ShellHook] = ()
    requires_files: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Container:
    """A container image of the transformation catalog; ``kind`` is docker, singularity or shifter."""

    name: str
    kind: str
    image: str
    image_site: str = ""
    mounts: Sequence[str] = ()
    sha256: str | None = None
    bypass: bool = False
    profiles: Profiles = field(default_factory=lambda: NO_PROFILES)


@dataclass(frozen=True, slots=True)
class FileServer:
    """A URL prefix through which a directory is reached; ``operation`` is all, get or put."""

    url: str
    operation: str = "all"
    profiles: Profiles = field(default_factory=lambda: NO_PROFILES)


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory of a site; ``kind`` is sharedScratch, sharedStorage, localScratch or localStorage.

    Sizes are as written: units differ from catalog to catalog.
    """

    kind: str
    path: str
    file_servers: Sequence[FileServer] = ()
    shared_file_system: bool = False
    free_size: str = ""
    total_size: str = ""

    def url(self, operation: str) -> str | None:
        """The URL prefix for get or put; None where no file server allows the operation."""
        exact = (server.url for server in self.file_servers if server.operation == operation)
        either = (server.url for server in self.file_servers if server.operation == "all")
        return next(exact, None) or next(either, None)


@dataclass(frozen=True, slots=True)
class Grid:
    """A batch system of a site; ``attributes`` holds what else is told of it, by the catalog's names."""

    kind: str
    contact: str
    scheduler: str = ""
    job_type: str = ""
    attributes: Mapping[str, str] = field(default_factory=lambda: NO_METADATA)


@dataclass(frozen=True, slots=True)
class Site:
    """A place that runs jobs or keeps files."""

    name: str
    directories: Sequence[Directory] = ()
    grids: Sequence[Grid] = ()
    arch: str = ""
    os: str = ""
    profiles: Profiles = field(default_factory=lambda: NO_PROFILES)
    os_release: str = ""
    os_version: str = ""
    glibc: str = ""

    def directory(self, *kinds: str) -> Directory | None:
        """The first directory of the first of these kinds that the site has."""
        for kind in kinds:
            for directory in self.directories:
                if directory.kind == kind:
                    return directory
        return None


@dataclass(frozen=True, slots=True)
class SiteCatalog:
    """Sites by name."""

    sites: Mapping[str, Site] = field(default_factory=dict)
    source: str = ""


@dataclass(frozen=True, slots=True)
class TransformationCatalog:
    """Transformations by identity, containers by name."""

    entries: Mapping[Transformation, TransformationEntry] = field(default_factory=dict)
    containers: Mapping[str, Container] = field(default_factory=dict)
    source: str = ""


@dataclass(frozen=True, slots=True)
class ReplicaCatalog:
    """Replica entries: exact LFNs by name, regex entries in file order."""

    entries: Mapping[str, ReplicaEntry] = field(default_factory=dict)
    patterns: Sequence[ReplicaEntry] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class InlineCatalogs:
    """Catalogs that a workflow file carries itself; None where it has none.

    ``references`` are the addresses it names instead of a catalog (``$ref``); nothing ever follows them.
    """

    sites: SiteCatalog | None = None
    transformations: TransformationCatalog | None = None
    replicas: ReplicaCatalog | None = None
    references: Sequence[str] = ()
