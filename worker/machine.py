"""The machine a job ran on, as far as it tells without a program being started."""

import _socket  # what `socket` wraps: this much of it is there without 3 ms of imports
import grp
import os
import pwd
from typing import Dict, NamedTuple


class Machine(NamedTuple):
    """One host: `ram` in bytes, `cpu_speed` in MHz, 0 or empty where the system does not say."""

    user: str
    hostname: str
    ip: str
    system: str
    release: str
    machine: str
    cpu_count: int
    cpu_speed: int
    cpu_vendor: str
    cpu_model: str
    ram: int
    umask: int


def observe() -> Machine:
    """Look at this machine."""
    system = os.uname()
    cpu = _processor()
    return Machine(
        user=user_name(os.getuid()),
        hostname=system.nodename,
        ip=_address(),
        system=system.sysname.lower(),
        release=system.release,
        machine=system.machine,
        cpu_count=os.cpu_count() or 1,
        cpu_speed=_whole(cpu.get("cpu MHz", "")),
        cpu_vendor=cpu.get("vendor_id", ""),
        cpu_model=cpu.get("model name", ""),
        ram=os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        umask=_umask(),
    )


def user_name(number: int) -> str:
    """Give the name of a user, or the number where nobody knows a name (containers)."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def group_name(number: int) -> str:
    """Give the name of a group, or the number where nobody knows a name."""
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def interface() -> str:
    """Give the network interface of the default route."""
    rows = (line.split() for line in _beginning("/proc/net/route").splitlines())
    return next((row[0] for row in rows if len(row) > 1 and row[1] == "00000000"), "lo")


def memory() -> Dict[str, int]:
    """Give the lines of /proc/meminfo, in KiB."""
    pairs = (line.split(":") for line in _beginning("/proc/meminfo").splitlines() if line.count(":") == 1)
    return {name: _whole(rest.replace("kB", "")) for name, rest in pairs}


def load() -> str:
    """Give /proc/loadavg: three averages, running/all tasks, last process number."""
    return _beginning("/proc/loadavg")


def _processor() -> Dict[str, str]:
    first, _, _ = _beginning("/proc/cpuinfo").partition("\n\n")
    pairs = (line.partition(":") for line in first.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _beginning(path: str) -> str:
    # One read: the kernel makes these files as far as they are read, and cpuinfo is long on a big machine.
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return ""
    try:
        return os.read(descriptor, 4096).decode("ascii", "replace")
    finally:
        os.close(descriptor)


def _whole(text: str) -> int:
    try:
        return int(float(text))
    except ValueError:
        return 0


def _umask() -> int:
    umask = os.umask(0o077)
    os.umask(umask)
    return umask


def _address() -> str:
    """Give the address this machine uses towards others; nothing is sent to find out."""
    probe = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM)
    try:
        probe.connect(("192.0.2.1", 9))  # a documentation address (RFC 5737): only its route is looked up
        return str(probe.getsockname()[0])
    except OSError:
        return "127.0.0.1"
    finally:
        probe.close()
