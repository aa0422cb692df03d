"""The two groups of views: what each consists of, and its version."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from sqlalchemy import Connection, MetaData, create_engine

from eventlog.errors import InputError
from eventlog.event import Event
from eventlog.facts import Fact
from projections.batch import FactBatch
from projections.data import checksums, files, plans, replicas, reuse, tags, transfers, uses
from projections.data import metadata as data_metadata
from projections.data import standing as data_standing
from projections.runs import attempts, hosts, identity, integrity, invocations, plan
from projections.runs import metadata as runs_metadata
from projections.runs import standing as runs_standing

F = TypeVar("F", bound=Fact)
Projection = Callable[[FactBatch, Connection], None]


@dataclass(frozen=True, slots=True)
class Group:
    """Tables that are folded, kept and rebuilt together.

    ``version`` is raised with every change of its tables or of what they mean; ``projections`` are applied
    in their order, the refreshing one last.
    """

    name: str
    version: int
    metadata: MetaData
    projections: tuple[Projection, ...]


RUNS = Group(
    "runs",
    6,
    runs_metadata.metadata,
    (
        *(identity.apply, plan.apply, hosts.apply, attempts.apply, invocations.apply, integrity.apply),
        runs_standing.apply,
    ),
)
DATA = Group(
    "data",
    5,
    data_metadata.metadata,
    (
        *(plans.apply, files.apply, uses.apply, replicas.apply, checksums.apply, transfers.apply),
        *(tags.apply, reuse.apply, data_standing.apply),
    ),
)
GROUPS = (RUNS, DATA)


def group_named(name: str) -> Group:
    """The group of this name. Raises InputError that lists them all."""
    for group in GROUPS:
        if group.name == name:
            return group
    raise InputError(f"no group of views is named {name!r}: use {' or '.join(g.name for g in GROUPS)}")


class _Asked(FactBatch):
    """An empty batch that remembers which types projections ask for."""

    __slots__ = ("types",)

    def __init__(self) -> None:
        super().__init__(())
        self.types: set[type] = set()

    def of(self, fact_type: type[F]) -> Sequence[tuple[Event, F]]:
        """Nothing."""
        self.types.add(fact_type)
        return ()


@cache
def handled_types() -> frozenset[type]:
    """The types of facts that a projection of some group folds, found by asking them all."""
    asked, engine = _Asked(), create_engine("sqlite://")
    with engine.connect() as connection:
        for group in GROUPS:
            for apply in group.projections:
                apply(asked, connection)
    engine.dispose()
    return frozenset(asked.types)
