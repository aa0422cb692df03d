"""Who plays where, and one campaign from its beginning to the questions at its end."""

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from eventlog.opening import open_log
from projections.store import ViewStore
from tests.chaos import findings
from tests.chaos.actors import Follower, Producer, Rebuilder, call, host
from tests.chaos.campaign import Actor, Campaign
from tests.chaos.processes import Process

_FOLLOWED_WITHIN = 90.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where log and views lie, as processes are told and as the questions at the end are asked.

    ``hasty`` is the log for a producer that spools soon, ``spools`` whether there is a spool at all.
    """

    folder: Path
    log: str
    hasty: str
    views: str
    direct_views: str
    spools: bool

    @property
    def settings(self) -> dict[str, str]:
        """Where a patient process finds log and views."""
        return {"HOOFPRINT_LOG": self.log, "HOOFPRINT_VIEWS": self.views}

    @classmethod
    def in_files(cls, folder: Path) -> "Place":
        """On one host, in SQLite."""
        log, views = f"sqlite:{folder / 'log.db'}", str(folder / "views")
        return cls(folder, log, log, views, views, spools=False)


class Cast:
    """Two producers on one host; two followers and somebody who rebuilds a group on another."""

    def __init__(self, place: Place, rebuilt: str) -> None:
        self._place = place
        patient, hasty = self._host("outside", place.log), self._host("outside", place.hasty)
        inside = self._host("inside", place.log)
        self.producers = [
            Producer(Process("patient", place.folder, patient)),
            Producer(Process("hasty", place.folder, hasty)),
        ]
        self.followers = [
            Follower(Process(name, place.folder, inside)) for name in ("follower-1", "follower-2")
        ]
        self.rebuilder = Rebuilder(Process("rebuilder", place.folder, inside), rebuilt)
        self._drainer = Process("drainer", place.folder, patient)

    @property
    def actors(self) -> Sequence[Actor]:
        """Everybody."""
        return [*self.producers, *self.followers, self.rebuilder]

    @property
    def stories(self) -> dict[str, int]:
        """How many stories each producer has told to their end."""
        return {producer.name: producer.told().stories for producer in self.producers}

    def start(self) -> None:
        """Begin; log and views are there already."""
        for actor in (*self.producers, *self.followers, self.rebuilder):
            actor.start()

    def finish(self, until_followed: Callable[[], list[str]]) -> list[str]:
        """Let everybody end, in the order in which events flow; what is wrong then."""
        for producer in self.producers:
            producer.finish()
        if self._place.spools:
            call(self._drainer, "log", "drain")
        self.rebuilder.finish()
        for follower in self.followers:
            # the last strikes may have met one that had just begun
            follower.tend()
        wrong = until_followed()
        for follower in self.followers:
            follower.finish()
        return wrong

    def close(self) -> None:
        """End whoever is left."""
        for actor in (*self.producers, *self.followers, self.rebuilder):
            actor.kill()

    def _host(self, name: str, log: str) -> dict[str, str]:
        folder = self._place.folder / name
        folder.mkdir(exist_ok=True)
        return host(folder, {**os.environ, **self._place.settings, "HOOFPRINT_LOG": log})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a campaign came to: everything that is wrong, and a line about what happened."""

    wrong: Sequence[str]
    summary: str


def wage(place: Place, cast: Cast, campaign: Campaign) -> Outcome:
    """Run a campaign and ask everything that can be asked afterwards."""
    with ExitStack() as opened:
        opened.callback(cast.close)
        # made before anybody else opens them
        open_log(place.log).close()
        store = opened.enter_context(closing(ViewStore.open(place.direct_views)))
        cast.start()
        campaign.run()
        log = opened.enter_context(closing(open_log(place.log)))
        wrong = cast.finish(lambda: findings.behind(log, store, _FOLLOWED_WITHIN))
        stories = cast.stories
        wrong += findings.lost_or_overtaken(log, stories)
        wrong += findings.unlike_the_fold(log, store)
        wrong += findings.unlike_the_stories(store, stories, place.folder / "told")
        wrong += findings.left_behind(store, log.head().offsets)
        said = {path.name: path.read_text(errors="replace") for path in place.folder.glob("*.err")}
        wrong += findings.unexpected_words(said, ("Traceback",))
        spooled = sum(producer.spooled() for producer in cast.producers)
        summary = (
            f"{campaign.strikes} strikes, {sum(stories.values())} stories, {spooled} parts spooled, "
            f"{findings.duplicates(log)} duplicates in the log, {cast.rebuilder.rebuilt} rebuilds"
        )
        return Outcome(wrong, summary)
