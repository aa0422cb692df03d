"""Checksums: every digest that was computed or verified, and what came of it."""

from sqlalchemy import Connection, Index, Table

from eventlog.facts import ChecksumComputed, ChecksumVerified
from projections.batch import FactBatch
from projections.bulk import Part
from projections.columns import counted, flag, key, named, number, text, version
from projections.data.metadata import metadata
from projections.keys import run_key, text_key
from projections.rows import Rows

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
)
"""``kind`` is check or compute; ``expected`` is kept where it differs from ``found``.

``lfn_key`` is 0 for sums that name no file; ``ok`` is None for computed ones.
"""

_FAILED = CHECKSUMS.c.ok.is_(False)
# holds the few that failed, and so costs the many nothing
Index(
    "failed_checksums",
    *(CHECKSUMS.c.run_key, CHECKSUMS.c.job, CHECKSUMS.c.attempt, CHECKSUMS.c.kind, CHECKSUMS.c.ordinal),
    sqlite_where=_FAILED,
    postgresql_where=_FAILED,
)

_CHECKSUM = Part(
    CHECKSUMS,
    order=("version",),
    values=(
        *("time", "lfn_key", "role", "site", "pfn", "expected", "found", "ok", "size", "duration", "count"),
        "failed",
    ),
    fresh=True,
)


def apply(batch: FactBatch, connection: Connection) -> None:
    """Fold one row per checksum fact."""
    rows = Rows(_CHECKSUM)
    for event, check in batch.of(ChecksumVerified):
        key = (run_key(check.run, event.namespace), check.job, check.attempt, "check", check.ordinal)
        expected = check.expected if check.expected != check.found else None
        values = (
            *(event.time, _lfn_key(check.lfn), check.role, check.site, check.pfn, expected, check.found),
            *(check.ok, check.size, check.duration, check.count, check.failed or int(not check.ok)),
        )
        rows.put(key, (check.revision,), values)
    for event, made in batch.of(ChecksumComputed):
        key = (run_key(made.run, event.namespace), made.job, made.attempt, "compute", made.ordinal)
        what = (event.time, _lfn_key(made.lfn), made.role, made.site, made.pfn)
        sums = (None, made.sha256, None, made.size, made.duration, made.count, 0)
        rows.put(key, (made.revision,), (*what, *sums))
    rows.write(connection)


def _lfn_key(lfn: str | None) -> int:
    return 0 if lfn is None else text_key(lfn)
