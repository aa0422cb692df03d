"""The port: where the tables of a group are kept, one generation live and others being built."""

from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import Connection

from projections.groups import Group


class Storage(Protocol):
    """Keeps generations of groups of tables; a generation's name tells group, version and number."""

    @property
    def location(self) -> str:
        """Where this is, for messages."""
        ...

    @property
    def folds_side_by_side(self) -> bool:
        """Whether two groups are folded faster in two threads than one after the other."""
        ...

    def live(self, group: Group) -> str | None:
        """The generation that readers see now, None where none was ever built."""
        ...

    def ensure_live(self, group: Group) -> None:
        """Make an empty live generation where there is none; of several processes one does."""
        ...

    def create(self, group: Group) -> str:
        """Make the empty tables of a new generation beside the live one."""
        ...

    def activate(self, group: Group, generation: str) -> None:
        """Let readers see this generation from their next request on."""
        ...

    def drop(self, group: Group, generation: str) -> None:
        """Take a generation away that is not live."""
        ...

    def reading(self, group: Group, generation: str | None) -> AbstractContextManager[Connection]:
        """A read transaction on one generation, or on the live one; it sees one state throughout."""
        ...

    def writing(self, group: Group, generation: str) -> AbstractContextManager[Connection]:
        """A write transaction on a generation, committed at the end, rolled back by an exception."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


def generation_name(group: Group, number: int) -> str:
    """The name of a group's ``number``-th generation."""
    return f"{group.name}-v{group.version}-{number}"


def generation_number(name: str) -> int:
    """Which generation a name means."""
    return int(name.rpartition("-")[2])


def is_current(group: Group, name: str) -> bool:
    """Whether a generation's tables are those of this version of the program."""
    return name.startswith(f"{group.name}-v{group.version}-")
