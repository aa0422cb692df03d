"""DAX: abstract workflows in XML, 2.0 to 3.6, read by structure and not by the version they claim."""

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from eventlog.errors import InputError
from planner.abstract import AbstractJob, AbstractWorkflow, Use
from planner.catalogs import NO_METADATA, Profiles, ShellHook, Transformation
from planner.formats.dax_catalogs import DaxCatalogs
from planner.formats.dax_shapes import DAX_SHAPES
from planner.formats.dax_uses import DaxUses, read_lfn
from planner.formats.graph import JobGraph, check_job_id, check_workflow_name
from planner.formats.problems import Problems
from planner.formats.profiles import merge_profiles
from planner.formats.source import Source
from planner.formats.xml_document import Element, check_element, parse_elements
from planner.formats.xml_profiles import read_hook, read_hooks, read_metadata, read_profiles

_JOB_KINDS = {"job": "job", "dax": "pegasusWorkflow", "dag": "condorWorkflow"}
_ROOT_PARTS = frozenset(
    {
        *("metadata", "invoke", "file", "filename", "executable", "transformation"),
        *("job", "dax", "dag", "child"),
    }
)
_SHARING = 1_000
"""Jobs read one after the other that share equal uses and transformations."""
_edge_blanks = re.compile(r"\A\s+|\s+\Z")


def read_dax(source: Source) -> AbstractWorkflow:
    """Return the workflow; raises InputError with all that is wrong with it."""
    root, elements = _opened(source)
    return _DaxReader(source.name, root).read(elements)


def read_dax_jobs(source: Source) -> Iterator[AbstractJob]:
    """The jobs, one after the other; what is said beside them is not looked at.

    Raises InputError with all that is wrong with a job, also when others were given already.
    """
    _, elements = _opened(source)
    while jobs := list(islice((element for element in elements if element.tag in _JOB_KINDS), _SHARING)):
        yield from _DaxReader(source.name, Element("adag", {}, 1)).read_jobs(jobs)


def _opened(source: Source) -> tuple[Element, Iterator[Element]]:
    elements = parse_elements(source)
    root = next(elements)
    if root.tag != "adag":
        raise InputError(f"{source.name}:{root.line}: <{root.tag}> is no workflow; <adag> is wanted")
    return root, elements


