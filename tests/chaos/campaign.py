"""The campaign: strikes actors at random moments, mends them later, and says what it does."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Strike:
    """One way to hit an actor, so often among its ways; ``mend`` undoes it some steps later."""

    name: str
    weight: int
    hit: Callable[[], object]
    mend: Callable[[], object]


class Actor(Protocol):
    """Somebody who takes part and can be hit."""

    @property
    def name(self) -> str:
        """Who it is."""
        ...

    @property
    def weight(self) -> int:
        """How often it is chosen among the others."""
        ...

    def strikes(self) -> Sequence[Strike]:
        """The ways to hit it, always the same in the same order."""
        ...

    def tend(self) -> None:
        """Go on where it ended as it may; raises EndedError where it ended as it may not."""
        ...


@dataclass
class Campaign:
    """So many strikes at these actors; the seed decides who is hit, how, and when it is mended."""

    actors: Sequence[Actor]
    seed: int
    strikes: int
    pause: float = 0.8

    def run(self) -> None:
        """Strike, and mend everything in the end."""
        chance = random.Random(self.seed)
        cards, down = self._shuffled(chance), dict[str, tuple[int, Strike]]()
        for step in range(self.strikes):
            time.sleep(chance.uniform(0.0, self.pause))
            self._mend(down, step)
            self._tend(down)
            if all(card[0] in down for card in cards):
                self._mend(down, self.strikes + 3)
            # whoever is down already is hit later
            name, strike = cards.pop(next(n for n, card in enumerate(cards) if card[0] not in down))
            down[name] = (step + chance.randint(1, 3), strike)
            print(f"{step:4} {name}: {strike.name}", flush=True)
            strike.hit()
        self._mend(down, self.strikes + 3)
        self._tend(down)

    def _shuffled(self, chance: random.Random) -> list[tuple[str, Strike]]:
        """The strikes to come: every way once, the others by weight; some more than are needed."""
        ways = [(actor, strike) for actor in self.actors for strike in actor.strikes()]
        weights = [a.weight * s.weight / sum(one.weight for one in a.strikes()) for a, s in ways]
        others = chance.choices(ways, weights, k=max(0, self.strikes - len(ways)))
        cards = [(actor.name, strike) for actor, strike in (*ways, *others)]
        chance.shuffle(cards)
        return cards + [(actor.name, strike) for actor, strike in ways]

    def _mend(self, down: dict[str, tuple[int, Strike]], step: int) -> None:
        for name, (until, strike) in list(down.items()):
            if until <= step:
                del down[name]
                strike.mend()

    def _tend(self, down: dict[str, tuple[int, Strike]]) -> None:
        for actor in self.actors:
            if actor.name not in down:
                actor.tend()
