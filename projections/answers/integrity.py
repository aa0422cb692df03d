"""Integrity of one run: how many files were verified, what was wrong, and which job met it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, func, select

from projections.answers.runs import RunRef
from projections.data.checksums import CHECKSUMS
from projections.data.files import FILES


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A verification that failed; ``found`` is None for a missing file, ``expected`` where none was known."""

    job: str
    attempt: int
    lfn: str | None
    role: str
    pfn: str
    site: str
    expected: str | None
    found: str | None
    time: int


@dataclass(frozen=True, slots=True)
class Integrity:
    """Counts of checksums over a run's attempts; ``mismatches`` are the first of them, ``failed`` all."""

    verified: int
    failed: int
    computed: int
    mismatches: tuple[Mismatch, ...]


def integrity_of(connection: Connection, run: RunRef, *, limit: int = 20) -> Integrity:
    """What came of every checksum of a run; reads the ``data`` views."""
    counted = (
        select(CHECKSUMS.c.kind, func.sum(CHECKSUMS.c.count), func.sum(CHECKSUMS.c.failed))
        .where(CHECKSUMS.c.run_key == run.key)
        .group_by(CHECKSUMS.c.kind)
    )
    sums = {kind: (int(count or 0), int(failed or 0)) for kind, count, failed in connection.execute(counted)}
    checks, failed = sums.get("check", (0, 0))
    return Integrity(
        verified=checks - failed,
        failed=failed,
        computed=sums.get("compute", (0, 0))[0],
        mismatches=tuple(mismatches_of(connection, run, limit=limit)) if failed else (),
    )


def mismatches_of(
    connection: Connection, run: RunRef, *, job: str | None = None, limit: int = 20
) -> Sequence[Mismatch]:
    """The verifications that failed, of a run or of one of its jobs, by job and attempt."""
    query = (
        select(CHECKSUMS, FILES.c.lfn)
        .outerjoin(
            FILES, and_(FILES.c.run_key == CHECKSUMS.c.run_key, FILES.c.lfn_key == CHECKSUMS.c.lfn_key)
        )
        .where(CHECKSUMS.c.run_key == run.key, CHECKSUMS.c.ok.is_(False))
    )
    if job is not None:
        query = query.where(CHECKSUMS.c.job == job)
    ordered = query.order_by(CHECKSUMS.c.job, CHECKSUMS.c.attempt, CHECKSUMS.c.ordinal).limit(limit)
    return [
        Mismatch(
            job=row.job,
            attempt=row.attempt,
            lfn=row.lfn,
            role=row.role,
            pfn=row.pfn,
            site=row.site,
            expected=row.expected,
            found=row.found,
            time=row.time,
        )
        for row in connection.execute(ordered)
    ]
