"""A kickstart record, or the sections after it, in YAML that is not of kickstart's own style."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import cast

import yaml

from eventlog.errors import InputError
from monitor.pegasus.submit_directory.kickstart import MOST_OUTPUT, KickstartRecord
from monitor.pegasus.submit_directory.yaml_nesting import check_nesting

Tree = Mapping[str, object]
_MOST_LEAVES = 10_000
"""A record has a few hundred; aliases could make any number of a few lines."""


class _TextLoader(yaml.CSafeLoader):
    """Every scalar is the text that was written: a record's numbers keep their digits."""


def _text(_: yaml.CSafeLoader, node: yaml.ScalarNode) -> str:
    return str(node.value)


for _kind in ("null", "bool", "int", "float", "binary", "timestamp", "str", "value"):
    _TextLoader.add_constructor(f"tag:yaml.org,2002:{_kind}", _text)


def load_text(text: str) -> object:
    """The YAML with text at its leaves. Raises ``InputError`` with the line of ``text`` that is none."""
    check_nesting(text)
    try:
        return _TextLoader(text).get_single_data()
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark is not None else ""
        problem = getattr(error, "problem", None) or str(error).partition("\n")[0]
        raise InputError(f"{where}no YAML: {problem}") from None


def record_from_yaml(text: str) -> KickstartRecord:
    """One record from the text that begins at ``- invocation:``. Raises ``InputError``."""
    loaded = load_text(text)
    first = loaded[0] if isinstance(loaded, list) and loaded else loaded
    if not isinstance(first, Mapping):
        raise InputError("no kickstart record: must be a list of mappings")
    record = KickstartRecord()
    for name, value in cast(Tree, first).items():
        if name == "files" and isinstance(value, Mapping):
            _take_files(record, cast(Tree, value))
        else:
            record.values.update(islice(_leaves(name, value), _MOST_LEAVES))
    mainjob = first.get("mainjob")
    arguments = mainjob.get("argument_vector") if isinstance(mainjob, Mapping) else None
    if isinstance(arguments, list):
        record.arguments = [str(argument) for argument in arguments]
    return record


def _take_files(record: KickstartRecord, files: Tree) -> None:
    for lfn, values in files.items():
        record.cut_in = None
        if not isinstance(values, Mapping):
            continue
        if lfn == "stdout":
            record.stdout = _data(values)
        elif lfn == "stderr":
            record.stderr = _data(values)
        elif lfn not in ("stdin", "metadata"):
            record.files[str(lfn)] = dict(islice(_leaves("", values), _MOST_LEAVES))
            record.cut_in = str(lfn)


def _data(values: Mapping[str, object]) -> str | None:
    data = values.get("data")
    return data[:MOST_OUTPUT] if isinstance(data, str) else None


def _leaves(prefix: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(f"{prefix}.{name}" if prefix else str(name), inner)
    elif isinstance(value, str):
        yield prefix, value
