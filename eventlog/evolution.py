"""The gate that every change of a schema goes through: what was released once is read and written for ever.

``schemas/`` has a folder for each released version, and ``unreleased`` for the next one. Each event type must
be FULL_TRANSITIVE compatible: every version reads what every other wrote. A breaking change is a new event
type. ``python -m eventlog.evolution check`` tells what breaks that, ``release VERSION`` freezes what is in
``unreleased``.
"""

import json
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from eventlog.compatibility import Schema, breaches
from eventlog.errors import HoofprintError, InputError

SCHEMAS = Path(__file__).parent / "schemas"
_UNRELEASED = "unreleased"
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)", re.ASCII)
_USAGE = "usage: python -m eventlog.evolution check | release VERSION"


def released_versions(folder: Path = SCHEMAS) -> list[str]:
    """The released versions, oldest first.

    Raises InputError for a folder whose name is no version: it would escape the gate.
    """
    names = [path.name for path in folder.iterdir() if path.is_dir() and path.name != _UNRELEASED]
    return sorted(names, key=_numbers)


def breaking_changes(folder: Path = SCHEMAS) -> list[str]:
    """What in the unreleased schemas is not fully compatible with a released version, a line each."""
    unreleased = _read(folder / _UNRELEASED)
    problems = [f"{_UNRELEASED}/{kind}.avsc: {why}" for kind, why in _misnamed(unreleased)]
    for version in released_versions(folder):
        for kind, older in sorted(_read(folder / version).items()):
            if kind not in unreleased:
                problems.append(
                    f"{kind}: released with {version}, and gone: its events must be read for ever"
                )
                continue
            problems += [f"{kind}: against {version}, {why}" for why in breaches(older, unreleased[kind])]
    return problems


def release(version: str, folder: Path = SCHEMAS) -> Path:
    """Freeze the unreleased schemas as those of a version; returns its folder.

    Raises InputError for a version that is none, was released, or is not behind the last; and where a schema
    is incompatible with one that was released.
    """
    number, versions = _numbers(version), released_versions(folder)
    if versions and number <= _numbers(versions[-1]):
        raise InputError(f"version {version} does not come after {versions[-1]}, which was released last")
    problems = breaking_changes(folder)
    if problems:
        raise InputError("\n".join([f"version {version} cannot be released:", *problems]))
    # Copied aside first: a folder with a version's name is complete.
    aside = folder / _UNRELEASED / f".{version}"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    for path in sorted((folder / _UNRELEASED).glob("*.avsc")):
        shutil.copyfile(path, aside / path.name)
    return aside.rename(folder / version)


def _read(folder: Path) -> dict[str, Schema]:
    schemas: dict[str, Schema] = {}
    for path in folder.glob("*.avsc"):
        try:
            schemas[path.stem] = cast(Schema, json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, OSError) as error:
            raise InputError(f"{path}: no Avro schema in JSON: {error}") from error
    if not schemas:
        raise InputError(f"{folder}: holds no schema (*.avsc)")
    return schemas


def _misnamed(schemas: dict[str, Schema]) -> list[tuple[str, str]]:
    """Schemas that are no record of their file's name, with what they are."""
    return [
        (kind, f"must be the record {kind}")
        for kind, schema in sorted(schemas.items())
        if not isinstance(schema, dict) or (schema.get("type"), schema.get("name")) != ("record", kind)
    ]


def _numbers(version: str) -> tuple[int, ...]:
    match = _VERSION.fullmatch(version)
    if match is None:
        raise InputError(f"{version!r} is no version: it reads MAJOR.MINOR.PATCH, like 1.0.0")
    return tuple(map(int, match.groups()))


def main(arguments: Sequence[str], folder: Path = SCHEMAS) -> int:
    """The command; returns its exit code."""
    try:
        match list(arguments):
            case ["check"]:
                return _tell(breaking_changes(folder), folder)
            case ["release", version]:
                sys.stdout.write(f"released: {release(version, folder)}\n")
                return 0
            case _:
                raise InputError(_USAGE)
    except HoofprintError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code


def _tell(problems: list[str], folder: Path) -> int:
    if problems:
        sys.stderr.write("\n".join([*problems, "a breaking change is a new event type"]) + "\n")
        return 1
    versions = ", ".join(released_versions(folder)) or "none yet"
    sys.stdout.write(f"fully compatible with every released version ({versions})\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
