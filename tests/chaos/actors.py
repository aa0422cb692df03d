"""Who takes part in a campaign beside the services: producers, followers, and somebody who rebuilds views."""

import signal
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eventlog.errors import UnavailableError
from tests.chaos.campaign import Strike
from tests.chaos.processes import COMMAND, Process
from tests.chaos.stories import story

UNAVAILABLE = UnavailableError.exit_code


@dataclass(frozen=True, slots=True)
class Told:
    """How far a producer is: whole stories, and acknowledged events of the next one."""

    stories: int = 0
    events: int = 0


class _Acting(ABC):
    """A process that is killed or hangs, and begins anew."""

    weight = 4

    def __init__(self, process: Process) -> None:
        self._process = process

    @property
    def name(self) -> str:
        """Its process'."""
        return self._process.name

    def strikes(self) -> Sequence[Strike]:
        """Killed mostly, and sometimes only kept from running for a while."""
        return (
            Strike("kill", 4, self.kill, self.start),
            Strike("hang", 1, lambda: self._process.signal(signal.SIGSTOP), self._wake),
        )

    @abstractmethod
    def start(self) -> None:
        """Begin a life."""

    def kill(self) -> None:
        """End this life for good."""
        self._process.kill()

    def _wake(self) -> None:
        self._process.signal(signal.SIGCONT)


class Producer(_Acting):
    """Tells its stories; what was not acknowledged in one life it tells again in the next."""

    def __init__(self, process: Process) -> None:
        super().__init__(process)
        self._enough = process.out.with_suffix(".enough")

    def start(self) -> None:
        """Go on behind the last acknowledged event."""
        told = self.told()
        place = self.name, str(told.stories), str(told.events), str(self._enough)
        self._process.start("-m", "tests.chaos.programs.produce", *place)

    def tend(self) -> None:
        """It never ends by itself."""
        code = self._process.ended()
        if code is not None:
            self._process.require(code, ())

    def told(self) -> Told:
        """What it was told is kept, in the log or in the spool."""
        lines = self._process.out.read_text().splitlines()
        if not lines:
            return Told()
        number, events, _ = lines[-1].split()
        whole = int(events) == len(story(self.name, int(number)))
        return Told(int(number) + 1) if whole else Told(int(number), int(events))

    def spooled(self) -> int:
        """How many parts of its stories went to the spool."""
        return self._process.out.read_text().count("Spooled")

    def finish(self) -> None:
        """Let it end its story."""
        self._enough.touch()
        self._process.require(self._process.wait(90), (0,))


class Follower(_Acting):
    """``hoofprint views follow``."""

    weight = 6

    def start(self) -> None:
        """Follow."""
        self._process.start(*COMMAND, "views", "follow")

    def tend(self) -> None:
        """Where log or views are away when it starts it ends, as a service that is started again."""
        code = self._process.ended()
        if code is not None:
            self._process.require(code, (UNAVAILABLE,))
            self.start()

    def finish(self) -> None:
        """Let it end the transaction that is under way, unless it began when views were away and ended."""
        code = self._process.ended()
        if code is not None:
            self._process.require(code, (UNAVAILABLE,))
            return
        self._process.signal(signal.SIGTERM)
        self._process.require(self._process.wait(60), (0,))


class Rebuilder(_Acting):
    """``hoofprint views rebuild`` of one group, over and over; the other stays as followers made it."""

    weight = 2

    def __init__(self, process: Process, group: str) -> None:
        super().__init__(process)
        self._group = group
        self.rebuilt = 0

    def start(self) -> None:
        """Rebuild, or go on with what was begun."""
        self._process.start(*COMMAND, "views", "rebuild", self._group, "--grace", "0")

    def tend(self) -> None:
        """When one is done the next follows."""
        code = self._process.ended()
        if code is not None:
            self._process.require(code, (0, UNAVAILABLE))
            self.rebuilt += code == 0
            self.start()

    def finish(self) -> None:
        """Let it end, and go on once more with what it may have left."""
        self._process.require(self._process.wait(300), (0, UNAVAILABLE))
        self.start()
        self._process.require(self._process.wait(300), (0,))
        self.rebuilt += 1


def call(process: Process, *arguments: str) -> None:
    """Run a command of ours to its end."""
    process.start(*COMMAND, *arguments)
    process.require(process.wait(120), (0,))


def host(folder: Path, base: Mapping[str, str]) -> dict[str, str]:
    """The environment of a host's processes; what the host keeps lies in its own folder."""
    return {**base, "HOOFPRINT_HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "HOOFPRINT_ARCHIVE": ""}
