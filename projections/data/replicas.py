"""Replicas: where a file lies, or lay."""

from collections.abc import Sequence

from sqlalchemy import Boolean, Column, Computed, Connection, Index, Table, and_, select, tuple_, update

from eventlog.event import Event
from eventlog.facts import FileRegistered, FileRemoved
from projections.batch import FactBatch
from projections.bulk import Part, key_rows
from projections.columns import key, number, text, version
from projections.data.metadata import metadata
from projections.keys import run_key, text_key, tie
from projections.rows import Rows

# ties as everywhere: time, then revision and id
_PRESENT = "registered_at > removed_at OR (registered_at = removed_at AND registered_tie > removed_tie)"

REPLICAS = Table(
    "replicas",
    metadata,
    key("run_key"),
    key("lfn_key"),
    key("pfn_key"),
    text("site", required=True),
    text("pfn", required=True),
    # FileRegistered
    version("registered_at"),
    version("registered_tie"),
    number("size"),
    text("sha256"),
    text("job"),
    number("attempt"),
    # FileRemoved
    version("removed_at"),
    version("removed_tie"),
    Column("present", Boolean(create_constraint=False), Computed(_PRESENT, persisted=True)),
    Index("replicas_by_site", "site", "run_key", "lfn_key"),
    Index("replicas_by_place", "run_key", "pfn_key"),
)
"""One (file, site, PFN), with its last registration and its last removal; ``present`` tells which was later.

``pfn_key`` is the key of ``"{site} {pfn}"``.
"""

REMOVALS = Table(
    "removals",
    metadata,
    key("run_key"),
    key("pfn_key"),
    text("site", required=True),
    text("pfn", required=True),
    version("removed_at"),
    version("removed_tie"),
    sqlite_with_rowid=False,
)
"""Removals that name no LFN: they end every replica of their run at that place."""

_PLACE = ("site", "pfn")
_REGISTERED = Part(
    REPLICAS,
    order=("registered_at", "registered_tie"),
    constant=_PLACE,
    values=("size", "sha256", "job", "attempt"),
    fresh=True,
)
_REMOVED = Part(REPLICAS, order=("removed_at", "removed_tie"), constant=_PLACE, values=())
_PLACE_REMOVED = Part(REMOVALS, order=("removed_at", "removed_tie"), constant=_PLACE, values=())


def apply(batch: FactBatch, connection: Connection) -> None:
    """Fold registrations and removals."""
    registered, removed, places = Rows(_REGISTERED), Rows(_REMOVED), Rows(_PLACE_REMOVED)
    for event, fact in batch.of(FileRegistered):
        run, place = run_key(fact.run, event.namespace), pfn_key(fact.site, fact.pfn)
        values = (fact.size, fact.sha256, fact.job, fact.attempt)
        key = (run, text_key(fact.lfn), place)
        registered.put(key, (event.time, tie(event)), values, (fact.site, fact.pfn))
    for event, removal in batch.of(FileRemoved):
        run, place = run_key(removal.run, event.namespace), pfn_key(removal.site, removal.pfn)
        moment, constant = (event.time, tie(event)), (removal.site, removal.pfn)
        if removal.lfn is None:
            places.put((run, place), moment, (), constant)
        else:
            removed.put((run, text_key(removal.lfn), place), moment, (), constant)
    for rows in (registered, removed, places):
        rows.write(connection)
    _end_replicas(batch, connection)


def pfn_key(site: str, pfn: str) -> int:
    """The key of a place: a site and a PFN there."""
    return text_key(f"{site} {pfn}")


def _places(events: Sequence[tuple[Event, FileRegistered | FileRemoved]]) -> set[tuple[int, int]]:
    return {(run_key(fact.run, event.namespace), pfn_key(fact.site, fact.pfn)) for event, fact in events}


def _end_replicas(batch: FactBatch, connection: Connection) -> None:
    """Bring removals that named no LFN to the replicas at their place, whichever was seen first."""
    touched = _places(batch.of(FileRegistered)) | _places(batch.of(FileRemoved))
    if not touched:
        return
    places = key_rows(connection, {"run_key": int, "pfn_key": int}, sorted(touched), "places")
    ended = select(REMOVALS).join(
        places, and_(REMOVALS.c.run_key == places.c.run_key, REMOVALS.c.pfn_key == places.c.pfn_key)
    )
    removal = ended.subquery("removal")
    connection.execute(
        update(REPLICAS)
        .values(removed_at=removal.c.removed_at, removed_tie=removal.c.removed_tie)
        .where(
            REPLICAS.c.run_key == removal.c.run_key,
            REPLICAS.c.pfn_key == removal.c.pfn_key,
            tuple_(removal.c.removed_at, removal.c.removed_tie)
            > tuple_(REPLICAS.c.removed_at, REPLICAS.c.removed_tie),
        )
    )
