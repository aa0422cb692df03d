"""Replica catalogs as text: one replica a line, ``LFN PFN site="X" key="value" …``.

A word with blanks, ``=``, quotes or backslashes stands in double quotes, where a backslash takes the next
character as it is. ``pool`` is an old word for ``site``; ``regex="true"`` makes the LFN a pattern.
"""

import re
from collections.abc import Callable, Mapping

from planner.catalogs import Replica, ReplicaCatalog, ReplicaEntry
from planner.formats.problems import Problems
from planner.formats.replica_entries import ReplicaEntries, check_pattern
from planner.formats.sizes import parse_size
from planner.formats.source import Source
from planner.formats.text_tokens import unescape
from planner.formats.variables import expand_text
from planner.lfn import InvalidLfnError, check_lfn

_WORD = r'"(?:[^"\\]|\\.)*"|[^\s="\\]+'
_name = re.compile(rf"\s*({_WORD})(?=\s|\Z)")
_attribute = re.compile(rf"\s*([^\s=\"\\]+)=({_WORD})(?=\s|\Z)")
_Expand = Callable[[str], str]


def read_text_replicas(source: Source, environment: Mapping[str, str]) -> ReplicaCatalog:
    """Return the catalog; ``${NAME}`` comes from ``environment``. Raises InputError with all problems."""
    problems = Problems(source.name)
    entries = ReplicaEntries()
    for number, line in enumerate(source.text().split("\n"), start=1):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            entry = _entry(stripped, number, environment, problems)
            if entry:
                entries.add(entry)
    problems.raise_any()
    return entries.catalog(source.name)


def _entry(line: str, number: int, environment: Mapping[str, str], problems: Problems) -> ReplicaEntry | None:
    def expand(word: str) -> str:
        text = unescape(word[1:-1]) if word.startswith('"') else word
        return expand_text(text, environment, lambda reason: problems.add(number, reason))

    lfn = _name.match(line)
    pfn = _name.match(line, lfn.end()) if lfn else None
    if lfn is None or pfn is None:
        problems.add(number, _explain("a line of LFN and PFN", line, lfn.end() if lfn else 0))
        return None
    attributes = _attributes(line, pfn.end(), number, expand, problems)
    if attributes is None:
        return None
    return _replica_entry(expand(lfn[1]), expand(pfn[1]), attributes, number, problems)


def _attributes(
    line: str, position: int, number: int, expand: _Expand, problems: Problems
) -> dict[str, str] | None:
    attributes: dict[str, str] = {}
    while position < len(line):
        match = _attribute.match(line, position)
        if match is None:
            problems.add(number, _explain('key="value"', line, position))
            return None
        attributes[match[1]] = expand(match[2])
        position = match.end()
    return attributes


def _explain(wanted: str, line: str, position: int) -> str:
    rest = line[position:].strip()
    if not rest:
        return f"{wanted} is wanted; the line ends too early"
    if rest.count('"') % 2:
        return f"{wanted} is wanted, not {rest[:60]!r}; a quote is not closed"
    return f"{wanted} is wanted, not {rest[:60]!r}; put words with =, blanks, quotes or backslashes in quotes"


def _replica_entry(
    lfn: str, pfn: str, attributes: dict[str, str], number: int, problems: Problems
) -> ReplicaEntry | None:
    site = attributes.pop("pool", "")
    site = attributes.pop("site", site)
    regex = attributes.pop("regex", "").lower() == "true"
    checksum = attributes.get("checksum.value")
    if reason := check_pattern(lfn) if regex else _lfn_problem(lfn):
        problems.add(number, reason)
        return None
    return ReplicaEntry(
        lfn,
        (Replica(pfn, site, attributes),),
        regex=regex,
        sha256=checksum if attributes.get("checksum.type", "sha256").lower() == "sha256" else None,
        size=parse_size(attributes.get("size", "")),
    )


def _lfn_problem(lfn: str) -> str | None:
    try:
        check_lfn(lfn)
    except InvalidLfnError as error:
        return str(error)
    return None
