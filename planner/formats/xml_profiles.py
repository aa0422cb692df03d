"""Profiles, metadata and hooks as elements of XML workflows and catalogs."""

from collections.abc import Iterator, Sequence

from planner.catalogs import Profiles, ShellHook
from planner.formats.problems import Problems
from planner.formats.profiles import PROFILE_NAMESPACES, gather_profiles
from planner.formats.xml_document import Element, ElementShape

PROFILE = ElementShape(
    frozenset({"namespace", "key", "origin"}), required=("namespace", "key"), children=frozenset({"filename"})
)
METADATA = ElementShape(frozenset({"key", "type", "namespace"}), required=("key",))
INVOKE = ElementShape(frozenset({"when"}), required=("when",))
_EVENTS = {
    "never": "never",
    "start": "start",
    "on_error": "error",
    "on_success": "success",
    "at_end": "end",
    "all": "all",
}


def read_profiles(owner: Element, problems: Problems, label: str) -> Profiles:
    """Return the profiles inside the element; an unknown namespace is a problem."""
    return gather_profiles(_profiles(owner, problems, label))


def _profiles(owner: Element, problems: Problems, label: str) -> Iterator[tuple[str, str, str]]:
    for profile in owner.all("profile"):
        written = profile.get("namespace").lower()
        namespace = PROFILE_NAMESPACES.get(written)
        if namespace:
            yield namespace, profile.get("key"), _value(profile)
        elif written != "stat" and "namespace" in profile.attributes:
            hint = problems.hint(written, PROFILE_NAMESPACES)
            problems.add(profile.line, f'{label}unknown profile namespace "{written}"{hint}')


def _value(profile: Element) -> str:
    file = profile.first("filename")
    return profile.text() or (file.get("file") if file else "")


def read_metadata(owner: Element) -> dict[str, str]:
    """Return the metadata inside the element."""
    return {entry.get("key"): entry.text() for entry in owner.all("metadata")}


def read_hooks(owner: Element) -> Sequence[ShellHook]:
    """Return the hooks inside the element."""
    return tuple(read_hook(invoke) for invoke in owner.all("invoke"))


def read_hook(invoke: Element) -> ShellHook:
    """Return the hook that an ``<invoke>`` is; at an event that nobody knows, it never runs."""
    return ShellHook(_EVENTS.get(invoke.get("when"), "never"), invoke.text())
