"""Abstract workflows: jobs over files, written as Pegasus 5 YAML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import ClassVar, Self

from hoofprint.dependencies import infer_children, join_children
from hoofprint.errors import DuplicateError, NotFoundError, WorkflowError, WrongTypeError
from hoofprint.hooks import Hooked, hooks_node
from hoofprint.jobs import JOB_TYPES, AnyJob, SubWorkflow
from hoofprint.names import check_workflow_name
from hoofprint.profiles import profiles_node
from hoofprint.replica_catalog import ReplicaCatalog
from hoofprint.running import Runnable
from hoofprint.site_catalog import SiteCatalog
from hoofprint.transformation_catalog import TransformationCatalog
from hoofprint.workflow_text import dependencies_lines, jobs_lines
from hoofprint.written import HEADER, Catalog, FileTarget
from hoofprint.yaml_text import Node, mapping_lines


class Workflow(Hooked, Runnable):
    """A directed acyclic graph of jobs.

    With `infer_dependencies` a job waits for those that write what it reads; `add_dependency` adds more.
    """

    _DEFAULT_FILENAME: ClassVar[str] = "workflow.yml"

    def __init__(self, name: str, infer_dependencies: bool = True) -> None:
        super().__init__()
        self.name = check_workflow_name(name)
        self.infer_dependencies = infer_dependencies
        self.jobs: dict[str, AnyJob] = {}
        self.dependencies: dict[str, dict[str, None]] = {}
        self.site_catalog: SiteCatalog | None = None
        self.replica_catalog: ReplicaCatalog | None = None
        self.transformation_catalog: TransformationCatalog | None = None
        self._next_number = 1
        self._subworkflows: list[SubWorkflow] = []

    def add_jobs(self, *jobs: AnyJob) -> Self:
        """Add jobs; one without an id gets the next free of ID0000001, ID0000002, …"""
        for job in jobs:
            if not isinstance(job, JOB_TYPES):
                raise WrongTypeError(f"job of workflow {self.name!r}", job, "a Job or a SubWorkflow")
            if job._id is None:
                job._id = self._free_id()
            elif job._id in self.jobs:
                raise DuplicateError(
                    f"job id {job._id!r} is already taken in workflow {self.name!r}; give another _id"
                )
            self.jobs[job._id] = job
            if isinstance(job, SubWorkflow):
                job.read_own_file()
                self._subworkflows.append(job)
        return self

    def _free_id(self) -> str:
        while (job_id := f"ID{self._next_number:07d}") in self.jobs:
            self._next_number += 1
        self._next_number += 1
        return job_id

    def get_job(self, _id: str) -> AnyJob:
        """Return the job with this id. Raises NotFoundError if there is none."""
        if _id not in self.jobs:
            raise NotFoundError(f"workflow {self.name!r} has no job {_id!r}")
        return self.jobs[_id]

    def add_dependency(
        self,
        job: AnyJob,
        *,
        parents: Sequence[AnyJob] = (),
        children: Sequence[AnyJob] = (),
    ) -> Self:
        """Let `job` wait for `parents`, and `children` wait for `job`."""
        for parent in parents:
            self._depend(parent, job)
        for child in children:
            self._depend(job, child)
        return self

    def _depend(self, parent: AnyJob, child: AnyJob) -> None:
        if parent._id is None or child._id is None:
            raise WorkflowError(f"dependency {parent} -> {child}: both need an id; add_jobs gives them one")
        if parent._id == child._id:
            raise WorkflowError(f"dependency {parent} -> {child}: a job cannot wait for itself")
        below = self.dependencies.setdefault(parent._id, {})
        if child._id in below:
            raise DuplicateError(f"dependency {parent} -> {child} is already there")
        below[child._id] = None

    def add_site_catalog(self, sc: SiteCatalog) -> Self:
        """Write the site catalog into the workflow's own file."""
        self._refuse_second("site catalog", self.site_catalog, sc, SiteCatalog)
        self.site_catalog = sc
        return self

    def add_replica_catalog(self, rc: ReplicaCatalog) -> Self:
        """Write the replica catalog into the workflow's own file."""
        self._refuse_second("replica catalog", self.replica_catalog, rc, ReplicaCatalog)
        self.replica_catalog = rc
        return self

    def add_transformation_catalog(self, tc: TransformationCatalog) -> Self:
        """Write the transformation catalog into the workflow's own file."""
        self._refuse_second("transformation catalog", self.transformation_catalog, tc, TransformationCatalog)
        self.transformation_catalog = tc
        return self

    def _refuse_second(
        self, kind: str, present: Catalog | None, given: object, wanted: type[Catalog]
    ) -> None:
        if not isinstance(given, wanted):
            raise WrongTypeError(f"{kind} of workflow {self.name!r}", given, f"a {wanted.__name__}")
        if present is not None:
            raise DuplicateError(f"workflow {self.name!r} already has a {kind}")

    def write(self, file: FileTarget | None = None) -> Self:
        """Write the workflow as YAML, to `workflow.yml` if no file is named, and return it.

        A path then holds all of it or what it held before. Inner workflows are written beside it, as
        `NAME_ID.yml`. Raises WorkflowError where something is missing.
        """
        folder = Path(file).resolve().parent if isinstance(file, str | PathLike) else Path.cwd()
        for job in self._subworkflows:
            if isinstance(job.file, Workflow):
                job.file.write(folder / job.lfn)
        return super().write(file)

    def _lines(self) -> Iterator[str]:
        if not self.jobs:
            raise WorkflowError(f"workflow {self.name!r} has no job; add one with add_jobs")
        inferred = infer_children(self.jobs) if self.infer_dependencies else {}
        children = join_children(self.jobs, self.dependencies, inferred)
        yield from mapping_lines({**HEADER, **self._preamble()})
        yield from jobs_lines(self.jobs)
        yield from dependencies_lines(children)

    def _preamble(self) -> dict[str, Node]:
        node: dict[str, Node] = {"name": self.name}
        if self.hooks:
            node["hooks"] = hooks_node(self.hooks)
        if self.profiles:
            node["profiles"] = profiles_node(self.profiles)
        if self.metadata:
            node["metadata"] = self.metadata
        if self.site_catalog is not None:
            node["siteCatalog"] = self.site_catalog.node()
        if replicas := self._replicas():
            node["replicaCatalog"] = replicas
        if self.transformation_catalog is not None:
            node["transformationCatalog"] = self.transformation_catalog.node()
        return node

    def _replicas(self) -> dict[str, Node]:
        inner = ReplicaCatalog()
        for job in self._subworkflows:
            if isinstance(job.file, Workflow):
                inner.add_replica("local", job.lfn, job.file.path)
        entries = {**inner.entries, **(self.replica_catalog.entries if self.replica_catalog else {})}
        return {"replicas": [entry.node() for entry in entries.values()]} if entries else {}
