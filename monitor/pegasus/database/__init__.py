"""Stampede databases, of any version of their schema, as sources of records."""

from monitor.pegasus.database.source import StampedeDatabase, root_runs

__all__ = ["StampedeDatabase", "root_runs"]
