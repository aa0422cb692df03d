"""Profiles, metadata and hooks: the parts that workflows and catalogs have in common."""

from collections.abc import Iterable, Sequence

from planner.catalogs import NO_PROFILES, Profiles, ShellHook, Transformation
from planner.formats.fields import Fields, Shape

# The first five are Pegasus' own names; "hints" became "selector" in version 5.
PROFILE_NAMESPACES = {
    "env": "env",
    "condor": "condor",
    "globus": "globus",
    "dagman": "dagman",
    "pegasus": "pegasus",
    "selector": "selector",
    "hints": "selector",
}
HOOK_EVENTS = {event: event for event in ("never", "start", "error", "success", "end", "all")}
_PROFILES = Shape("profiles", keys=frozenset(PROFILE_NAMESPACES))
_HOOKS = Shape("hooks", keys=frozenset({"shell"}))
_SHELL_HOOK = Shape("shell hook", keys=frozenset({"_on", "cmd"}), required=("_on", "cmd"))


def read_profiles(owner: Fields) -> Profiles:
    """Return the ``profiles`` of a job, site, executable or workflow."""
    section = owner.child("profiles", _PROFILES)
    if section is None:
        return NO_PROFILES
    pairs = (
        (namespace, key, value)
        for written, namespace in PROFILE_NAMESPACES.items()
        for key, value in section.pairs(written).items()
    )
    return gather_profiles(pairs)


def gather_profiles(triples: Iterable[tuple[str, str, str]]) -> Profiles:
    """Return profiles made of (namespace, key, value), later values winning."""
    gathered: dict[str, dict[str, str]] = {}
    for namespace, key, value in triples:
        gathered.setdefault(namespace, {})[key] = value
    return gathered or NO_PROFILES


def merge_profiles(several: Iterable[Profiles]) -> Profiles:
    """Return all the profiles together, later ones winning."""
    merged: dict[str, dict[str, str]] = {}
    for profiles in several:
        for namespace, pairs in profiles.items():
            merged.setdefault(namespace, {}).update(pairs)
    return merged or NO_PROFILES


def read_hooks(owner: Fields) -> Sequence[ShellHook]:
    """Return the shell hooks of a workflow, job or transformation."""
    section = owner.child("hooks", _HOOKS)
    if section is None:
        return ()
    return tuple(
        ShellHook(hook.choice("_on", HOOK_EVENTS, "never"), hook.text("cmd"))
        for hook in section.children("shell", _SHELL_HOOK)
    )


def parse_transformation(text: str) -> Transformation:
    """Return the transformation named by ``namespace::name:version``, absent parts empty."""
    namespace, separator, rest = text.partition("::")
    if not separator:
        namespace, rest = "", text
    name, _, version = rest.partition(":")
    return Transformation(name, namespace, version)
