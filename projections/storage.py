"""The port: where the tables of a group are kept, one generation live and others being built."""

import os
import socket
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import Connection

from eventlog.errors import UnavailableError
from projections.groups import Group


class GenerationGoneError(UnavailableError):
    """The generation was dropped meanwhile: another one is live."""


class BusyError(UnavailableError):
    """Somebody else does it already; the message says who."""


class ClaimsLostError(UnavailableError):
    """Other followers took this one's claims away, since it seemed to hang."""


class Claims(Protocol):
    """One follower's claims on partitions: who folds which is agreed on here, what counts is the checkpoint.

    Claims end with the process that holds them, however it ends.
    """

    def members(self) -> int:
        """How many followers there are, this one among them.

        Raises ClaimsLostError, or the database's error of a lost session, where this one's claims ended.
        """
        ...

    def take(self, partition: int) -> bool:
        """Claim a partition; False where another follower has it."""
        ...

    def release(self, partition: int) -> None:
        """Let others have a partition."""
        ...

    def expel(self, partition: int, idle: float) -> None:
        """End every claim of the follower that has this partition.

        Where the database can, also its transactions that have waited for it for ``idle`` seconds.
        """
        ...

    def close(self) -> None:
        """Let go of every claim."""
        ...


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

    def generations(self, group: Group) -> Sequence[str]:
        """Every generation of a group, the oldest first: retired ones, the live one, those being built."""
        ...

    def drop(self, group: Group, generation: str) -> bool:
        """Take a generation away that is not live; False, and nothing done, while somebody is in it."""
        ...

    def rebuilding(self, group: Group) -> AbstractContextManager[None]:
        """Be the only one who rebuilds a group. Raises BusyError that says who does."""
        ...

    def claims(self) -> Claims:
        """Become one of the followers of this store."""
        ...

    def reading(self, group: Group, generation: str | None) -> AbstractContextManager[Connection]:
        """A read transaction on one generation, or on the live one; it sees one state throughout.

        Raises GenerationGoneError for a generation that was dropped.
        """
        ...

    def writing(self, group: Group, generation: str) -> AbstractContextManager[Connection]:
        """A write transaction on a generation, committed at the end, rolled back by an exception.

        Raises GenerationGoneError for a generation that was dropped.
        """
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


def generation_version(name: str) -> int:
    """The version of a generation's tables."""
    return int(name.split("-")[-2].removeprefix("v"))


def process_name() -> str:
    """This process, as a person finds it."""
    return f"process {os.getpid()} on {socket.gethostname()}"


def is_current(group: Group, name: str) -> bool:
    """Whether a generation's tables are those of this version of the program."""
    return name.startswith(f"{group.name}-v{group.version}-")
