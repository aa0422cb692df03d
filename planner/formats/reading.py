"""Telling a file's format by its content, and reading it."""

import os
from collections.abc import Iterator, Mapping
from itertools import islice

from eventlog.errors import InputError
from planner.abstract import AbstractJob, AbstractWorkflow
from planner.catalogs import ReplicaCatalog, SiteCatalog, TransformationCatalog
from planner.formats.dax import read_dax, read_dax_jobs
from planner.formats.fields import read_document
from planner.formats.problems import one_line
from planner.formats.properties import parse_properties
from planner.formats.source import Source, read_lines, read_source
from planner.formats.text_replicas import read_text_replicas
from planner.formats.text_transformations import read_text_transformations
from planner.formats.variables import tree_expander
from planner.formats.xml_sites import read_xml_sites
from planner.formats.yaml_blocks import Unusual
from planner.formats.yaml_replicas import REPLICA_CATALOG, read_replicas
from planner.formats.yaml_sites import SITE_CATALOG, read_sites
from planner.formats.yaml_transformations import TRANSFORMATION_CATALOG, read_transformations
from planner.formats.yaml_workflow import read_yaml_jobs, read_yaml_workflow

_FilePath = str | os.PathLike[str]


def read_workflow(path: _FilePath) -> AbstractWorkflow:
    """Read an abstract workflow: Pegasus 5 YAML or JSON, or DAX XML 2.0 to 3.6; plain or gzip.

    Raises InputError whose lines name file, line and what would be right.
    """
    source = read_source(path)
    if source.is_xml:
        return read_dax(source)
    if source.is_yaml:
        return read_yaml_workflow(source)
    raise _unknown(source, "workflow in Pegasus 5 YAML or JSON, or in DAX XML")


def read_jobs(path: _FilePath) -> Iterator[AbstractJob]:
    """The jobs of an abstract workflow as ``read_workflow`` has them, one after the other.

    Memory does not grow with the workflow where it is written as programs write it. Jobs are checked each by
    itself; whether edges and catalogs are right is not asked. Raises InputError as ``read_workflow``, also
    when jobs were given already.
    """
    given = 0
    try:
        for job in read_yaml_jobs(os.fspath(path), read_lines(path)):
            yield job
            given += 1
    except (Unusual, OSError):
        # Read whole, it is told what is wrong with it, if anything is.
        pass
    else:
        if given:
            return
    source = read_source(path)
    jobs = read_dax_jobs(source) if source.is_xml else iter(read_workflow(path).jobs)
    yield from islice(jobs, given, None)


def read_site_catalog(path: _FilePath, environment: Mapping[str, str]) -> SiteCatalog:
    """Read a site catalog: YAML 5, or XML 3 and 4; ``${NAME}`` comes from ``environment``.

    Raises InputError whose lines name file, line and what would be right.
    """
    source = read_source(path)
    if source.is_xml:
        return read_xml_sites(source, environment)
    if not source.is_yaml:
        raise _unknown(source, "site catalog in YAML 5, or in XML")
    return read_document(
        source, SITE_CATALOG, lambda root: read_sites(root, source.name), tree_expander(environment)
    )


def read_transformation_catalog(path: _FilePath, environment: Mapping[str, str]) -> TransformationCatalog:
    """Read a transformation catalog: YAML 5 or text; ``${NAME}`` comes from ``environment``.

    Raises InputError whose lines name file, line and what would be right.
    """
    source = read_source(path)
    if source.is_xml:
        raise _unknown(source, "transformation catalog in YAML 5, or in text")
    if not source.is_yaml:
        return read_text_transformations(source, environment)
    return read_document(
        source,
        TRANSFORMATION_CATALOG,
        lambda root: read_transformations(root, source.name),
        tree_expander(environment),
    )


def read_replica_catalog(path: _FilePath, environment: Mapping[str, str]) -> ReplicaCatalog:
    """Read a replica catalog: YAML 5 or text; ``${NAME}`` comes from ``environment``.

    Raises InputError whose lines name file, line and what would be right.
    """
    source = read_source(path, may_be_empty=True)
    if not source.is_yaml:
        return read_text_replicas(source, environment)
    return read_document(
        source, REPLICA_CATALOG, lambda root: read_replicas(root, source.name), tree_expander(environment)
    )


def read_properties(path: _FilePath) -> dict[str, str]:
    """Read a Java properties file; ``${other.property}`` is replaced once. Raises InputError."""
    return parse_properties(read_source(path, may_be_empty=True))


def _unknown(source: Source, wanted: str) -> InputError:
    start = one_line(source.first_line[:60])
    return InputError(f'{source.name}: this is no {wanted}; it begins with "{start}"')
