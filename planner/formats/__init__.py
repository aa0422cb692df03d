"""Readers of workflows, catalogs and properties in the formats that people have them in.

Which format a file has is told by its content; its name does not matter.
"""

from planner.formats.reading import (
    read_jobs,
    read_properties,
    read_replica_catalog,
    read_site_catalog,
    read_transformation_catalog,
    read_workflow,
)

__all__ = [
    "read_jobs",
    "read_properties",
    "read_replica_catalog",
    "read_site_catalog",
    "read_transformation_catalog",
    "read_workflow",
]
