"""Brings one file to its destination: source after source, try after try, until one is right."""

import os
from typing import Callable, NamedTuple, Optional, Set, Tuple

from worker.clock import Stopwatch, now
from worker.errors import Stopped, TransferFailed, UnreadableFile, WorkerError
from worker.integrity import Digest, Expectation, Mismatch, digest_of
from worker.landing import Landed, Request, discard
from worker.order import Replica, Transfer
from worker.places import path_of, scheme_of
from worker.protocols import Handler, choose
from worker.stopping import Stop

_FIRST_PAUSE = 0.5  # seconds; doubles with every further try
_LONGEST_PAUSE = 60.0

Chooser = Callable[[str, str, bool], Tuple[str, Handler]]


class Corruption(NamedTuple):
    """A copy that was not what was expected, and where it lay."""

    mismatch: Mismatch
    replica: Replica
    time: int
    duration: int


class Outcome(NamedTuple):
    """How a transfer ended: times in microseconds; `landed` is None when no source worked.

    `checking` is the time that went into reading the destination again; `left_out` says that the file is
    nowhere, which is fine.
    """

    transfer: Transfer
    source: Replica
    protocol: str
    landed: Optional[Landed]
    end: int
    duration: int
    checking: int
    tries: int
    message: Optional[str]
    corruptions: Tuple[Corruption, ...]
    left_out: bool


class Mover:
    """Carries out transfers, several times if need be."""

    def __init__(self, tries: int, umask: int, stop: Stop, choose_handler: Chooser = choose) -> None:
        self._tries = tries
        self._umask = umask
        self._stop = stop
        self._choose = choose_handler

    def carry_out(self, transfer: Transfer) -> Outcome:
        """Try the sources in their order, and all again after a pause; never raises but for Stopped."""
        journey = _Journey(transfer)
        for turn in range(self._tries):
            if turn:
                self._stop.pause(_pause(turn))
            for source in journey.hopeful():
                self._stop.check()
                if self._attempt(journey, source):
                    return journey.outcome()
            if journey.has_nothing_to_bring():
                break
        return journey.outcome()

    def _attempt(self, journey: "_Journey", source: Replica) -> bool:
        transfer = journey.transfer
        journey.sets_out(source)
        try:
            journey.protocol, handler = self._choose(source.url, transfer.destination.url, transfer.link)
            landed = handler(self._request(transfer, source))
            if transfer.role == "output":
                self._read_again(journey, landed.digest)
        except Stopped:
            raise
        except Mismatch as mismatch:
            journey.corrupted(mismatch, source)
        except TransferFailed as failure:
            journey.failed(str(failure), source, failure.hopeless, failure.missing)
        except (WorkerError, OSError) as failure:
            journey.failed(str(failure), source)
        else:
            journey.landed = landed
        return journey.landed is not None

    def _request(self, transfer: Transfer, source: Replica) -> Request:
        return Request(
            source=source.url,
            destination=path_of(transfer.destination.url),
            expected=Expectation(transfer.sha256, transfer.size),
            executable=transfer.executable,
            umask=self._umask,
            check=self._stop.check,
        )

    def _read_again(self, journey: "_Journey", sent: Digest) -> None:
        """Compare what lies at the destination with what was sent there."""
        destination = journey.transfer.destination
        path, watch = path_of(destination.url), Stopwatch()
        try:
            found = digest_of(path, self._stop.check)
        except UnreadableFile as error:
            raise TransferFailed("written, but cannot be read again: %s" % error) from None
        journey.checking = watch.elapsed()
        if found != sent:
            discard(path)
            raise Mismatch(Expectation(*sent), found, path)


class _Journey:
    """What has happened to one transfer so far."""

    def __init__(self, transfer: Transfer) -> None:
        self.transfer = transfer
        self.protocol = ""
        self.landed: Optional[Landed] = None
        self.checking = 0
        self._watch = Stopwatch()
        self._leg = self._watch
        self._source = transfer.sources[0]
        self._tries = 0
        self._message = ""
        self._hopeless: Set[Replica] = set()
        self._missing: Set[Replica] = set()
        self._corruptions: Tuple[Corruption, ...] = ()

    def hopeful(self) -> Tuple[Replica, ...]:
        """Give the sources that may still work."""
        return tuple(source for source in self.transfer.sources if source not in self._hopeless)

    def sets_out(self, source: Replica) -> None:
        """Note that a source is tried now."""
        self._source, self._leg = source, Stopwatch()
        self._missing.discard(source)
        self._tries += 1
        self.protocol = scheme_of(source.url)

    def failed(self, message: str, source: Replica, hopeless: bool = False, missing: bool = False) -> None:
        """Note why a source failed."""
        self._message = message
        if hopeless:
            self._hopeless.add(source)
        if missing:
            self._missing.add(source)

    def has_nothing_to_bring(self) -> bool:
        """Say whether the file is optional and nowhere; one whose digest is known was made and got lost."""
        transfer = self.transfer
        return transfer.optional and transfer.sha256 is None and self._missing >= set(transfer.sources)

    def corrupted(self, mismatch: Mismatch, source: Replica) -> None:
        """Note that the content was wrong; a file that lies on this machine will not change by itself."""
        self.failed(str(mismatch), source, hopeless=scheme_of(source.url) == "file")
        self._corruptions += (Corruption(mismatch, source, now(), self._leg.elapsed()),)

    def outcome(self) -> Outcome:
        """Sum up."""
        return Outcome(
            transfer=self.transfer,
            source=self._source,
            protocol=self.protocol,
            landed=self.landed,
            end=now(),
            duration=self._watch.elapsed(),
            checking=self.checking,
            tries=self._tries,
            message=None if self.landed is not None else self._message,
            corruptions=self._corruptions,
            left_out=self.landed is None and self.has_nothing_to_bring(),
        )


def _pause(turn: int) -> float:
    """Give the seconds before a further try: doubling, and scattered so that jobs do not march in step."""
    scatter = 0.5 + os.urandom(1)[0] / 255
    return float(min(_FIRST_PAUSE * 2 ** (turn - 1), _LONGEST_PAUSE)) * scatter
