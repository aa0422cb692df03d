"""Integrity sums: how many checksums were verified or computed, how many were wrong, how long it took."""

from sqlalchemy import Connection, Table

from eventlog.facts import ChecksumComputed, ChecksumVerified
from projections.batch import FactBatch
from projections.bulk import Part
from projections.columns import counted, key, named, number, text, version
from projections.keys import run_key
from projections.rows import Rows
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

_SUM = Part(INTEGRITY, order=("version",), values=("role", "count", "failed", "duration"), fresh=True)


def apply(batch: FactBatch, connection: Connection) -> None:
    """Fold one row per checksum fact that counts; sums are taken when asked for."""
    rows = Rows(_SUM)
    for event, check in batch.of(ChecksumVerified):
        if not check.count:
            continue
        key = (run_key(check.run, event.namespace), check.job, check.attempt, "check", check.ordinal)
        values = (check.role, check.count, check.failed or int(not check.ok), check.duration)
        rows.put(key, (check.revision,), values)
    for event, made in batch.of(ChecksumComputed):
        if not made.count:
            continue
        key = (run_key(made.run, event.namespace), made.job, made.attempt, "compute", made.ordinal)
        rows.put(key, (made.revision,), (made.role, made.count, 0, made.duration))
    rows.write(connection)
