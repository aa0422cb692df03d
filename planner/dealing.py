"""Balanced clusters: deals the files of one level and site to a number of transfer jobs, in turn."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from planner.draft import Draft
from planner.profiles import profile
from planner.settings import whole_number

JOBS_PER_CLUSTER = 10


@dataclass(slots=True)
class Dealer:
    """Deals in turn to ``clusters`` transfer jobs a level, or to one for every ten tasks of the level."""

    clusters: Mapping[str, int | None]
    tasks_on_level: Counter[int]
    dealt: Counter[tuple[str, int]] = field(default_factory=Counter)

    def next(self, site: str, level: int) -> int:
        """The number of the transfer job that takes the next file."""
        count = self.clusters.get(site) or max(1, -(-self.tasks_on_level[level] // JOBS_PER_CLUSTER))
        number = self.dealt[site, level]
        self.dealt[site, level] = number + 1
        return number % count


def make_dealer(draft: Draft, key: str, by_property: int | None) -> Dealer:
    """A dealer for the surviving tasks; a site's own profile ``pegasus.<key>`` beats the property."""
    clusters = {site: _clusters(draft, site, key) or by_property for site in draft.sites_in_use()}
    return Dealer(clusters, Counter(_levels(draft)))


def _levels(draft: Draft) -> Sequence[int]:
    return [draft.level[task] for task in draft.order]


def _clusters(draft: Draft, site: str, key: str) -> int | None:
    text = profile(draft.site(site).profiles, "pegasus", key)
    return None if text is None else whole_number(text, where=f"site {site}: profile pegasus.{key}", least=1)
