"""Hosts: the machines that jobs ran on."""

from functools import lru_cache

import msgspec
from sqlalchemy import Connection, Table

from eventlog.facts import Host, InvocationRecorded, JobFinished
from projections.batch import FactBatch
from projections.bulk import Part
from projections.columns import key, number, real, text
from projections.keys import text_key
from projections.rows import Rows
from projections.runs.metadata import metadata

HOSTS = Table(
    "hosts",
    metadata,
    key("host_key"),
    text("hostname", required=True),
    text("ip"),
    text("system"),
    text("release"),
    text("machine"),
    number("cpu_count"),
    real("cpu_speed"),
    text("cpu_vendor"),
    text("cpu_model"),
    number("ram"),
)
"""The machines that jobs ran on, told apart by everything known about them."""

_HOST = Part(
    HOSTS,
    order=(),
    constant=(
        *("hostname", "ip", "system", "release", "machine", "cpu_count", "cpu_speed", "cpu_vendor"),
        *("cpu_model", "ram"),
    ),
    values=(),
)


def apply(batch: FactBatch, connection: Connection) -> None:
    """Insert the machines that are new.

    In one statement a batch: they are the only rows that several partitions share, and two projectors that
    insert them in one order do not wait for each other in a circle.
    """
    rows = Rows(_HOST)
    seen = {fact.host for _, fact in batch.of(InvocationRecorded)}
    for host in seen.union(fact.host for _, fact in batch.of(JobFinished)):
        if host is not None:
            columns = (
                *(host.hostname, host.ip, host.system, host.release, host.machine, host.cpu_count),
                *(host.cpu_speed, host.cpu_vendor, host.cpu_model, host.ram),
            )
            rows.put((_host_key(host),), (), (), columns)
    rows.write(connection)


def host_key(host: Host | None) -> int | None:
    """The key of a machine in ``HOSTS``."""
    return None if host is None else _host_key(host)


@lru_cache(maxsize=4096)
def _host_key(host: Host) -> int:
    return text_key(msgspec.json.encode(host).decode())
