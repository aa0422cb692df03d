"""Names that callers ask for: of runs, workflows, jobs, files and namespaces."""

from collections.abc import Iterable

from eventlog.errors import InputError

MAX_NAME = 10_000


def asked_name(name: str) -> str:
    """The name. Raises InputError for one that no table holds, and that a database would stumble over."""
    require_names((name,))
    return name


def require_names(names: Iterable[str]) -> None:
    """Raise InputError unless tables can hold all of these names."""
    for name in names:
        if "\0" in name:
            raise InputError(f"the name {name[:60]!r} holds a NUL, which no name does: leave it out")
        if len(name) > MAX_NAME:
            raise InputError(f"a name of {len(name)} characters was asked for; names have at most {MAX_NAME}")
