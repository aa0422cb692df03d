"""XML to small element trees with line numbers, one child of the root at a time, safe against bombs.

A document type declaration is refused outright: without one there are no entities to expand or to fetch.
"""

import xml.parsers.expat as expat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from eventlog.errors import InputError
from planner.formats.problems import Problems
from planner.formats.source import Source

DEEPEST_NESTING = 64
LONGEST_TEXT = 1024**2
_CHUNK = 1 << 18
# Expat looks at an unfinished tag or comment from its start whenever more arrives.
LONGEST_TAG = 4 * 1024**2
_TRUTH = {"true": True, "1": True, "false": False, "0": False}


@dataclass(slots=True)
class Element:
    """An element without its namespace; ``content`` holds texts and elements in their order."""

    tag: str
    attributes: Mapping[str, str]
    line: int
    content: "list[str | Element]" = field(default_factory=list)

    @property
    def children(self) -> "Iterator[Element]":
        """The elements inside, in order."""
        return (part for part in self.content if isinstance(part, Element))

    def all(self, tag: str) -> "Iterator[Element]":
        """Yield the elements inside that have this tag."""
        return (child for child in self.children if child.tag == tag)

    def first(self, tag: str) -> "Element | None":
        """Return the first element inside that has this tag."""
        return next(self.all(tag), None)

    def text(self) -> str:
        """Return the text directly inside, white space at its ends removed."""
        return "".join(part for part in self.content if isinstance(part, str)).strip()

    def get(self, attribute: str, default: str = "") -> str:
        """Return an attribute's value."""
        return self.attributes.get(attribute, default)


@dataclass(frozen=True, slots=True)
class ElementShape:
    """What an element may have: attributes, those it must have, and elements inside."""

    attributes: frozenset[str] = frozenset()
    required: tuple[str, ...] = ()
    children: frozenset[str] = frozenset()


def check_element(
    element: Element, shapes: Mapping[str, ElementShape], problems: Problems, label: str = ""
) -> None:
    """Note attributes and elements that are unknown, and attributes that are missing, all the way down."""
    shape = shapes[element.tag]
    if not element.attributes.keys() <= shape.attributes:
        _check_attributes(element, shape, problems, label)
    for name in shape.required:
        if name not in element.attributes:
            problems.add(element.line, f'{label}<{element.tag}> has no "{name}"')
    for child in element.children:
        if child.tag in shape.children:
            check_element(child, shapes, problems, label)
        else:
            hint = problems.hint(child.tag, shape.children)
            problems.add(child.line, f"{label}unknown element <{child.tag}> in <{element.tag}>{hint}")


def _check_attributes(element: Element, shape: ElementShape, problems: Problems, label: str) -> None:
    for name in element.attributes:
        if name not in shape.attributes and ":" not in name and name != "xmlns":
            hint = problems.hint(name, shape.attributes)
            problems.add(element.line, f'{label}<{element.tag}> has an unknown attribute "{name}"{hint}')


def read_boolean(element: Element, attribute: str, default: bool, problems: Problems, label: str) -> bool:
    """Return a truth value: true, false, 1 or 0."""
    written = element.attributes.get(attribute)
    if written is None:
        return default
    truth = _TRUTH.get(written.strip().lower())
    if truth is None:
        problems.add(element.line, f'{label}"{attribute}" is "{written}"; true or false is wanted')
        return default
    return truth


def parse_elements(source: Source) -> Iterator[Element]:
    """Yield the root, empty, then each of its children as soon as it is complete.

    Raises InputError naming the line for what is not well-formed, and for a document type declaration.
    """
    parser = _ElementParser(source)
    for start in range(0, len(source.data), _CHUNK):
        yield from parser.feed(source.data[start : start + _CHUNK])
    yield from parser.finish()


class _ElementParser:
    """Expat's handlers; ``_open`` are the elements that have begun and not ended, the root first."""

    def __init__(self, source: Source) -> None:
        self._name = source.name
        self._open: list[Element] = []
        self._done: list[Element] = []
        self._text_length = 0
        self._fed = 0
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text

    def feed(self, data: bytes) -> list[Element]:
        """Parse more of the document and return what was completed."""
        return self._parse(data, False)

    def finish(self) -> list[Element]:
        """Parse the end of the document and return what was completed."""
        return self._parse(b"", True)

    def _parse(self, data: bytes, last: bool) -> list[Element]:
        try:
            self._parser.Parse(data, last)
        except expat.ExpatError as error:
            reason = expat.errors.messages.get(error.code, "unknown reason")
            raise InputError(f"{self._name}:{error.lineno}: not well-formed XML: {reason}") from error
        except (LookupError, ValueError) as error:
            raise InputError(f"{self._name}: not readable XML: {error}") from error
        self._fed += len(data)
        if self._fed - self._parser.CurrentByteIndex > LONGEST_TAG:
            self._refuse(f"a tag or comment of more than {LONGEST_TAG} bytes")
        done, self._done = self._done, []
        return done

    def _doctype(self, name: str, system: str | None, public: str | None, internal: bool) -> NoReturn:
        self._refuse("a document type declaration (<!DOCTYPE) is not accepted; remove it")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        element = Element(tag.rpartition(":")[2], attributes, self._parser.CurrentLineNumber)
        if len(self._open) >= DEEPEST_NESTING:
            self._refuse(f"nested more than {DEEPEST_NESTING} deep")
        if not self._open:
            self._done.append(element)
        elif len(self._open) > 1:
            self._open[-1].content.append(element)
        self._open.append(element)
        self._text_length = 0

    def _end(self, tag: str) -> None:
        element = self._open.pop()
        if len(self._open) == 1:
            self._done.append(element)

    def _text(self, text: str) -> None:
        if len(self._open) < 2:
            return
        self._text_length += len(text)
        if self._text_length > LONGEST_TEXT:
            self._refuse(f"a text of more than {LONGEST_TEXT} characters")
        self._open[-1].content.append(text)

    def _refuse(self, reason: str) -> NoReturn:
        raise InputError(f"{self._name}:{self._parser.CurrentLineNumber}: {reason}")
