"""Profiles joined by precedence: transformation over site over job over workflow over properties."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from planner.catalogs import NO_PROFILES, Profiles
from planner.settings import whole_number

_PROPERTY_NAMESPACES = ("env", "condor", "globus", "dagman", "selector", "hints")
_PEGASUS_KEYS = (
    "cores", "gpus", "memory", "diskspace", "nodes", "ppn", "queue", "project", "maxwalltime", "runtime",
    "nosymlink", "enable_for_data_reuse",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Resources:
    """What a compute job asks of an engine; ``memory`` MiB, ``timeout`` seconds."""

    cores: int = 1
    memory: int | None = None
    timeout: float | None = None
    retries: int | None = None
    priority: int | None = None
    category: str = ""


def profiles_of_properties(properties: Mapping[str, str]) -> Profiles:
    """The profiles that properties set for every job: ``env.X``, ``condor.x``, ``pegasus.cores``, …"""
    found: dict[str, dict[str, str]] = {}
    for key, value in properties.items():
        namespace, _, name = key.partition(".")
        if not name:
            continue
        if namespace in _PROPERTY_NAMESPACES or (namespace == "pegasus" and name in _PEGASUS_KEYS):
            found.setdefault(namespace, {})[name] = value
    return found


def merge_profiles(weakest_first: Iterable[Profiles]) -> Profiles:
    """Join profiles key by key; a later source beats an earlier one. DAGMan's keys are upper case."""
    present = [profiles for profiles in weakest_first if profiles]
    if not present:
        return NO_PROFILES
    merged: dict[str, dict[str, str]] = {}
    for profiles in present:
        for namespace, values in profiles.items():
            name = namespace.lower()
            upper = name == "dagman"
            target = merged.setdefault(name, {})
            target.update((key.upper() if upper else key, value) for key, value in values.items())
    return merged


def profile(profiles: Profiles, namespace: str, key: str) -> str | None:
    """One profile's value, None where nobody sets it."""
    values = profiles.get(namespace)
    return values.get(key) if values else None


def resources_of(profiles: Profiles, *, where: str) -> Resources:
    """The resources that profiles ask for; raises InputError naming ``where`` for values that are no numbers.

    ``pegasus.maxwalltime`` is in minutes, as Pegasus has it.
    """
    if not profiles:
        return NO_RESOURCES
    wall_time = _number(profiles, "pegasus", "maxwalltime", where, least=1)
    return Resources(
        cores=_number(profiles, "pegasus", "cores", where, least=1) or 1,
        memory=_number(profiles, "pegasus", "memory", where),
        timeout=wall_time * 60.0 if wall_time else None,
        retries=_number(profiles, "dagman", "RETRY", where),
        priority=_number(profiles, "dagman", "PRIORITY", where, least=-(10**9)),
        category=profile(profiles, "dagman", "CATEGORY") or "",
    )


NO_RESOURCES = Resources()


def _number(profiles: Profiles, namespace: str, key: str, where: str, least: int = 0) -> int | None:
    text = profile(profiles, namespace, key)
    if text is None:
        return None
    return whole_number(text, where=f"{where}: profile {namespace}.{key.lower()}", least=least)
