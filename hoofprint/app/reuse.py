"""Hands the planner an index of reusable files, answered from the views."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hoofprint.app.house import House
from planner.reuse_index import ReusableFile, ReuseIndex
from projections.answers.reuse import ReusableReplica, reusable
from projections.answers.runs import RunRef, resolve_run
from projections.store import ViewStore

ANY_RUN = "any"


@dataclass(frozen=True, slots=True)
class ViewReuseIndex:
    """A ``ReuseIndex`` over the tables; ``run`` None asks the files of every run of the namespace."""

    store: ViewStore
    namespace: str
    run: RunRef | None

    def find(self, lfns: Sequence[str]) -> Mapping[str, ReusableFile]:
        """The files that exist, are registered, intact and not invalidated, by LFN."""
        with self.store.reading("runs") as runs, self.store.reading("data") as data:
            found = reusable(runs, data, lfns, namespace=self.namespace, from_run=self.run)
        return {lfn: _reusable_file(replicas[0]) for lfn, replicas in found.items()}


def _reusable_file(replica: ReusableReplica) -> ReusableFile:
    return ReusableFile(
        replica.lfn, replica.pfn, replica.site, replica.run or None, replica.sha256, replica.size
    )


def reuse_index(house: House, reference: str | None) -> ReuseIndex | None:
    """The index for ``--reuse RUN``; None where nothing was asked for.

    Raises NotFoundError for a run that does not exist.
    """
    if reference is None:
        return None
    store, namespace = house.folded(), house.settings["namespace"]
    run = None
    if reference != ANY_RUN:
        with store.reading("runs") as connection:
            run = resolve_run(connection, reference, [namespace])
    return ViewReuseIndex(store, namespace, run)
