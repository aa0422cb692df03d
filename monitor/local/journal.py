"""What an engine says: kept until it must be durable, and known to the engine's own state at once."""

from eventlog.event import Event, Observer
from eventlog.facts import Fact
from eventlog.log import EventLog
from monitor.plan_state import PlanState


class Journal:
    """States facts about one run; ``state`` is the run as all of them tell it, said before or now."""

    def __init__(self, log: EventLog, observer: Observer, state: PlanState) -> None:
        self.state = state
        self.actor = observer.actor
        self._log = log
        self._observer = observer
        self._unsaid: list[Event] = []

    def say(self, fact: Fact, time: int) -> None:
        """State a fact that happened at ``time`` (microseconds since the epoch); durable with ``flush``."""
        self._unsaid.append(self._observer.event(fact, time))
        self.state.apply(fact, time)

    def flush(self) -> None:
        """Make durable all that was said, in the log or in its spool; raises what the log raises."""
        if self._unsaid:
            self._log.append(self._unsaid)
            self._unsaid = []
