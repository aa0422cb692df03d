"""Reads back what was said about one run, as far as an engine needs it to go on."""

from collections.abc import Iterator

from eventlog.codec import Codec
from eventlog.facts import Fact
from eventlog.log import EventLog, read_all
from eventlog.redaction import is_tombstone
from eventlog.spool import SpoolingLog
from monitor.plan_state import FOLDED, PlanState
from planner.executable import PlanHeader

_TYPES = frozenset(fact.__name__ for fact in FOLDED)


def read_state(log: EventLog, header: PlanHeader) -> PlanState:
    """The state of the run that the log tells of; raises what the log raises."""
    if isinstance(log, SpoolingLog):
        # An earlier engine's last words may still wait here: without them its jobs would be run again.
        log.settle(header.root)
    state = PlanState()
    state.fold(_facts(log, header))
    return state


def _facts(log: EventLog, header: PlanHeader) -> Iterator[tuple[Fact, int]]:
    codec = Codec(log)
    for record in read_all(log, key=header.root):
        # Records are chosen by the envelope, so that a large plan's declarations are never decoded.
        if record.type not in _TYPES or is_tombstone(record.body):
            continue
        if record.subject.partition("/")[0] == header.run:
            yield codec.decode(record).fact, record.time
