"""The machine of an attempt, from the words that several records have for it."""

from collections.abc import Mapping
from functools import lru_cache

from eventlog.facts import Host
from monitor.pegasus.translation.values import fraction, told, whole

_KIBIBYTE = 1024
_UNKNOWN = "unknown"
"""How the monitor names a machine that a record does not name, and so do Pegasus' statistics."""
_FIELDS = (
    *("hostname", "ip", "uname", "system", "release", "machine", "cpu_count", "cpu_speed", "cpu_vendor"),
    *("cpu_model", "ram", "total_memory"),
)


def host_of(fields: Mapping[str, str]) -> Host:
    """The machine; that of a compute node may have no name.

    ``uname`` reads system-release-machine; ``ram`` is KiB, ``total_memory`` bytes.
    """
    return _host(tuple(map(fields.get, _FIELDS)))


@lru_cache(maxsize=1024)
def _host(values: tuple[str | None, ...]) -> Host:
    said = {name: told(value) for name, value in zip(_FIELDS, values, strict=True)}
    system, _, rest = said["uname"].partition("-")
    release, _, machine = rest.rpartition("-")
    ram = whole(said["ram"])
    return Host(
        hostname=_UNKNOWN if values[0] == _UNKNOWN else said["hostname"],
        ip=said["ip"],
        system=said["system"] or system,
        release=said["release"] or release,
        machine=said["machine"] or machine,
        cpu_count=whole(said["cpu_count"]),
        cpu_speed=fraction(said["cpu_speed"]),
        cpu_vendor=said["cpu_vendor"],
        cpu_model=said["cpu_model"],
        ram=whole(said["total_memory"]) if ram is None else ram * _KIBIBYTE,
    )
