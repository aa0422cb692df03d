"""YAML and JSON text to a tree of mappings, lists and texts, safe against hostile documents.

Scalars keep the author's text: ``1.0`` stays ``1.0`` and ``010`` stays ``010``, because most of them end up
on a command line. Only null becomes None. JSON is read as the subset of YAML that it is.
"""

from collections.abc import Callable
from typing import NoReturn, TypeAlias

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

from eventlog.errors import InputError
from planner.formats.problems import Path, one_line
from planner.formats.source import Source
from planner.formats.yaml_blocks import Unusual, read_blocks
from planner.formats.yaml_lines import locate
from planner.formats.yaml_nodes import DEEPEST_NESTING, LONGEST_SCALAR, NULLS, Node, Section
from planner.formats.yaml_parser import explain_error, line_of, open_parser

ALIAS_ALLOWANCE = 1_000_000
_ALIAS_RATIO = 10
_CORE = "tag:yaml.org,2002:"
_TAGS = frozenset(
    {"!", *(_CORE + kind for kind in ("str", "int", "float", "bool", "timestamp", "map", "seq"))}
)

_Anchored: TypeAlias = tuple[Node, int] | None
_Frame: TypeAlias = tuple[Section | list[Node], str | None, str | None, int]


def parse_tree(source: Source) -> Node:
    """Return the document's root.

    Raises InputError naming the line for what is not YAML, for a key given twice, tags, nesting deeper than
    64, scalars beyond 1 MiB or with a NUL, aliases that refer to themselves or expand beyond reason, several
    documents.
    """
    try:
        return read_blocks(source.data)
    except Unusual:
        return _parse_whole(source)


def _parse_whole(source: Source) -> Node:
    parser = open_parser(source)
    try:
        return _TreeBuilder(source, parser).build()
    except yaml.YAMLError as error:
        raise InputError(explain_error(source, error)) from error
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
        if "\0" in text:
            self._refuse(event, "a text holds a NUL character, which no file name and no argument can have")
        value: str | None = self._texts.setdefault(text, text)
        if event.tag is not None:
            value = self._tagged(event, text)
        elif event.implicit[0] and text in NULLS:
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
        self._start(event, Section(line_of(event)))

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
        raise InputError(f"{self._source.name}:{line_of(event)}: {one_line(text)}")

    def _refuse_repeated(self, event: NodeEvent, key: str) -> NoReturn:
        path = (*self._path(), key)
        first = locate(self._source, [path]).get(path)
        self._refuse(event, f'key "{key}" is given twice, first on line {first}')

    def _path(self) -> Path:
        outer = self._stack[1:]
        return tuple(key if key is not None else len(collection) for collection, key, _, _ in outer)
