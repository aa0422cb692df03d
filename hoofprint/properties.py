"""Properties: how the planner is configured, as `key = value` lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Self

from hoofprint.errors import NotFoundError, WorkflowError, WrongTypeError
from hoofprint.names import check_text
from hoofprint.profiles import Namespace, ProfileValue
from hoofprint.written import Written


class Properties(Written):
    """Settings of the planner by key, such as `pegasus.data.configuration`."""

    _DEFAULT_FILENAME: ClassVar[str] = "pegasus.properties"

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def __setitem__(self, key: str, value: ProfileValue) -> None:
        self._values[_check_key(key)] = _check_value(key, value)

    def __getitem__(self, key: str) -> str:
        if key not in self._values:
            raise NotFoundError(f"property {key!r} is not set")
        return self._values[key]

    def __delitem__(self, key: str) -> None:
        self._values.pop(key, None)

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def add_site_profile(self, site: str, namespace: Namespace | str, key: str, value: ProfileValue) -> Self:
        """Set a profile of a site over what the site catalog says."""
        space = namespace.value if isinstance(namespace, Namespace) else namespace
        for part, name in ((site, "site"), (space, "namespace"), (key, "key")):
            check_text(part, f"{name} of a site profile")
        self[f"pegasus.catalog.site.sites.{site}.profiles.{space}.{key}"] = value
        return self

    @classmethod
    def load(cls, file: str | Path) -> Self:
        """Read properties from a file of `key = value` or `key: value` lines; `#` and `!` start comments."""
        properties = cls()
        for number, line in enumerate(Path(file).read_text(encoding="utf-8").splitlines(), start=1):
            text = line.strip()
            if not text or text[0] in "#!":
                continue
            key, value = _parted(text)
            if key is None:
                raise WorkflowError(f"{file}, line {number}: 'key = value' is wanted, not {text!r}")
            properties[key] = value
        return properties

    def _lines(self) -> Iterator[str]:
        for key, value in self._values.items():
            yield f"{key} = {value}\n"


def _parted(text: str) -> tuple[str | None, str]:
    at = min((position for sign in "=:" if (position := text.find(sign)) > 0), default=-1)
    return (None, "") if at < 0 else (text[:at].strip(), text[at + 1 :].strip())


def _check_key(key: object) -> str:
    text = check_text(key, "property's key")
    if any(sign in text for sign in "=: ") or text[0] in "#!":
        raise WorkflowError(f"property's key {text!r}: one word is wanted, without '=' and ':'")
    return text


def _check_value(key: str, value: object) -> str:
    if not isinstance(value, str | int | float | Path):
        raise WrongTypeError(f"property {key!r}", value, "a string, a number, a boolean or a Path")
    text = str(value)
    if "\n" in text or "\r" in text:
        raise WorkflowError(f"property {key!r}: a value is one line of text")
    return text
