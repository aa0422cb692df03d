"""Which copies of a file to fetch, in which order: the selectors Default and Regex."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from eventlog.errors import InputError
from planner.catalogs import Replica
from planner.executable import Location
from planner.urls import is_file_url

RANK_PROPERTY = "pegasus.selector.replica.regex.rank."

FILE_PRIORITY = 100
SAME_SITE_PRIORITY = 50
OTHER_PRIORITY = 10


class ReplicaSelector(Protocol):
    """Orders the copies of one file for one site."""

    def select(self, replicas: Sequence[Replica], site: str) -> list[Location]:
        """The usable copies, best first; a transfer tries them in that order. Empty when none is usable."""
        ...


@dataclass(frozen=True, slots=True)
class DefaultSelector:
    """File URLs on the target site first, then other copies there, then the rest.

    File URLs of other sites are dropped, except those of the site ``local``, where transfers run.
    """

    def select(self, replicas: Sequence[Replica], site: str) -> list[Location]:
        """The usable copies, best first."""
        usable = [replica for replica in replicas if is_reachable(replica, site)]
        located = [Location(r.site, r.pfn, _default_priority(r, site)) for r in usable]
        return sorted(located, key=_best_first)


@dataclass(frozen=True, slots=True)
class RegexSelector:
    """Copies ranked by the first pattern that matches their whole PFN; those that match none are dropped."""

    ranks: Sequence[tuple[int, re.Pattern[str]]]

    def select(self, replicas: Sequence[Replica], site: str) -> list[Location]:
        """The usable copies, best first."""
        usable = [replica for replica in replicas if is_reachable(replica, site)]
        ranked = [(self._priority(r), r) for r in usable]
        located = [Location(r.site, r.pfn, priority) for priority, r in ranked if priority is not None]
        return sorted(located, key=_best_first)

    def _priority(self, replica: Replica) -> int | None:
        worst = self.ranks[-1][0]
        for rank, pattern in self.ranks:
            if pattern.fullmatch(replica.pfn):
                return (worst - rank) * 100
        return None


def make_selector(kind: str, properties: Mapping[str, str]) -> ReplicaSelector:
    """The selector of that name; raises InputError for ranks that are missing or no regular expressions."""
    return RegexSelector(_ranks(properties)) if kind == "Regex" else DefaultSelector()


def is_reachable(replica: Replica, site: str) -> bool:
    """Whether a copy can be read for a site: a file URL counts only on its own site, or on ``local``."""
    if not replica.site:
        return False
    return not is_file_url(replica.pfn) or replica.site in (site, "local")


def _default_priority(replica: Replica, site: str) -> int:
    if is_file_url(replica.pfn):
        return FILE_PRIORITY
    return SAME_SITE_PRIORITY if replica.site == site else OTHER_PRIORITY


def _best_first(location: Location) -> int:
    return -location.priority


def _ranks(properties: Mapping[str, str]) -> Sequence[tuple[int, re.Pattern[str]]]:
    ranks = [_rank(key, text) for key, text in properties.items() if key.startswith(RANK_PROPERTY)]
    if not ranks:
        raise InputError(
            "property pegasus.selector.replica is Regex, but no pattern ranks the replicas: add "
            f"{RANK_PROPERTY}1=file:///.* and further ranks"
        )
    return sorted(ranks, key=lambda rank: rank[0])


def _rank(key: str, text: str) -> tuple[int, re.Pattern[str]]:
    number = key.removeprefix(RANK_PROPERTY)
    if not number.isdecimal():
        raise InputError(f"property {key}: {number!r} is no rank; a rank is a whole number, 1 is the best")
    try:
        return int(number), re.compile(text)
    except re.error as error:
        raise InputError(f"property {key}: {text!r} is no regular expression: {error}") from None
