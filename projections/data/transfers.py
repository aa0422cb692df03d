"""Transfers: every file that was moved, from where to where, how fast and how often it was tried."""

from sqlalchemy import Index, Table

from projections.columns import counted, flag, key, named, number, text, version
from projections.data.metadata import metadata

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
    Index("transfers_by_file", "run_key", "lfn_key", "time"),
)
