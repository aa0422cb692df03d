"""Telling a file's format by its content, and reading it."""

import os
from collections.abc import Mapping

from planner.abstract import AbstractWorkflow
from planner.catalogs import ReplicaCatalog, SiteCatalog, TransformationCatalog
from planner.formats.fields import read_document
from planner.formats.source import read_source
from planner.formats.variables import tree_expander
from planner.formats.yaml_replicas import REPLICA_CATALOG, read_replicas
from planner.formats.yaml_sites import SITE_CATALOG, read_sites
from planner.formats.yaml_transformations import TRANSFORMATION_CATALOG, read_transformations
from planner.formats.yaml_workflow import read_yaml_workflow


def read_workflow(path: str | os.PathLike[str]) -> AbstractWorkflow:
    """Read an abstract workflow: Pegasus 5 YAML or JSON, plain or gzip.

    Raises InputError whose lines name file, line and what would be right.
    """
    return read_yaml_workflow(read_source(path))


def read_site_catalog(path: str | os.PathLike[str], environment: Mapping[str, str]) -> SiteCatalog:
    """Read a site catalog: YAML 5; ``${NAME}`` is filled in from ``environment``. Raises InputError."""
    source = read_source(path)
    return read_document(
        source, SITE_CATALOG, lambda root: read_sites(root, source.name), tree_expander(environment)
    )


def read_transformation_catalog(
    path: str | os.PathLike[str], environment: Mapping[str, str]
) -> TransformationCatalog:
    """Read a transformation catalog: YAML 5; ``${NAME}`` comes from ``environment``. Raises InputError."""
    source = read_source(path)
    return read_document(
        source,
        TRANSFORMATION_CATALOG,
        lambda root: read_transformations(root, source.name),
        tree_expander(environment),
    )


def read_replica_catalog(path: str | os.PathLike[str], environment: Mapping[str, str]) -> ReplicaCatalog:
    """Read a replica catalog: YAML 5; ``${NAME}`` is filled in from ``environment``. Raises InputError."""
    source = read_source(path)
    return read_document(
        source, REPLICA_CATALOG, lambda root: read_replicas(root, source.name), tree_expander(environment)
    )
