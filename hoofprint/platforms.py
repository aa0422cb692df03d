"""What a site's machines are."""

from __future__ import annotations

from enum import Enum

from hoofprint.errors import WrongTypeError
from hoofprint.names import check_text, check_version


class Arch(Enum):
    """A processor architecture."""

    X86 = "x86"
    X86_64 = "x86_64"
    PPC = "ppc"
    PPC_64 = "ppc_64"
    PPC64LE = "ppc64le"
    IA64 = "ia64"
    SPARCV7 = "sparcv7"
    SPARCV9 = "sparcv9"
    AMD64 = "amd64"
    AARCH64 = "aarch64"


class OS(Enum):
    """An operating system."""

    LINUX = "linux"
    SUNOS = "sunos"
    AIX = "aix"
    MACOSX = "macosx"
    WINDOWS = "windows"


def platform_node(
    place: str, arch: Arch | None, os_type: OS | None, os_release: str | None, os_version: str | None
) -> dict[str, str]:
    """Return what is known of a platform as the catalogs have it; `place` names it in messages."""
    node: dict[str, str] = {}
    if arch is not None:
        if not isinstance(arch, Arch):
            raise WrongTypeError(f"arch of {place}", arch, "an Arch such as Arch.X86_64")
        node["arch"] = arch.value
    if os_type is not None:
        if not isinstance(os_type, OS):
            raise WrongTypeError(f"os_type of {place}", os_type, "an OS such as OS.LINUX")
        node["os.type"] = os_type.value
    if os_release is not None:
        node["os.release"] = check_text(os_release, f"os_release of {place}")
    if os_version is not None:
        node["os.version"] = check_version(os_version, f"operating system of {place}")
    return node
