"""YAML and JSON text to a tree of mappings, lists and texts, safe against hostile documents.

Scalars keep the author's text: ``1.0`` stays ``1.0`` and ``010`` stays ``010``, because most of them end up
on a command line. Only null becomes None. JSON is read as the subset of YAML that it is.
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import NoReturn, TypeAlias, Union

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)
from yaml.reader import ReaderError

from eventlog.errors import InputError
from planner.formats.problems import Path
from planner.formats.source import Source

DEEPEST_NESTING = 64
LONGEST_SCALAR = 1024**2
ALIAS_ALLOWANCE = 1_000_000
_ALIAS_RATIO = 10
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_CORE = "tag:yaml.org,2002:"
_TAGS = frozenset(
    {"!", *(_CORE + kind for kind in ("str", "int", "float", "bool", "timestamp", "map", "seq"))}
)
_surrogate_pair = re.compile(rb"\\(?:\\|u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2}))", re.IGNORECASE)

Node: TypeAlias = Union[str, list["Node"], "Section", None]
"""A value of the document."""


class Section(dict[str, Node]):
    """A mapping of the document; ``line`` (from 1) is where it starts."""

    __slots__ = ("line",)

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line


def _line(event: Event) -> int:
    assert event.start_mark is not None
    return event.start_mark.line + 1


_Anchored: TypeAlias = tuple[Node, int] | None
_Frame: TypeAlias = tuple[Section | list[Node], str | None, str | None, int]


def _open_parser(source: Source) -> yaml.CSafeLoader:
    """Return an event parser over the document; the caller disposes of it."""
    return yaml.CSafeLoader(_joined_surrogates(source.data) if source.start.startswith(b"{") else source.data)


def parse_tree(source: Source) -> Node:
    """Return the document's root.

    Raises InputError naming the line for what is not YAML, for a key given twice, tags, nesting deeper than
    64, scalars beyond 1 MiB, aliases that refer to themselves or expand beyond reason, several documents.
    """
    parser = _open_parser(source)
    try:
        return _TreeBuilder(source, parser).build()
    except yaml.YAMLError as error:
        raise InputError(_explain(source, error)) from error
    finally:
        parser.dispose()


class _TreeBuilder:
    """Folds parser events into a tree; an open collection is a frame of the stack."""

    def __init__(self, source: Source, parser: yaml.CSafeLoader) -> None:
        self._source = source
        self._next_event = parser.get_event
        self._stack: list[_Frame] = []
        self._open: Section | list[Node] = []
        self._key: str | None = None
        self._texts: dict[str, str] = {}
        self._anchors: dict[str, _Anchored] = {}
        self._nodes = 0
        self._aliased = 0
        self._documents = 0

    def build(self) -> Node:
        root = self._open
        handlers: dict[type[Event | None], Callable[..., None]] = {
            ScalarEvent: self._scalar,
            MappingStartEvent: self._start_mapping,
            SequenceStartEvent: self._start_sequence,
            MappingEndEvent: self._end,
            SequenceEndEvent: self._end,
            AliasEvent: self._alias,
            DocumentStartEvent: self._start_document,
            DocumentEndEvent: self._ignore,
            StreamStartEvent: self._ignore,
        }
        event = self._next_event()
        while type(event) is not StreamEndEvent:
            handlers[type(event)](event)
            event = self._next_event()
        assert isinstance(root, list)
        return root[0] if root else None

    def _scalar(self, event: ScalarEvent) -> None:
        text = event.value
        if len(text) > LONGEST_SCALAR:
            self._refuse(event, f"a text of {len(text)} characters; at most {LONGEST_SCALAR} are allowed")
        value: str | None = self._texts.setdefault(text, text)
        if event.tag is not None:
            value = self._tagged(event, text)
        elif event.implicit[0] and text in _NULLS:
            value = None
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, 1 + len(text) // 1024)
        self._nodes += 1
        self._add(event, value)

    def _tagged(self, event: ScalarEvent, text: str) -> str | None:
        if event.tag == _CORE + "null":
            return None
        self._check_tag(event)
        return text

    def _check_tag(self, event: ScalarEvent | MappingStartEvent | SequenceStartEvent) -> None:
        if event.tag is not None and event.tag not in _TAGS:
            tag = event.tag.replace(_CORE, "!!")
            self._refuse(event, f'tag "{tag}" is not accepted; write a plain text, list or mapping')

    def _add(self, event: NodeEvent, value: Node) -> None:
        if type(self._open) is list:
            self._open.append(value)
        elif self._key is None:
            self._start_entry(event, value)
        else:
            self._open[self._key] = value  # type: ignore[call-overload]
            self._key = None

    def _start_entry(self, event: NodeEvent, key: Node) -> None:
        assert isinstance(self._open, Section)
        if not isinstance(key, str):
            self._refuse(event, "a key is not a text; quote it")
        if key in self._open:
            self._refuse_repeated(event, key)
        self._key = key

    def _start_mapping(self, event: MappingStartEvent) -> None:
        self._start(event, Section(_line(event)))

    def _start_sequence(self, event: SequenceStartEvent) -> None:
        self._start(event, [])

    def _start(self, event: MappingStartEvent | SequenceStartEvent, collection: Section | list[Node]) -> None:
        if type(self._open) is not list and self._key is None:
            self._refuse(
                event, "a key is a list or mapping; a text is wanted (is a quote or bracket missing?)"
            )
        if len(self._stack) >= DEEPEST_NESTING:
            self._refuse(event, f"nested more than {DEEPEST_NESTING} deep")
        self._check_tag(event)
        self._nodes += 1
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._stack.append((self._open, self._key, event.anchor, self._nodes + self._aliased))
        self._open, self._key = collection, None

    def _end(self, event: MappingEndEvent | SequenceEndEvent) -> None:
        done = self._open
        self._open, self._key, anchor, before = self._stack.pop()
        if anchor is not None:
            self._anchors[anchor] = (done, 1 + self._nodes + self._aliased - before)
        if type(self._open) is list:
            self._open.append(done)
        else:
            self._open[self._key] = done  # type: ignore[call-overload, index]
            self._key = None

    def _alias(self, event: AliasEvent) -> None:
        if event.anchor not in self._anchors:
            self._refuse(
                event, f'alias "*{event.anchor}" refers to nothing; there is no "&{event.anchor}" before it'
            )
        anchored = self._anchors[event.anchor]
        if anchored is None:
            self._refuse(event, f'alias "*{event.anchor}" stands inside of what it refers to')
        value, weight = anchored
        self._aliased += weight
        if self._aliased > ALIAS_ALLOWANCE + _ALIAS_RATIO * self._nodes:
            self._refuse(event, f'alias "*{event.anchor}": aliases expand the document beyond reason')
        self._add(event, value)

    def _start_document(self, event: DocumentStartEvent) -> None:
        self._documents += 1
        if self._documents > 1:
            self._refuse(event, "a second document starts here; one is wanted")

    def _ignore(self, event: Event) -> None:
        pass

    def _refuse(self, event: Event, text: str) -> NoReturn:
        raise InputError(f"{self._source.name}:{_line(event)}: {text}")

    def _refuse_repeated(self, event: NodeEvent, key: str) -> NoReturn:
        path = (*self._path(), key)
        first = locate(self._source, [path]).get(path)
        self._refuse(event, f'key "{key}" is given twice, first on line {first}')

    def _path(self) -> Path:
        outer = self._stack[1:]
        return tuple(key if key is not None else len(collection) for collection, key, _, _ in outer)


def locate(source: Source, paths: Collection[Path]) -> dict[Path, int]:
    """Return the line (from 1) where each path of the document, or else its nearest ancestor, begins.

    A second pass over the text, meant for messages only; it stops at the last line that is asked for.
    """
    wanted = {path[:length] for path in paths for length in range(len(path) + 1)}
    found = _first_lines(source, wanted)
    return {path: _nearest(found, path) for path in paths}


def _nearest(found: Mapping[Path, int], path: Path) -> int:
    while path and path not in found:
        path = path[:-1]
    return found.get(path, 1)


def _first_lines(source: Source, wanted: set[Path]) -> dict[Path, int]:
    parser = _open_parser(source)
    walk = _PathWalk()
    found: dict[Path, int] = {}
    try:
        while len(found) < len(wanted) and (event := parser.get_event()) is not None:
            path = walk.step(event)
            if path is not None and path in wanted:
                found.setdefault(path, _line(event))
    except yaml.YAMLError:
        return found
    finally:
        parser.dispose()
    return found


class _PathWalk:
    """Follows parser events and knows the path of each node; a value has its key's path."""

    def __init__(self) -> None:
        self._path: list[str | int] = []
        self._mapping: list[bool] = []
        self._at_key: list[bool] = []

    def step(self, event: Event) -> Path | None:
        """Return the path that begins with this event: an item's, a key's, the root's; else None."""
        if isinstance(event, MappingEndEvent | SequenceEndEvent):
            self._leave()
            return None
        if not isinstance(event, NodeEvent):
            return None
        path = self._arrive(event)
        if isinstance(event, MappingStartEvent | SequenceStartEvent):
            self._enter(isinstance(event, MappingStartEvent))
        return path

    def _arrive(self, event: NodeEvent) -> Path | None:
        if not self._mapping:
            return ()
        if not self._mapping[-1]:
            self._path[-1] = int(self._path[-1]) + 1
            return tuple(self._path)
        self._at_key[-1] = not self._at_key[-1]
        if self._at_key[-1]:
            return None
        self._path[-1] = event.value if isinstance(event, ScalarEvent) else ""
        return tuple(self._path)

    def _enter(self, mapping: bool) -> None:
        self._mapping.append(mapping)
        self._at_key.append(True)
        self._path.append("" if mapping else -1)

    def _leave(self) -> None:
        self._mapping.pop()
        self._at_key.pop()
        self._path.pop()


