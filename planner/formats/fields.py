"""Reading one mapping of a YAML or JSON document: its keys, their types, and what is wrong with them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from planner.formats.problems import Path, Problems
from planner.formats.sizes import parse_size
from planner.formats.source import Source
from planner.formats.yaml_lines import locate
from planner.formats.yaml_nodes import Node, Section
from planner.formats.yaml_tree import parse_tree
from planner.lfn import InvalidLfnError, check_lfn

TRUE_WORDS = frozenset({"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"})
FALSE_WORDS = frozenset({"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"})
_VALUE = TypeVar("_VALUE")


@dataclass(frozen=True, slots=True)
class Shape:
    """What a mapping may hold: the word for it, the key that names it, its keys, and those it must have.

    Keys that begin with ``x-`` are anyone's extensions and always allowed.
    """

    noun: str
    naming: str = ""
    keys: frozenset[str] = field(default_factory=frozenset)
    required: tuple[str, ...] = ()


class Fields:
    """One mapping of the document; what it lacks is noted as a problem and read as empty."""

    __slots__ = ("_key", "_parent", "_problems", "_shape", "values")

    def __init__(
        self,
        values: Section,
        shape: Shape,
        problems: Problems,
        parent: "Fields | None" = None,
        key: Path = (),
    ) -> None:
        self.values = values
        self._shape = shape
        self._problems = problems
        self._parent = parent
        self._key = key
        if not values.keys() <= shape.keys:
            self._check_unknown()
        for name in shape.required:
            value = values.get(name)
            if value is None:
                self.problem((), f'"{name}" is missing')
            elif value == "":
                self.problem(name, f'"{name}" is empty')

    @property
    def line(self) -> int:
        """The line (from 1) where the mapping starts."""
        return self.values.line

    @property
    def problems(self) -> Problems:
        """Where problems are noted."""
        return self._problems

    def path(self) -> Path:
        """Return the keys and positions that lead here from the root."""
        return (*self._parent.path(), *self._key) if self._parent else self._key

    def label(self) -> str:
        """Return the words for this mapping in a message: ``job ID1: file f.a: ``."""
        outer = self._parent.label() if self._parent else ""
        if not self._shape.noun:
            return outer
        name = self.values.get(self._shape.naming)
        if not isinstance(name, str):
            name = f"number {self._key[-1] + 1}" if self._key and isinstance(self._key[-1], int) else ""
        return f"{outer}{self._shape.noun} {name}".rstrip() + ": "

    def problem(self, key: str | Path, text: str) -> None:
        """Note a problem with a key's value, or with the mapping itself when ``key`` is ()."""
        inner = (key,) if isinstance(key, str) else key
        self._problems.add((*self.path(), *inner), self.label() + text)

    def text(self, key: str, default: str = "") -> str:
        """Return a scalar as its author wrote it."""
        value = self.values.get(key)
        if value is None:
            return default
        if isinstance(value, str):
            return value
        self.problem(key, f'"{key}" is {_kind(value)}; a text is wanted')
        return default

    def optional_text(self, key: str) -> str | None:
        """Return a scalar as its author wrote it, None where there is none."""
        return self.text(key) if self.values.get(key) is not None else None

    def lfn(self, key: str) -> str | None:
        """Return a safe logical file name; None where there is none, or none that is safe."""
        value = self.optional_text(key)
        if value is None or (value == "" and key in self._shape.required):
            return None
        try:
            return check_lfn(value)
        except InvalidLfnError as error:
            self.problem(key, str(error))
            return None

    def boolean(self, key: str, default: bool) -> bool:
        """Return a truth value."""
        value = self.values.get(key)
        if value is None:
            return default
        if isinstance(value, str) and value in TRUE_WORDS:
            return True
        if not isinstance(value, str) or value not in FALSE_WORDS:
            found = f'"{value}"' if isinstance(value, str) else _kind(value)
            self.problem(key, f'"{key}" is {found}; true or false is wanted')
        return False

    def size(self, key: str) -> int | None:
        """Return a number of bytes."""
        value = self.optional_text(key)
        if value is None or value == "":
            return None
        size = parse_size(value)
        if size is None:
            self.problem(key, f'"{key}" is "{value}"; a number of bytes is wanted')
        return size

    def choice(self, key: str, allowed: Mapping[str, str], default: str) -> str:
        """Return what the written word means; ``allowed`` maps words to meanings."""
        value = self.optional_text(key)
        if value is None:
            return default
        meaning = allowed.get(value)
        if meaning is None:
            self.problem(key, f'"{key}" is "{value}"{self._problems.hint(value, allowed)}')
            return default
        return meaning

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of scalars as their author wrote them."""
        items = self._list(key)
        if all(type(item) is str for item in items):
            return tuple(items)  # type: ignore[arg-type]
        for position, item in enumerate(items):
            if not isinstance(item, str):
                what = f'"{key}" item {position + 1} is {_kind(item)}; a text or number is wanted'
                self.problem((key, position), what)
        return ()

    def pairs(self, key: str) -> dict[str, str]:
        """Return a mapping of keys to scalars, without extensions."""
        section = self._section(key)
        if section is None:
            return {}
        return {name: value for name, value in section.items() if self._is_pair(key, name, value)}  # type: ignore[misc]

    def _is_pair(self, key: str, name: str, value: Node) -> bool:
        if name.startswith("x-"):
            return False
        if isinstance(value, str):
            return True
        self.problem((key, name), f'"{key}" "{name}" is {_kind(value)}; a text or number is wanted')
        return False

    def child(self, key: str, shape: Shape) -> "Fields | None":
        """Return the mapping under a key, None where there is none."""
        section = self._section(key)
        return None if section is None else Fields(section, shape, self._problems, self, (key,))

    def children(self, key: str, shape: Shape) -> Iterator["Fields"]:
        """Yield the mappings of the list under a key."""
        for position, item in enumerate(self._list(key)):
            if isinstance(item, Section):
                yield Fields(item, shape, self._problems, self, (key, position))
            else:
                what = f'"{key}" item {position + 1} is {_kind(item)}; a mapping is wanted'
                self.problem((key, position), what)

    def _section(self, key: str) -> Section | None:
        value = self.values.get(key)
        if value is None or isinstance(value, Section):
            return value
        self.problem(key, f'"{key}" is {_kind(value)}; a mapping is wanted')
        return None

    def _list(self, key: str) -> list[Node]:
        value = self.values.get(key)
        if value is None:
            return []
        if isinstance(value, list):
            return value
        self.problem(key, f'"{key}" is {_kind(value)}; a list is wanted')
        return []

    def _check_unknown(self) -> None:
        for name in self.values:
            if name not in self._shape.keys and not name.startswith("x-"):
                self.problem(name, f'unknown key "{name}"{self._problems.hint(name, self._shape.keys)}')


def _kind(value: Node) -> str:
    if value is None:
        return "empty"
    if isinstance(value, str):
        return "a single value"
    return "a list" if isinstance(value, list) else "a mapping"


def read_document(
    source: Source,
    shape: Shape,
    read: Callable[[Fields], _VALUE],
    expand: Callable[[Node, Problems], Node] | None = None,
) -> _VALUE:
    """Parse the document and return what ``read`` makes of its root.

    ``expand`` may rewrite the tree first. Raises InputError with every problem found.
    """
    problems = Problems(source.name)
    root = parse_tree(source)
    if expand:
        root = expand(root, problems)
        problems.raise_any(lambda paths: locate(source, paths))
    if not isinstance(root, Section):
        problems.add(
            1, f"the document is {_kind(root)}; a mapping with the keys {', '.join(shape.required)} is wanted"
        )
        problems.raise_any()
    assert isinstance(root, Section)
    value = read(Fields(root, shape, problems))
    problems.raise_any(lambda paths: locate(source, paths))
    return value
