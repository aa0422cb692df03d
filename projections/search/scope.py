"""What one search may see: its namespaces, the page's start, and which tag keys are carried by what."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, select, true, tuple_

from projections.bulk import key_rows
from projections.data.plans import PLANS
from projections.data.tags import TAGS
from projections.distinct import distinct_texts
from projections.search.cursors import FileKey


class Target(StrEnum):
    """What can be tagged: the file itself, or the task, job, run or workflow that made it."""

    FILE = "file"
    TASK = "task"
    JOB = "job"
    RUN = "run"
    WORKFLOW = "workflow"


@dataclass(frozen=True, slots=True)
class Scope:
    """``targets`` names for each key what carries it at all; ``after`` ends the page before."""

    namespaces: tuple[str, ...]
    after: FileKey | None = None
    targets: Mapping[str, tuple[Target, ...]] = field(default_factory=dict)

    def visible(self, namespace: ColumnElement[str]) -> ColumnElement[bool]:
        """Rows of these namespaces."""
        # an equality lets an index answer in the order of its further columns
        if len(self.namespaces) == 1:
            return namespace == self.namespaces[0]
        return namespace.in_(self.namespaces)

    def ahead(self, run_key: ColumnElement[int], lfn_key: ColumnElement[int]) -> ColumnElement[bool]:
        """Files behind the end of the page before."""
        if self.after is None:
            return true()
        return tuple_(run_key, lfn_key) > tuple_(self.after.run_key, self.after.lfn_key)


def known_namespaces(connection: Connection) -> list[str]:
    """Every namespace that has a run or a tag."""
    named = {*distinct_texts(connection, PLANS.c.namespace), *distinct_texts(connection, TAGS.c.namespace)}
    return sorted(named)


def targets_of_keys(
    connection: Connection, namespaces: Sequence[str], keys: Iterable[str]
) -> dict[str, tuple[Target, ...]]:
    """What carries each tag key in these namespaces; nothing for a key that nothing carries."""
    wanted = sorted(set(keys))
    found: dict[str, tuple[Target, ...]] = dict.fromkeys(wanted, ())
    if wanted and namespaces:
        pairs = [(key, target.value, name) for key in wanted for target in Target for name in namespaces]
        asked = key_rows(connection, {"key": str, "target": str, "namespace": str}, pairs, "asked")
        for key, target in connection.execute(_carried(asked.c).distinct()):
            found[key] += (Target(target),)
    return found


def _carried(asked: Any) -> Select[str, str]:
    tags = TAGS.alias("t")
    return select(asked.key, asked.target).where(
        exists().where(
            tags.c.namespace == asked.namespace, tags.c.key == asked.key, tags.c.target == asked.target
        )
    )
