"""Checksums: every digest that was computed or verified, and what came of it."""

from sqlalchemy import Index, Table

from projections.columns import counted, flag, key, named, number, text, version
from projections.data.metadata import metadata

CHECKSUMS = Table(
    "checksums",
    metadata,
    key("run_key"),
    named("job"),
    counted("attempt"),
    named("kind"),
    counted("ordinal"),
    version(),
    number("time"),
    key("lfn_key", primary=False),
    text("role"),
    text("site"),
    text("pfn"),
    text("expected"),
    text("found"),
    flag("ok"),
    number("size"),
    number("duration"),
    number("count"),
    number("failed"),
    Index("checksums_by_file", "run_key", "lfn_key", "time"),
    Index("checksums_by_verdict", "run_key", "ok", "job", "attempt"),
)
"""``kind`` is check or compute; ``expected`` is kept where it differs from ``found``.

``lfn_key`` is 0 for sums that name no file; ``ok`` is None for computed ones.
"""
