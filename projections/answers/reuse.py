"""Reuse by name: which of many LFNs exist already, intact and made by a task that succeeded."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, and_, exists, or_, select

from projections.answers.runs import RunRef
from projections.bulk import key_rows
from projections.data.files import FILES
from projections.data.plans import PLANS
from projections.data.replicas import REPLICAS
from projections.data.reuse import INVALIDATIONS, REUSED_FILES
from projections.data.uses import TASKS
from projections.keys import run_key, text_key
from projections.runs.plan import JOBS


@dataclass(frozen=True, slots=True)
class ReusableReplica:
    """A file that may be used again and one place where it lies; ``run`` is empty where no run made it."""

    lfn: str
    run: str
    pfn: str
    site: str
    sha256: str | None
    size: int | None
    checksum: str


_Row = Row[*tuple[Any, ...]]


def reusable(
    runs: Connection,
    data: Connection,
    lfns: Sequence[str],
    *,
    namespace: str,
    from_run: RunRef | None = None,
) -> Mapping[str, tuple[ReusableReplica, ...]]:
    """The trustworthy replicas of each LFN: of one run, or of the newest run of a namespace that has any.

    Trusted means: its producer succeeded, a registered replica was not removed, its checksum is not known to
    be wrong, and nobody invalidated it. A raw input, which a run did not make, is no result of that run. What
    a run reused itself counts as its own: the answer names the run that made it. Reads the ``runs`` and the
    ``data`` views, however many LFNs.
    """
    found = _trusted(runs, data, lfns, namespace, from_run)
    asked, pending = {from_run}, _taken_over(data, from_run, [lfn for lfn in lfns if lfn not in found])
    while pending:
        origin, names = pending.popitem()
        if origin not in asked:
            asked.add(origin)
            found |= _trusted(runs, data, names, namespace, origin)
            pending |= _taken_over(data, origin, [lfn for lfn in names if lfn not in found])
    return found


def _trusted(
    runs: Connection, data: Connection, lfns: Sequence[str], namespace: str, from_run: RunRef | None
) -> dict[str, tuple[ReusableReplica, ...]]:
    rows = _candidates(data, lfns, namespace, from_run)
    succeeded = _succeeded(runs, {(row.run_key, row.job) for row in rows if row.job is not None})
    without_run = run_key("", namespace)
    newest: dict[str, list[_Row]] = {}
    for row in rows:
        if row.run_key != without_run and (row.run_key, row.job) not in succeeded:
            continue
        chosen = newest.setdefault(row.lfn, [])
        # rows come newest run first: what another run has is older
        if not chosen or chosen[0].run_key == row.run_key:
            chosen.append(row)
    return {lfn: tuple(map(_replica, chosen)) for lfn, chosen in newest.items() if chosen}


def _taken_over(
    connection: Connection, run: RunRef | None, lfns: Sequence[str]
) -> dict[RunRef, Sequence[str]]:
    """From which runs a run took these files in place of making them."""
    if run is None or not lfns:
        return {}
    wanted = key_rows(connection, {"lfn_key": int}, [(text_key(lfn),) for lfn in lfns], "wanted")
    rows = connection.execute(
        select(REUSED_FILES.c.lfn, REUSED_FILES.c.from_run)
        .join(wanted, REUSED_FILES.c.lfn_key == wanted.c.lfn_key)
        .where(REUSED_FILES.c.run_key == run.key, REUSED_FILES.c.from_run.is_not(None))
        .order_by(REUSED_FILES.c.from_run, REUSED_FILES.c.lfn)
    )
    origins: dict[RunRef, list[str]] = {}
    for lfn, origin in rows:
        reference = RunRef(run_key(origin, run.namespace), origin, run.namespace)
        origins.setdefault(reference, []).append(lfn)
    return dict(origins)


def _candidates(
    connection: Connection, lfns: Iterable[str], namespace: str, from_run: RunRef | None
) -> Sequence[_Row]:
    names = [(lfn,) for lfn in dict.fromkeys(lfns)]
    wanted = key_rows(connection, {"lfn": str}, names, "wanted")
    query = (
        select(
            *(FILES.c.run_key, FILES.c.lfn, FILES.c.task, FILES.c.checksum, FILES.c.sha256, FILES.c.size),
            *(REPLICAS.c.pfn, REPLICAS.c.site, REPLICAS.c.size.label("replica_size"), PLANS.c.run),
            *(TASKS.c.job, PLANS.c.created_at),
        )
        .select_from(wanted)
        .join(FILES, FILES.c.lfn == wanted.c.lfn)
        .join(
            REPLICAS,
            and_(
                REPLICAS.c.run_key == FILES.c.run_key,
                REPLICAS.c.lfn_key == FILES.c.lfn_key,
                REPLICAS.c.present,
            ),
        )
        .outerjoin(PLANS, PLANS.c.run_key == FILES.c.run_key)
        .outerjoin(TASKS, and_(TASKS.c.run_key == FILES.c.run_key, TASKS.c.task == FILES.c.task))
        .where(
            FILES.c.namespace == namespace,
            FILES.c.checksum != "corrupt",
            or_(PLANS.c.visible, FILES.c.run_key == run_key("", namespace)),
            ~exists().where(
                INVALIDATIONS.c.run_key == FILES.c.run_key,
                INVALIDATIONS.c.lfn_key.in_([FILES.c.lfn_key, 0]),
                INVALIDATIONS.c.reuse_key == "",
            ),
        )
        .order_by(PLANS.c.created_at.desc().nulls_last(), FILES.c.run_key, REPLICAS.c.site, REPLICAS.c.pfn)
    )
    if from_run is not None:
        query = query.where(FILES.c.run_key == from_run.key)
    return connection.execute(query).all()


def _succeeded(connection: Connection, jobs: set[tuple[int, str]]) -> set[tuple[int, str]]:
    if not jobs:
        return set()
    wanted = key_rows(connection, {"run_key": int, "job": str}, sorted(jobs), "wanted")
    rows = connection.execute(
        select(JOBS.c.run_key, JOBS.c.job)
        .join(wanted, and_(JOBS.c.run_key == wanted.c.run_key, JOBS.c.job == wanted.c.job))
        .where(JOBS.c.state == "succeeded")
    )
    return {(row.run_key, row.job) for row in rows}


def _replica(row: _Row) -> ReusableReplica:
    return ReusableReplica(
        lfn=row.lfn,
        run=row.run or "",
        pfn=row.pfn,
        site=row.site,
        sha256=row.sha256,
        size=row.size if row.size is not None else row.replica_size,
        checksum=row.checksum,
    )
