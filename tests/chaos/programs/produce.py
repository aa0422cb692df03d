"""Tells story after story to the log of the settings, and prints a line for each acknowledged part.

python -m tests.chaos.programs.produce NAME STORY EVENT ENOUGH; it begins with that event of that story, and
ends behind a story when there is a file ENOUGH.
"""

import os
import random
import sys
import time
from itertools import count
from pathlib import Path

from eventlog.errors import UnavailableError
from eventlog.event import Event
from eventlog.log import EventLog
from hoofprint.app.house import House
from hoofprint.app.settings import resolve
from tests.chaos.stories import story

PACE = 0.03


def tell(log: EventLog, events: tuple[Event, ...]) -> str:
    """Append for as long as it takes; where the events are then."""
    while True:
        try:
            return type(log.append(events)).__name__
        except UnavailableError as error:
            print(error, file=sys.stderr, flush=True)
            time.sleep(PACE)


def main(name: str, number: int, told: int, enough: Path) -> None:
    house = House(resolve({}, os.environ))
    for current in count(number):
        events, chance = story(name, current), random.Random(f"{name} {current}")
        while told < len(events):
            part = events[told : told + chance.randint(1, 20)]
            outcome = tell(house.log, part)
            told += len(part)
            print(current, told, outcome, flush=True)
            time.sleep(PACE)
        told = 0
        if enough.exists():
            break
    house.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
