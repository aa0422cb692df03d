"""The site catalog: the places that compute and keep files."""

from __future__ import annotations

from enum import Enum
from pathlib import Path, PurePosixPath
from typing import ClassVar, Final, Self

from hoofprint.errors import DuplicateError, WorkflowError, WrongTypeError
from hoofprint.names import check_text
from hoofprint.platforms import OS, Arch, platform_node
from hoofprint.profiles import Namespace, Profiled, Profiles, ProfileValue, merge_profiles, profiles_node
from hoofprint.written import Catalog
from hoofprint.yaml_text import Node


class Operation(Enum):
    """What a file server may be used for."""

    ALL = "all"
    PUT = "put"
    GET = "get"


class DirectoryType(Enum):
    """What a directory is for, and who sees it."""

    SHARED_SCRATCH = "sharedScratch"
    SHARED_STORAGE = "sharedStorage"
    LOCAL_SCRATCH = "localScratch"
    LOCAL_STORAGE = "localStorage"


class GridType(Enum):
    """How jobs are handed to a remote site."""

    GT5 = "gt5"
    CONDOR = "condor"
    CREAM = "cream"
    BATCH = "batch"
    NORDUGRID = "nordugrid"
    UNICORE = "unicore"
    EC2 = "ec2"
    DELTACLOUD = "deltacloud"
    SFAPI = "sfapi"


class Scheduler(Enum):
    """The batch system behind a grid gateway."""

    FORK = "fork"
    PBS = "pbs"
    LSF = "lsf"
    CONDOR = "condor"
    SGE = "sge"
    SLURM = "slurm"
    FLUX = "flux"
    UNKNOWN = "unknown"


class SupportedJobs(Enum):
    """The kind of jobs that a grid gateway takes."""

    COMPUTE = "compute"
    AUXILLARY = "auxillary"
    TRANSFER = "transfer"
    REGISTER = "register"
    CLEANUP = "cleanup"


class FileServer(Profiled):
    """How a directory is reached: a URL, and what may be done there."""

    __slots__ = ("operation_type", "url")

    def __init__(self, url: str, operation_type: Operation) -> None:
        super().__init__()
        self.url = check_text(url, "file server's URL")
        if not isinstance(operation_type, Operation):
            raise WrongTypeError(
                f"operation of file server {url}", operation_type, "an Operation such as Operation.ALL"
            )
        self.operation_type = operation_type

    def node(self) -> dict[str, Node]:
        """Return the file server as the catalog has it."""
        node: dict[str, Node] = {"url": self.url, "operation": self.operation_type.value}
        if self.profiles:
            node["profiles"] = profiles_node(self.profiles)
        return node


class Directory:
    """A directory of a site, by absolute path, with the file servers that reach it."""

    __slots__ = ("directory_type", "file_servers", "path", "shared_file_system")

    SHARED_SCRATCH: Final = DirectoryType.SHARED_SCRATCH
    SHARED_STORAGE: Final = DirectoryType.SHARED_STORAGE
    LOCAL_SCRATCH: Final = DirectoryType.LOCAL_SCRATCH
    LOCAL_STORAGE: Final = DirectoryType.LOCAL_STORAGE

    def __init__(
        self, directory_type: DirectoryType, path: str | Path, shared_file_system: bool = False
    ) -> None:
        if not isinstance(directory_type, DirectoryType):
            raise WrongTypeError(
                "type of a directory", directory_type, "a type such as Directory.SHARED_SCRATCH"
            )
        self.directory_type = directory_type
        self.path = check_text(str(path), "directory's path")
        if not PurePosixPath(self.path).is_absolute():
            raise WorkflowError(f"directory's path {self.path!r} is relative; give an absolute one")
        self.shared_file_system = shared_file_system
        self.file_servers: list[FileServer] = []

    def add_file_servers(self, *file_servers: FileServer) -> Self:
        """Add file servers that reach this directory."""
        for server in file_servers:
            if not isinstance(server, FileServer):
                raise WrongTypeError(f"file server of directory {self.path}", server, "a FileServer")
            self.file_servers.append(server)
        return self

    def node(self) -> dict[str, Node]:
        """Return the directory as the catalog has it. Raises WorkflowError if nothing reaches it."""
        if not self.file_servers:
            raise WorkflowError(f"directory {self.path} has no file server; add one with add_file_servers")
        return {
            "type": self.directory_type.value,
            "path": self.path,
            "sharedFileSystem": self.shared_file_system,
            "fileServers": [server.node() for server in self.file_servers],
        }


