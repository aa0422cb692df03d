"""Transfers: every file that was moved, from where to where, how fast and how often it was tried."""

from sqlalchemy import Connection, Table

from eventlog.facts import TransferFinished
from projections.batch import FactBatch
from projections.bulk import Part
from projections.columns import counted, flag, key, named, number, text, version
from projections.data.metadata import metadata
from projections.keys import run_key, text_key
from projections.rows import Rows

TRANSFERS = Table(
    "transfers",
    metadata,
    key("run_key"),
    named("job"),
    counted("attempt"),
    counted("ordinal"),
    version(),
    number("time"),
    key("lfn_key", primary=False),
    text("source"),
    text("destination"),
    text("source_site"),
    text("destination_site"),
    text("protocol"),
    number("size"),
    number("duration"),
    number("tries"),
    flag("ok"),
    flag("linked"),
    text("message"),
)

_TRANSFER = Part(
    TRANSFERS,
    order=("version",),
    values=(
        *("time", "lfn_key", "source", "destination", "source_site", "destination_site", "protocol", "size"),
        *("duration", "tries", "ok", "linked", "message"),
    ),
    fresh=True,
)


def apply(batch: FactBatch, connection: Connection) -> None:
    """Fold one row per transferred file."""
    rows = Rows(_TRANSFER)
    for event, fact in batch.of(TransferFinished):
        key = (run_key(fact.run, event.namespace), fact.job, fact.attempt, fact.ordinal)
        values = (
            *(event.time, text_key(fact.lfn), fact.source, fact.destination, fact.source_site),
            *(fact.destination_site, fact.protocol, fact.size, fact.duration, fact.tries, fact.ok),
            *(fact.linked, fact.message),
        )
        rows.put(key, (fact.revision,), values)
    rows.write(connection)
