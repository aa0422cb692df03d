"""What a YAML or JSON document is read to: mappings, lists and texts."""

from typing import TypeAlias, Union

DEEPEST_NESTING = 64
LONGEST_SCALAR = 1024**2
NULLS = frozenset({"", "~", "null", "Null", "NULL"})
"""What stands for nothing where it is not quoted."""

Node: TypeAlias = Union[str, list["Node"], "Section", None]
"""A value of the document."""


class Section(dict[str, Node]):
    """A mapping of the document; ``line`` (from 1) is where it starts."""

    __slots__ = ("line",)

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