class _DaxReader:
    """Reads one document, element by element; equal uses and transformations become one object each."""

    def __init__(self, file: str, root: Element) -> None:
        self._file = file
        self._root = root
        self._problems = Problems(file)
        self._graph = JobGraph()
        self._catalogs = DaxCatalogs(file, self._problems)
        self._jobs: list[AbstractJob] = []
        self._dependencies: list[tuple[int, str, str]] = []
        self._metadata: dict[str, str] = {}
        self._hooks: list[ShellHook] = []
        self._uses = DaxUses(self._problems, self._catalogs)
        self._transformations: dict[Transformation, Transformation] = {}

    def read(self, elements: Iterator[Element]) -> AbstractWorkflow:
        self._check_root()
        for element in elements:
            self._read_part(element)
        if not self._jobs:
            self._problems.add(self._root.line, "there is no job; at least one is wanted")
        edges = self._edges()
        self._problems.raise_any()
        return AbstractWorkflow(
            name=self._root.get("name"),
            jobs=tuple(self._jobs),
            edges=edges,
            version=self._root.get("version"),
            index=self._root.get("index", "0"),
            source=self._file,
            metadata=self._metadata or NO_METADATA,
            catalogs=self._catalogs.catalogs(),
            hooks=tuple(self._hooks),
        )

    def read_jobs(self, elements: Iterable[Element]) -> Sequence[AbstractJob]:
        """The jobs among the elements. Raises InputError with all that is wrong with them."""
        for element in elements:
            self._read_job(element)
        self._problems.raise_any()
        return self._jobs

    def _check_root(self) -> None:
        check_element(self._root, DAX_SHAPES, self._problems)
        name = self._root.get("name")
        if "name" in self._root.attributes and (reason := check_workflow_name(name)):
            self._problems.add(self._root.line, reason)

    def _read_part(self, element: Element) -> None:
        if element.tag not in _ROOT_PARTS:
            hint = self._problems.hint(element.tag, _ROOT_PARTS)
            self._problems.add(element.line, f"unknown element <{element.tag}> in <adag>{hint}")
        elif element.tag in _JOB_KINDS:
            self._read_job(element)
        elif element.tag == "child":
            self._read_child(element)
        else:
            check_element(element, DAX_SHAPES, self._problems)
            self._read_catalog_part(element)

    def _read_catalog_part(self, element: Element) -> None:
        if element.tag == "metadata":
            self._metadata[element.get("key")] = element.text()
        elif element.tag == "invoke":
            self._hooks.append(read_hook(element))
        elif element.tag == "executable":
            self._catalogs.add_executable(element)
        elif element.tag == "transformation":
            self._catalogs.add_transformation(element)
        elif lfn := read_lfn(element, "name" if element.tag == "file" else "file", self._problems, ""):
            self._catalogs.add_file(element, lfn)

    def _read_child(self, element: Element) -> None:
        check_element(element, DAX_SHAPES, self._problems)
        child = element.get("ref")
        for parent in element.all("parent"):
            self._dependencies.append((parent.line, parent.get("ref"), child))

    def _edges(self) -> Sequence[tuple[int, int]]:
        for line, parent, child in self._dependencies:
            if reason := self._graph.add_edge(parent, child):
                self._problems.add(line, f"dependency of {child}: {reason}")
        return self._graph.edges()

    def _read_job(self, element: Element) -> None:
        job_id = element.get("id")
        label = f"{element.tag} {job_id}: "
        check_element(element, DAX_SHAPES, self._problems, label)
        reason = check_job_id(job_id) or self._graph.add_job(job_id, element.line)
        if reason and "id" in element.attributes:
            self._problems.add(element.line, label + reason)
        workflow_file = None if element.tag == "job" else read_lfn(element, "file", self._problems, label)
        self._jobs.append(
            AbstractJob(
                id=job_id,
                transformation=self._transformation(element),
                kind=_JOB_KINDS[element.tag],
                label=element.get("node-label"),
                arguments=_arguments(element.first("argument")),
                uses=self._job_uses(element, label, workflow_file),
                stdin=self._stdio(element, "stdin", label),
                stdout=self._stdio(element, "stdout", label),
                stderr=self._stdio(element, "stderr", label),
                profiles=self._profiles(element, label),
                metadata=read_metadata(element) or NO_METADATA,
                workflow_file=workflow_file,
                place=f"{self._file}:{element.line}",
                hooks=read_hooks(element),
            )
        )

    def _transformation(self, element: Element) -> Transformation:
        name = element.get("name") or _JOB_KINDS[element.tag]
        parts = (name, element.get("namespace"), element.get("version"))
        transformation = Transformation(*map(sys.intern, parts))
        return self._transformations.setdefault(transformation, transformation)

    def _profiles(self, element: Element, label: str) -> Profiles:
        profiles = read_profiles(element, self._problems, label)
        runtime = element.attributes.get("runtime")
        return merge_profiles(({"pegasus": {"runtime": runtime}}, profiles)) if runtime else profiles

    def _stdio(self, element: Element, tag: str, label: str) -> str | None:
        stream = element.first(tag)
        if stream is None:
            return None
        return read_lfn(stream, "file" if "file" in stream.attributes else "name", self._problems, label)

    def _job_uses(self, element: Element, label: str, workflow_file: str | None) -> Sequence[Use]:
        uses = [self._uses.read(use, label) for use in element.all("uses")]
        if workflow_file and all(use.lfn != workflow_file for use in uses):
            uses.append(Use(workflow_file, "input"))
        return tuple(uses)


def _arguments(element: Element | None) -> Sequence[str]:
    """Return the argument as one item: texts and file names joined as they stand.

    White space at either end of a text counts as one blank; version 2 puts one between two files, too.
    """
    if element is None:
        return ()
    pieces: list[str] = []
    for before, part in zip([None, *element.content], element.content, strict=False):
        if isinstance(part, str):
            pieces.append(_edge_blanks.sub(" ", part))
            continue
        if part.tag == "filename" and isinstance(before, Element):
            pieces.append(" ")
        pieces.append(part.get("file") if part.tag == "filename" else part.get("name"))
    text = "".join(pieces).strip()
    return (text,) if text else ()
