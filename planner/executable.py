"""The executable workflow: what an engine runs. Engine-neutral; one file of it makes a plan."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec


class JobKind(StrEnum):
    """Pegasus' job classes, by the names of its database."""

    COMPUTE = "compute"
    STAGE_IN = "stage-in-tx"
    STAGE_OUT = "stage-out-tx"
    INTER_SITE = "inter-site-tx"
    REGISTRATION = "registration"
    CREATE_DIRECTORY = "create-dir"
    CLEANUP = "cleanup"
    CHMOD = "chmod"
    STAGED_COMPUTE = "staged-compute"
    SUB_WORKFLOW = "dax"
    SUB_DAG = "dag"


AUXILIARY_TRANSFORMATIONS: Mapping[JobKind, str] = {
    JobKind.STAGE_IN: "hoofprint::transfer",
    JobKind.STAGE_OUT: "hoofprint::transfer",
    JobKind.INTER_SITE: "hoofprint::transfer",
    JobKind.REGISTRATION: "hoofprint::register",
    JobKind.CREATE_DIRECTORY: "hoofprint::dirmanager",
    JobKind.CLEANUP: "hoofprint::cleanup",
    JobKind.CHMOD: "hoofprint::chmod",
}
"""What the jobs are called that a planner adds: in events, statistics and records alike."""


class Location(msgspec.Struct, frozen=True, omit_defaults=True):
    """A URL on a site; higher ``priority`` is tried first."""

    site: str
    url: str
    priority: int = 0


class Transfer(msgspec.Struct, frozen=True, omit_defaults=True):
    """One file to move; ``sources`` are tried in order.

    ``sha256`` is the expected digest where the catalogs know it. ``link`` allows a symbolic link,
    ``executable`` asks for the x-bit, ``optional`` forgives that no source exists, unless a digest is known:
    then somebody made the file. ``role`` is input (towards a job) or output (away from it).
    """

    lfn: str
    sources: tuple[Location, ...]
    destination: Location
    role: str
    sha256: str | None = None
    size: int | None = None
    link: bool = False
    executable: bool = False
    optional: bool = False


class Removal(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file or, ``recursive``, a directory to delete; ``lfn`` None for a directory."""

    site: str
    url: str
    lfn: str | None = None
    recursive: bool = False


class Registration(msgspec.Struct, frozen=True, omit_defaults=True):
    """A replica to make known once it lies there; an ``optional`` one if it does."""

    lfn: str
    site: str
    url: str
    optional: bool = False


class InputFile(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file a task reads; ``path`` relative to the work directory; ``sha256`` where known when planned."""

    lfn: str
    path: str
    sha256: str | None = None


class OutputFile(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file a task writes; ``path`` relative to the work directory."""

    lfn: str
    path: str
    optional: bool = False


class PlannedTask(msgspec.Struct, frozen=True, omit_defaults=True):
    """One process of a compute job; ``argv`` without the program itself; ``timeout`` in seconds."""

    id: str
    transformation: str
    executable: str
    argv: tuple[str, ...] = ()
    stdin: str | None = None
    stdout: str | None = None
    stderr: str | None = None
    environment: dict[str, str] = {}
    timeout: float | None = None


class PlannedJob(msgspec.Struct, frozen=True, omit_defaults=True):
    """One job of the executable workflow; ``parents`` are positions of jobs in the plan.

    ``site`` is where it runs; ``directory`` its work directory there. ``retries`` is how often a failed
    attempt is repeated; ``category`` names a throttle of the plan; a higher ``priority`` starts first.
    ``cores`` is what it occupies, ``memory`` MiB.
    """

    name: str
    kind: JobKind
    site: str
    directory: str = ""
    parents: tuple[int, ...] = ()
    tasks: tuple[PlannedTask, ...] = ()
    inputs: tuple[InputFile, ...] = ()
    outputs: tuple[OutputFile, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    make_directories: tuple[Location, ...] = ()
    removals: tuple[Removal, ...] = ()
    registrations: tuple[Registration, ...] = ()
    retries: int = 0
    priority: int = 0
    category: str = ""
    cores: int = 1
    memory: int | None = None
    profiles: dict[str, dict[str, str]] = {}

    @property
    def transformation(self) -> str:
        """What the job as a whole is called: by its only task, or by its kind."""
        if len(self.tasks) == 1:
            return self.tasks[0].transformation
        return AUXILIARY_TRANSFORMATIONS.get(self.kind, f"hoofprint::{self.kind}")


class PlanHeader(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a plan is: the first line of the plan file.

    ``throttles`` are the most jobs of a category that may run at once; ``planned`` microseconds since the
    epoch; ``format`` the plan file's version.
    """

    run: str
    root: str
    workflow: str
    namespace: str
    planned: int
    data_configuration: str
    jobs: int
    format: int = 1
    workflow_index: str = "0"
    throttles: dict[str, int] = {}
    user: str = ""
    parent_run: str | None = None


class ExecutableWorkflow(msgspec.Struct, frozen=True):
    """Header and jobs, parents before children."""

    header: PlanHeader
    jobs: Sequence[PlannedJob]
