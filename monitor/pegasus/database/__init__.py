"""Stampede databases, of any version of their schema, as sources of records."""

from monitor.pegasus.database.source import StampedeDatabase, looks_like_database, root_runs

__all__ = ["StampedeDatabase", "looks_like_database", "root_runs"]