def _explain(source: Source, error: yaml.YAMLError) -> str:
    """Return one line that says where the text stops being YAML, and why."""
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        return f"{source.name}:{line}: not well-formed YAML: {_reason(source, error, line)}"
    if isinstance(error, ReaderError):
        line = source.data.count(b"\n", 0, error.position) + 1
        return f"{source.name}:{line}: not a text: {error.reason}; save the file as UTF-8"
    return f"{source.name}: not well-formed YAML: {error}"


def _reason(source: Source, error: yaml.MarkedYAMLError, line: int) -> str:
    text = source.data.splitlines()[line - 1 : line]
    if text and b"\t" in text[0][: len(text[0]) - len(text[0].lstrip())]:
        return "the line is indented with a tab; YAML indents with blanks"
    context = f" {error.context}" if error.context else ""
    return f"{error.problem or 'unknown reason'}{context}"


def _joined_surrogates(data: bytes) -> bytes:
    """Return JSON text with ``\\ud83d\\ude00`` pairs as one escape: YAML knows no surrogates."""
    return _surrogate_pair.sub(_joined, data) if b"\\u" in data else data


def _joined(match: re.Match[bytes]) -> bytes:
    if match[1] is None:
        return match[0]
    code = 0x10000 + ((int(match[1], 16) & 0x3FF) << 10) + (int(match[2], 16) & 0x3FF)
    return b"\\U%08X" % code
