"""The sections that Pegasus' tools write after a record: checks of files, transfers, location."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from monitor.pegasus.submit_directory.kickstart import Unusual
from monitor.pegasus.submit_directory.kickstart_block import pair, scalar
from monitor.pegasus.submit_directory.kickstart_yaml import load_text


@dataclass(slots=True)
class Section:
    """One section: the entries of a list, or the one mapping that it is."""

    name: str
    entries: list[dict[str, str]] = field(default_factory=list)


def read_sections(text: str) -> Sequence[Section]:
    """The sections of the text after a multipart marker. Raises ``InputError`` for what is no YAML."""
    try:
        return _from_blocks(text)
    except Unusual:
        return _from_yaml(load_text(text))


def _from_blocks(text: str) -> list[Section]:
    sections: list[Section] = []
    for line in text.split("\n"):
        if not line.strip():
            continue
        body = line.lstrip(" ")
        indent = len(line) - len(body)
        if indent == 0:
            name, value = pair(body.removeprefix("- "))
            if value:
                raise Unusual
            sections.append(Section(name))
        elif not sections:
            raise Unusual
        else:
            _take(sections[-1].entries, body)
    return sections


def _take(entries: list[dict[str, str]], body: str) -> None:
    begins = body.startswith("- ")
    name, value = pair(body.removeprefix("- "))
    if begins or not entries:
        entries.append({})
    entries[-1][name] = scalar(value)


def _from_yaml(tree: object) -> list[Section]:
    listed = tree if isinstance(tree, list) else [tree]
    named = [item for item in listed if isinstance(item, Mapping)]
    return [Section(str(name), _entries(value)) for item in named for name, value in item.items()]


def _entries(value: object) -> list[dict[str, str]]:
    listed = value if isinstance(value, list) else [value]
    return [
        {str(name): inner for name, inner in item.items() if isinstance(inner, str)}
        for item in listed
        if isinstance(item, Mapping)
    ]
