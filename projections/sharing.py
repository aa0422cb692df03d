"""How followers share the partitions of a log, and how one that hangs loses its own to the others."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence

from projections.storage import Claims

Sign = tuple[int | None, ...]
"""What changes about a partition while somebody looks after it."""


class Share:
    """The partitions that one follower looks after; claims only spare work, what counts is the checkpoint."""

    def __init__(
        self, claims: Claims, *, hangs_after: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.partitions: set[int] = set()
        self._claims = claims
        self._hangs_after = hangs_after
        self._clock = clock
        # by this process' own clock: those of other hosts may be wrong
        self._unchanged_since: dict[int, tuple[Sign, float]] = {}

    def balance(self, partitions: Sequence[int]) -> None:
        """Take and give partitions until every follower has its share of these.

        Raises ClaimsLostError where other followers took this one's claims away.
        """
        share = -(-len(partitions) // self._claims.members())
        for partition in sorted(self.partitions, reverse=True)[: max(0, len(self.partitions) - share)]:
            self._claims.release(partition)
            self.partitions.discard(partition)
        for partition in partitions:
            if len(self.partitions) >= share:
                return
            if partition not in self.partitions and self._claims.take(partition):
                self.partitions.add(partition)

    def expel_hanging(self, signs: Mapping[int, Sign], waiting: Collection[int]) -> list[int]:
        """End the claims of whoever shows no sign of life though its partitions have news.

        ``signs`` are those of every partition, ``waiting`` the partitions with news. Returns the partitions
        that are free now.
        """
        now = self._clock()
        known = self._unchanged_since
        self._unchanged_since = {
            partition: known[partition] if known.get(partition, (None,))[0] == sign else (sign, now)
            for partition, sign in signs.items()
            if partition not in self.partitions
        }
        hanging = [
            partition
            for partition, (_, since) in sorted(self._unchanged_since.items())
            if partition in waiting and now - since >= self._hangs_after
        ]
        for partition in hanging:
            self._claims.expel(partition, idle=self._hangs_after / 2)
            del self._unchanged_since[partition]
        return hanging
