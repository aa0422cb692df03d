"""The abstract workflow: what the scientist wrote, in memory, made for 400,000 jobs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from planner.catalogs import NO_METADATA, NO_PROFILES, InlineCatalogs, Profiles, ShellHook, Transformation


@dataclass(frozen=True, slots=True)
class Use:
    """One job's use of one file.

    ``link`` is input, output, inout, checkpoint or none; ``size`` bytes where the author told it.
    An ``executable`` may carry the namespace and version of the transformation it belongs to.
    """

    lfn: str
    link: str
    stage_out: bool = True
    register: bool = True
    optional: bool = False
    bypass: bool = False
    for_planning: bool = False
    executable: bool = False
    size: int | None = None
    metadata: Mapping[str, str] = field(default_factory=lambda: NO_METADATA)
    namespace: str = ""
    version: str = ""

    @property
    def reads(self) -> bool:
        """Whether the job needs the file before it starts."""
        return self.link in ("input", "inout")

    @property
    def writes(self) -> bool:
        """Whether the job makes the file."""
        return self.link in ("output", "inout")

    @property
    def may_be_missing(self) -> bool:
        """Whether the job may end well without having made the file."""
        return self.optional or self.link == "checkpoint"


@dataclass(frozen=True, slots=True)
class AbstractJob:
    """One job of the abstract workflow (a task).

    ``kind`` is job, pegasusWorkflow or condorWorkflow; ``arguments`` are the author's items, not yet split
    into words; ``place`` is "file:line" for messages.
    """

    id: str
    transformation: Transformation
    kind: str = "job"
    label: str = ""
    arguments: Sequence[str] = ()
    uses: Sequence[Use] = ()
    stdin: str | None = None
    stdout: str | None = None
    stderr: str | None = None
    profiles: Profiles = field(default_factory=lambda: NO_PROFILES)
    metadata: Mapping[str, str] = field(default_factory=lambda: NO_METADATA)
    workflow_file: str | None = None
    place: str = ""
    hooks: Sequence[ShellHook] = ()


@dataclass(frozen=True, slots=True)
class AbstractWorkflow:
    """A workflow as its author wrote it: jobs, declared edges (parent, child as positions in ``jobs``).

    Inline catalogs stand in ``catalogs``; ``source`` is the file it was read from; ``version`` the format's.
    """

    name: str
    jobs: Sequence[AbstractJob]
    edges: Sequence[tuple[int, int]]
    version: str = ""
    index: str = "0"
    source: str = ""
    metadata: Mapping[str, str] = field(default_factory=lambda: NO_METADATA)
    profiles: Profiles = field(default_factory=lambda: NO_PROFILES)
    catalogs: InlineCatalogs | None = None
    hooks: Sequence[ShellHook] = ()
