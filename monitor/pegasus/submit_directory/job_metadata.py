"""What a job's post script noted of its files in ``<job>.meta``: JSON, as kickstart's record told them."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import cast

from eventlog.errors import InputError
from monitor.pegasus.submit_directory.json_file import encodable, read_json

Attributes = Mapping[str, str]

_RIGHT = 'must be a list of {"_id": LFN, "_type": "file", "_attributes": {name: text}}'
_ORDER = ("user", "size", "ctime", "checksum.type", "checksum.value", "checksum.timing")


def read_job_metadata(path: Path, report: Callable[[str], None]) -> dict[str, Attributes] | None:
    """The attributes of each file, by LFN, in the order in which a record has them.

    None where there is no such file, or none that can be read, which is reported in a line.
    """
    try:
        said = read_json(path, _RIGHT)
    except FileNotFoundError:
        return None
    except InputError as error:
        report(str(error))
        return None
    if not isinstance(said, list):
        report(f"{path}: no list: {_RIGHT}")
        return None
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
            yield encodable(lfn), {encodable(name): encodable(texts[name]) for name in _ordered(texts)}


def _ordered(names: Mapping[str, str]) -> Iterator[str]:
    yield from (name for name in _ORDER if name in names)
    yield from (name for name in names if name not in _ORDER)
