"""Pegasus 5 workflows in YAML or JSON."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from planner.abstract import AbstractJob, AbstractWorkflow, Use
from planner.catalogs import NO_METADATA, InlineCatalogs, Transformation
from planner.formats.fields import Fields, Shape, read_document
from planner.formats.graph import JobGraph, check_job_id, check_workflow_name
from planner.formats.problems import Problems
from planner.formats.profiles import read_hooks, read_profiles
from planner.formats.source import Source
from planner.formats.yaml_blocks import Unusual, read_items
from planner.formats.yaml_nodes import Node, Section
from planner.formats.yaml_replicas import INLINE_REPLICA_CATALOG, read_replicas
from planner.formats.yaml_sites import INLINE_SITE_CATALOG, read_sites
from planner.formats.yaml_transformations import INLINE_TRANSFORMATION_CATALOG, read_transformations

_Catalog = TypeVar("_Catalog")
_WORKFLOW = Shape(
    "",
    keys=frozenset(
        {
            *("pegasus", "name", "version", "jobs", "jobDependencies", "profiles", "hooks", "metadata"),
            *("siteCatalog", "replicaCatalog", "transformationCatalog"),
        }
    ),
    required=("pegasus", "name", "jobs"),
)
_JOB = Shape(
    "job",
    naming="id",
    keys=frozenset(
        {
            *("type", "id", "name", "namespace", "version", "file", "nodeLabel", "arguments"),
            *("stdin", "stdout", "stderr", "uses", "profiles", "hooks", "metadata"),
        }
    ),
    required=("type", "id"),
)
_USE = Shape(
    "file",
    naming="lfn",
    keys=frozenset(
        {
            *("lfn", "type", "stageOut", "registerReplica", "optional", "size", "bypass", "forPlanning"),
            *("executable", "namespace", "version", "metadata"),
        }
    ),
    required=("lfn", "type"),
)
_DEPENDENCY = Shape(
    "dependency of", naming="id", keys=frozenset({"id", "children"}), required=("id", "children")
)
# "dax" and "dag" are what the first drafts of the format called them.
_JOB_KINDS = {
    "job": "job",
    "pegasusWorkflow": "pegasusWorkflow",
    "condorWorkflow": "condorWorkflow",
    "dax": "pegasusWorkflow",
    "dag": "condorWorkflow",
}
LINKS = {link: link for link in ("input", "output", "inout", "checkpoint", "none")}
_VERSION = re.compile(r"5(\.\S*)?")
_SHARING = 1_000
"""Jobs read one by one that share equal uses and transformations."""


def read_yaml_workflow(source: Source) -> AbstractWorkflow:
    """Return the workflow; raises InputError with all that is wrong with it."""
    return read_document(source, _WORKFLOW, lambda root: _WorkflowReader(source.name, root).read())


def read_yaml_jobs(file: str, lines: Iterable[bytes]) -> Iterator[AbstractJob]:
    """The jobs, one after the other; what is said beside them is not looked at.

    Raises ``Unusual`` where the document has to be read whole, also when jobs were given already.
    """
    problems = Problems(file)
    root = Fields(Section(1), Shape(""), problems)
    reader = _WorkflowReader(file, root)
    for number, item in enumerate(read_items(lines, "jobs"), 1):
        if not isinstance(item, Section):
            raise Unusual
        job = reader.read_job(Fields(item, _JOB, problems, root))
        if len(problems):
            raise Unusual
        yield job
        if number % _SHARING == 0:
            reader = _WorkflowReader(file, root)


class _WorkflowReader:
    """Reads one workflow; equal uses and equal transformations become one object each."""

    def __init__(self, file: str, root: Fields) -> None:
        self._file = file
        self._root = root
        self._graph = JobGraph()
        self._uses: dict[tuple[tuple[str, Node], ...], Use] = {}
        self._transformations: dict[tuple[str, str, str], Transformation] = {}

    def read(self) -> AbstractWorkflow:
        root = self._root
        self._check_head()
        jobs = tuple(self.read_job(item) for item in root.children("jobs", _JOB))
        if not jobs and isinstance(root.values.get("jobs"), list):
            root.problem("jobs", '"jobs" is empty; at least one job is wanted')
        return AbstractWorkflow(
            name=root.text("name"),
            jobs=jobs,
            edges=self._edges(),
            version=root.text("pegasus"),
            source=self._file,
            metadata=root.pairs("metadata") or NO_METADATA,
            profiles=read_profiles(root),
            catalogs=_inline_catalogs(root, self._file),
            hooks=read_hooks(root),
        )

    def _check_head(self) -> None:
        version, name = self._root.text("pegasus"), self._root.text("name")
        if version and not _VERSION.fullmatch(version):
            self._root.problem("pegasus", f'version "{version}" of the format is not known; "5.0" is')
        if name and (reason := check_workflow_name(name)):
            self._root.problem("name", reason)

    def read_job(self, item: Fields) -> AbstractJob:
        """One job; what is wrong with it is noted."""
        kind = item.choice("type", _JOB_KINDS, "job")
        needed = "name" if kind == "job" else "file"
        if not item.values.get(needed):
            item.problem((), f'"{needed}" is missing')
        return AbstractJob(
            id=self._job_id(item),
            transformation=self._transformation(item, kind),
            kind=kind,
            label=item.text("nodeLabel"),
            arguments=item.texts("arguments"),
            uses=self._read_uses(item),
            stdin=item.lfn("stdin"),
            stdout=item.lfn("stdout"),
            stderr=item.lfn("stderr"),
            profiles=read_profiles(item),
            metadata=item.pairs("metadata") or NO_METADATA,
            workflow_file=item.lfn("file"),
            place=f"{self._file}:{item.line}",
            hooks=read_hooks(item),
        )

    def _job_id(self, item: Fields) -> str:
        job_id = item.text("id")
        reason = self._graph.add_job(job_id, item.line)
        if job_id and (reason := check_job_id(job_id) or reason):
            item.problem("id", reason)
        return job_id

    def _transformation(self, item: Fields, kind: str) -> Transformation:
        key = (item.text("name", kind), item.text("namespace"), item.text("version"))
        known = self._transformations.get(key)
        if known is None:
            known = Transformation(*map(sys.intern, key))
            self._transformations[key] = known
        return known

    def _read_uses(self, item: Fields) -> Sequence[Use]:
        return tuple(self._use(use) for use in item.children("uses", _USE))

    def _use(self, item: Fields) -> Use:
        key = tuple(item.values.items())
        try:
            known = self._uses.get(key)
        except TypeError:  # a mapping inside, metadata, has no hash
            return self._new_use(item)
        before = len(item.problems)
        use = known or self._new_use(item)
        if len(item.problems) == before:
            self._uses[key] = use
        return use

    def _new_use(self, item: Fields) -> Use:
        return Use(
            lfn=item.lfn("lfn") or "",
            link=item.choice("type", LINKS, "input"),
            stage_out=item.boolean("stageOut", True),
            register=item.boolean("registerReplica", True),
            optional=item.boolean("optional", False),
            bypass=item.boolean("bypass", False),
            for_planning=item.boolean("forPlanning", False),
            executable=item.boolean("executable", False),
            size=item.size("size"),
            metadata=item.pairs("metadata") or NO_METADATA,
            namespace=item.text("namespace"),
            version=item.text("version"),
        )

    def _edges(self) -> Sequence[tuple[int, int]]:
        for item in self._root.children("jobDependencies", _DEPENDENCY):
            parent = item.text("id")
            for position, child in enumerate(item.texts("children")):
                if reason := self._graph.add_edge(parent, child):
                    item.problem(("children", position), reason)
        return self._graph.edges()


def _inline_catalogs(root: Fields, file: str) -> InlineCatalogs | None:
    sites = root.child("siteCatalog", INLINE_SITE_CATALOG)
    transformations = root.child("transformationCatalog", INLINE_TRANSFORMATION_CATALOG)
    replicas = root.child("replicaCatalog", INLINE_REPLICA_CATALOG)
    given = [catalog for catalog in (sites, transformations, replicas) if catalog]
    if not given:
        return None
    return InlineCatalogs(
        sites=_unless_reference(sites, read_sites, file),
        transformations=_unless_reference(transformations, read_transformations, file),
        replicas=_unless_reference(replicas, read_replicas, file),
        references=tuple(catalog.text("$ref") for catalog in given if "$ref" in catalog.values),
    )


def _unless_reference(
    catalog: Fields | None, read: Callable[[Fields, str], _Catalog], file: str
) -> _Catalog | None:
    return read(catalog, file) if catalog and "$ref" not in catalog.values else None
