"""Integrity sums: how many checksums were verified or computed, how many were wrong, how long it took."""

from sqlalchemy import Table

from projections.columns import counted, key, named, number, text, version
from projections.runs.metadata import metadata

INTEGRITY = Table(
    "integrity",
    metadata,
    key("run_key"),
    named("job"),
    counted("attempt"),
    named("kind"),
    counted("ordinal"),
    version(),
    text("role"),
    number("count"),
    number("failed"),
    number("duration"),
    sqlite_with_rowid=False,
)
"""``kind`` is check or compute; ``failed`` of ``count`` were wrong."""
