"""What a job's post script noted of its files in ``<job>.meta``: JSON, as kickstart's record told them."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import cast

from monitor.pegasus.submit_directory.bounded_read import READ_AT_ONCE, check_is_file, is_small

Attributes = Mapping[str, str]

_RIGHT = 'must be a list of {"_id": LFN, "_type": "file", "_attributes": {name: text}}'
_ORDER = ("user", "size", "ctime", "checksum.type", "checksum.value", "checksum.timing")


def read_job_metadata(path: Path, report: Callable[[str], None]) -> dict[str, Attributes]:
    """The attributes of each file, by LFN, in the order in which a record has them; nothing where there is no
    such file.

    What cannot be read is reported in a line, as is a file of 4 MiB or more, which is not read at all: half
    of it would be no JSON.
    """
    try:
        data = _whole(path)
    except FileNotFoundError:
        return {}
    except OSError as error:
        report(f"{path}: {error.strerror or error}: what it says of the job's files is not known")
        return {}
    if data is None:
        report(f"{path}: {READ_AT_ONCE >> 20} MiB or more: what it says of the job's files is not known")
        return {}
    return _described(path, data, report)


def _whole(path: Path) -> bytes | None:
    check_is_file(path)
    with path.open("rb") as file:
        return file.read() if is_small(file.fileno()) else None


def _described(path: Path, data: bytes, report: Callable[[str], None]) -> dict[str, Attributes]:
    try:
        # A number keeps its digits.
        said: object = json.loads(data.decode("utf-8", "replace"), parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        report(f"{path}: no JSON: {_RIGHT}")
        return {}
    if not isinstance(said, list):
        report(f"{path}: no list: {_RIGHT}")
        return {}
    entries = cast(list[object], said)
    files = list(_files(entries))
    if len(files) < len(entries):
        report(f"{path}: {len(entries) - len(files)} of {len(entries)} entries left out: {_RIGHT}")
    return dict(files)


def _files(entries: list[object]) -> Iterator[tuple[str, Attributes]]:
    for entry in entries:
        if not isinstance(entry, dict):
            continue
        said = cast(dict[str, object], entry)
        lfn, attributes = said.get("_id"), said.get("_attributes")
        if not (
            isinstance(lfn, str) and lfn and said.get("_type") == "file" and isinstance(attributes, dict)
        ):
            continue
        texts = {name: text for name, text in attributes.items() if isinstance(text, str)}
        if len(texts) == len(attributes):
            yield _encodable(lfn), {_encodable(name): _encodable(texts[name]) for name in _ordered(texts)}


def _ordered(names: Mapping[str, str]) -> Iterator[str]:
    yield from (name for name in _ORDER if name in names)
    yield from (name for name in names if name not in _ORDER)


def _encodable(text: str) -> str:
    """The text without half characters, which JSON's escapes can spell and nothing can store."""
    return text.encode("utf-8", "replace").decode()
