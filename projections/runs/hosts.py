"""Hosts: the machines that jobs ran on."""

from functools import lru_cache

import msgspec
from sqlalchemy import Connection, Table

from eventlog.facts import Host
from projections.bulk import Part, Rows
from projections.columns import key, number, real, text
from projections.keys import text_key
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


class HostRows:
    """Gathers the machines that one batch speaks of."""

    def __init__(self) -> None:
        self._rows = Rows(_HOST)

    def put(self, host: Host | None) -> int | None:
        """The key of this machine, whose row is written with the others."""
        if host is None:
            return None
        key = _host_key(host)
        columns = (
            *(host.hostname, host.ip, host.system, host.release, host.machine, host.cpu_count),
            *(host.cpu_speed, host.cpu_vendor, host.cpu_model, host.ram),
        )
        self._rows.put((key,), (), (), columns)
        return key

    def write(self, connection: Connection) -> None:
        """Insert the machines that are new."""
        self._rows.write(connection)


@lru_cache(maxsize=4096)
def _host_key(host: Host) -> int:
    return text_key(msgspec.json.encode(host).decode())
