"""One attempt of one job under way: what its phases need and what they have found so far."""

from typing import Dict, List, Optional, Set

from worker.clock import now
from worker.facts import Fact, Problem
from worker.integrity import Digest
from worker.launch import Execution
from worker.log import log
from worker.machine import Machine
from worker.order import Order
from worker.stopping import Stop


class Job:
    """The order, where it is carried out, and what has happened."""

    def __init__(self, order: Order, machine: Machine, stop: Stop, lock: Optional[int]) -> None:
        self.order = order
        self.machine = machine
        self.stop = stop
        self.lock = lock
        self.facts: List[Fact] = []
        self.executions: List[Execution] = []
        self.digests: Dict[str, Digest] = {}
        self.left_out: Set[str] = set()  # optional files that nobody made
        self.metadata: Optional[str] = None

    def problem(self, phase: str, message: str) -> None:
        """Record what went wrong, and say so on stderr."""
        self.facts.append(Problem(now(), phase, message))
        log("%s: %s: %s" % (self.order.job, phase, message))