class Grid:
    """A gateway that takes jobs for a remote site."""

    __slots__ = ("contact", "grid_type", "job_type", "scheduler_type")

    GT5: Final = GridType.GT5
    CONDOR: Final = GridType.CONDOR
    CREAM: Final = GridType.CREAM
    BATCH: Final = GridType.BATCH
    NORDUGRID: Final = GridType.NORDUGRID
    UNICORE: Final = GridType.UNICORE
    EC2: Final = GridType.EC2
    DELTACLOUD: Final = GridType.DELTACLOUD
    SFAPI: Final = GridType.SFAPI

    def __init__(
        self,
        grid_type: GridType,
        contact: str,
        scheduler_type: Scheduler,
        job_type: SupportedJobs | None = None,
    ) -> None:
        if not isinstance(grid_type, GridType):
            raise WrongTypeError("type of a grid", grid_type, "a type such as Grid.BATCH")
        if not isinstance(scheduler_type, Scheduler):
            raise WrongTypeError("scheduler of a grid", scheduler_type, "a Scheduler such as Scheduler.SLURM")
        if job_type is not None and not isinstance(job_type, SupportedJobs):
            raise WrongTypeError("jobs of a grid", job_type, "SupportedJobs such as SupportedJobs.COMPUTE")
        self.grid_type = grid_type
        self.contact = check_text(contact, "grid's contact")
        self.scheduler_type = scheduler_type
        self.job_type = job_type

    def node(self) -> dict[str, Node]:
        """Return the grid as the catalog has it."""
        node: dict[str, Node] = {"type": self.grid_type.value, "contact": self.contact}
        node["scheduler"] = self.scheduler_type.value
        if self.job_type is not None:
            node["jobtype"] = self.job_type.value
        return node


class Site(Profiled):
    """A place that computes or keeps files."""

    __slots__ = ("_platform", "directories", "grids", "name", "tags")

    def __init__(
        self,
        name: str,
        arch: Arch | None = None,
        os_type: OS | None = None,
        os_release: str | None = None,
        os_version: str | None = None,
    ) -> None:
        super().__init__()
        self.name = check_text(name, "site's name")
        self._platform = platform_node(f"site {name!r}", arch, os_type, os_release, os_version)
        self.directories: list[Directory] = []
        self.grids: list[Grid] = []
        self.tags: dict[str, Profiles] = {}

    def add_directories(self, *directories: Directory) -> Self:
        """Add directories to the site."""
        for directory in directories:
            if not isinstance(directory, Directory):
                raise WrongTypeError(f"directory of site {self.name!r}", directory, "a Directory")
            self.directories.append(directory)
        return self

    def add_grids(self, *grids: Grid) -> Self:
        """Add gateways to the site."""
        for grid in grids:
            if not isinstance(grid, Grid):
                raise WrongTypeError(f"grid of site {self.name!r}", grid, "a Grid")
            self.grids.append(grid)
        return self

    def add_tag_profiles(
        self,
        name: str,
        ns: Namespace,
        key: str | None = None,
        value: ProfileValue | None = None,
        **kw: ProfileValue,
    ) -> Self:
        """Add profiles that hold on this site for jobs whose planner profile `tag` is `name`."""
        tag = check_text(name, f"tag of site {self.name!r}")
        self.tags[tag] = merge_profiles(self.tags.get(tag, {}), ns, key, value, kw)
        return self

    def node(self) -> dict[str, Node]:
        """Return the site as the catalog has it."""
        node: dict[str, Node] = {"name": self.name, **self._platform}
        node["directories"] = [directory.node() for directory in self.directories]
        if self.grids:
            node["grids"] = [grid.node() for grid in self.grids]
        if self.profiles:
            node["profiles"] = profiles_node(self.profiles)
        if self.tags:
            node["x-tags"] = [
                {"name": tag, "profiles": profiles_node(these)} for tag, these in self.tags.items()
            ]
        return node


class SiteCatalog(Catalog):
    """The sites that workflows may use."""

    _DEFAULT_FILENAME: ClassVar[str] = "sites.yml"

    def __init__(self) -> None:
        self.sites: dict[str, Site] = {}

    def add_sites(self, *sites: Site) -> Self:
        """Add sites, each once by name."""
        for site in sites:
            if not isinstance(site, Site):
                raise WrongTypeError("site catalog", site, "a Site")
            if site.name in self.sites:
                raise DuplicateError(f"site {site.name!r} is already in this catalog")
            self.sites[site.name] = site
        return self

    def node(self) -> dict[str, Node]:
        """Return the catalog as a workflow file takes it in. Raises WorkflowError if it holds no site."""
        if not self.sites:
            raise WorkflowError("the site catalog holds no site; add one with add_sites")
        return {"sites": [site.node() for site in self.sites.values()]}
