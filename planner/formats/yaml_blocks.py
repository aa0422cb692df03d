"""YAML in the style in which programs write workflows, read line by line.

The whole parser makes an object of every scalar and takes twice as long. Here is taken only what a line says
beyond doubt: ASCII, an entry or a comment a line, plain or quoted texts without escapes, a list or mapping
in brackets that holds texts alone. Everything else, and everything wrong, is left to the whole parser.
"""

import re
from collections.abc import Iterable, Iterator
from io import BytesIO

from planner.formats.yaml_nodes import DEEPEST_NESTING, LONGEST_SCALAR, NULLS, Node, Section

_KEY = r"(?!(?:null|Null|NULL):)[A-Za-z_][\w.-]{0,99}"
_BEGINS = r"(?:[\w./$+(=~<]|-(?=[\w.-]))"
_COLON_WITHIN = r":(?=[\w/.])"
_QUOTED = r""""([ !#-\[\]-~]*)"|'([ -&(-~]*)'"""
_ENTRY = re.compile(rf"( *)(- )?(?:({_KEY}):(?: |$))?(.*)", re.ASCII)
_TEXT = re.compile(rf"({_BEGINS}(?:[!\"$-9;-~ ]|{_COLON_WITHIN})*(?<! ))|{_QUOTED}", re.ASCII)
_IN_BRACKETS = re.compile(
    rf"(?:({_KEY}): )?(?:({_BEGINS}(?:[!\"$-+\--9;-> @-Z\\^-z|~]|{_COLON_WITHIN})*(?<! ))|{_QUOTED})"
    r"(?:, |(.)$)",
    re.ASCII,
)
_MOST_TEXTS = 10_000
"""Texts that are kept to be shared where nothing else is kept."""
_CLOSING = {"[": "]", "{": "}"}


class Unusual(Exception):
    """A document, or the place in it, that needs the whole parser."""


def read_blocks(data: bytes) -> Node:
    """The document's root. Raises ``Unusual``."""
    if not data.isascii():
        raise Unusual
    reader = _BlockReader()
    for line in BytesIO(data):
        reader.take(line.decode("ascii").removesuffix("\n"))
    return reader.root


def read_items(lines: Iterable[bytes], key: str) -> Iterator[Node]:
    """The items of the list that the root has under ``key``, each once it is whole; nothing else is kept.

    Raises ``Unusual``, also when items were given already.
    """
    reader = _BlockReader()
    for line in lines:
        if not line.isascii():
            raise Unusual
        reader.take(line.decode("ascii").removesuffix("\n"))
        yield from reader.let_go(key)
    yield from reader.items(key)


class _BlockReader:
    """``_open`` are the collections that lines may still add to, each with its indentation."""

    def __init__(self) -> None:
        self.root: Node = None
        self._line = 0
        self._open: list[tuple[int, Section | list[Node]]] = []
        self._waiting: str | None = None
        self._texts: dict[str, str] = {}

    def items(self, key: str) -> list[Node]:
        """The list that the root has under ``key``. Raises ``Unusual`` where that is none."""
        if not isinstance(self.root, Section):
            raise Unusual
        items = self.root.get(key)
        if not isinstance(items, list):
            raise Unusual
        return items

    def let_go(self, key: str) -> Iterator[Node]:
        """Give the items under ``key`` that are whole, and forget what is told beside that list."""
        root = self.root
        wanted = root.get(key) if isinstance(root, Section) else None
        if len(self._open) > 1 and self._open[1][1] is wanted:
            if isinstance(wanted, list) and len(wanted) > 1:
                yield wanted.pop(0)
                self._forget_texts()
            return
        for _, collection in self._open:
            if isinstance(collection, list):
                del collection[:-1]
        self._forget_texts()

    def _forget_texts(self) -> None:
        if len(self._texts) > _MOST_TEXTS:
            self._texts.clear()

    def take(self, line: str) -> None:
        """Reads the next line. Raises ``Unusual``."""
        self._line += 1
        match = _ENTRY.fullmatch(line) if len(line) <= LONGEST_SCALAR else None
        if match is None:
            raise Unusual
        indent, dash, key, value = match.groups()
        if key is None and dash is None and self._is_nothing(value):
            return
        collection = self._collection(len(indent), is_item=dash is not None)
        if isinstance(collection, list):
            if key is None:
                collection.append(self._value(value))
                return
            section = Section(self._line)
            collection.append(section)
            self._begin(len(indent) + 2, section)
            collection = section
        if key is None or key in collection:
            raise Unusual
        # One whose value follows below keeps its place, and stays empty where none does.
        collection[key] = self._value(value) if value else None
        self._waiting = None if value else key

    def _is_nothing(self, text: str) -> bool:
        """Whether a line is empty, a comment, or the mark at the beginning of a document."""
        if text == "---":
            return self._line == 1
        return text == "" or (text[0] == "#" and text.isprintable())

    def _collection(self, indent: int, *, is_item: bool) -> Section | list[Node]:
        """What a line of that indentation adds to: begun by it, or open."""
        if self._begins_collection(indent, is_item):
            begun: Section | list[Node] = [] if is_item else Section(self._line)
            if self._open:
                parent, key = self._open[-1][1], self._waiting
                assert isinstance(parent, Section)
                assert key is not None
                parent[key] = begun
            else:
                self.root = begun
            self._waiting = None
            self._begin(indent, begun)
            return begun
        self._waiting = None
        while self._open and self._ended(indent, is_item):
            self._open.pop()
        if not self._open or self._open[-1][0] != indent or isinstance(self._open[-1][1], list) != is_item:
            raise Unusual
        return self._open[-1][1]

    def _begins_collection(self, indent: int, is_item: bool) -> bool:
        if not self._open:
            return indent == 0 and self.root is None
        if self._waiting is None:
            return False
        outer = self._open[-1][0]
        # The items of a list may stand as far out as the key that it belongs to.
        return indent > outer or (is_item and indent == outer)

    def _ended(self, indent: int, is_item: bool) -> bool:
        outer, collection = self._open[-1]
        return outer > indent or (outer == indent and isinstance(collection, list) and not is_item)

    def _begin(self, indent: int, collection: Section | list[Node]) -> None:
        self._open.append((indent, collection))
        if len(self._open) >= DEEPEST_NESTING:
            raise Unusual

    def _value(self, text: str) -> Node:
        if text[:1] in _CLOSING:
            return self._in_brackets(text)
        match = _TEXT.fullmatch(text)
        if match is None:
            raise Unusual
        return self._scalar(*match.groups())

    def _scalar(self, plain: str | None, double: str | None, single: str | None) -> str | None:
        if plain is not None:
            return None if plain in NULLS else self._texts.setdefault(plain, plain)
        text = double if double is not None else single or ""
        return self._texts.setdefault(text, text)

    def _in_brackets(self, text: str) -> Section | list[Node]:
        items: list[Node] = []
        section = Section(self._line)
        is_list, closing, at = text[0] == "[", _CLOSING[text[0]], 1
        end = None if text != text[0] + closing else closing
        while end is None:
            match = _IN_BRACKETS.match(text, at)
            if match is None:
                raise Unusual
            key, plain, double, single, end = match.groups()
            if is_list != (key is None) or key in section:
                raise Unusual
            if is_list:
                items.append(self._scalar(plain, double, single))
            else:
                section[key] = self._scalar(plain, double, single)
            at = match.end()
        if end != closing:
            raise Unusual
        return items if is_list else section
