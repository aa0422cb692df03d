"""Which jobs may start now: a value without clocks, processes or files.

The best ready job starts first: higher priority, then nearer to the roots, then earlier in the plan. A job
whose category has no room steps aside for others; a job that does not fit the free cores does not: later,
smaller jobs would keep it waiting for ever. A job that asks for more cores than there are gets all of them.
"""

import heapq
from collections.abc import Mapping, Sequence
from enum import IntEnum

from monitor.progress import JobCounts
from planner.executable import PlannedJob


class JobState(IntEnum):
    """Where a job stands in this run."""

    WAITING = 0
    READY = 1
    RUNNING = 2
    SUCCEEDED = 3
    FAILED = 4
    CUT_OFF = 5


class Schedule:
    """The jobs of one plan with their order, places and retries."""

    def __init__(self, jobs: Sequence[PlannedJob], throttles: Mapping[str, int], cores: int) -> None:
        self._jobs = jobs
        self._cores = cores
        self._free = cores
        self._throttles = throttles
        self._in_category: dict[str, int] = {}
        self._states = [JobState.WAITING] * len(jobs)
        self._counts = [0] * len(JobState)
        self._counts[JobState.WAITING] = len(jobs)
        self._missing = [len(set(job.parents)) for job in jobs]
        self._children = _children(jobs)
        self._levels = _levels(jobs)
        self._failures = [0] * len(jobs)
        self._queues: dict[str, list[tuple[int, int, int]]] = {}
        for position, missing in enumerate(self._missing):
            if missing == 0:
                self._make_ready(position)

    def state(self, position: int) -> JobState:
        """Where a job stands."""
        return self._states[position]

    def failures(self, position: int) -> int:
        """How often a job failed so far."""
        return self._failures[position]

    def counts(self) -> JobCounts:
        """How many jobs stand where."""
        return JobCounts(
            total=len(self._jobs),
            succeeded=self._counts[JobState.SUCCEEDED],
            failed=self._counts[JobState.FAILED],
            running=self._counts[JobState.RUNNING],
            ready=self._counts[JobState.READY],
            waiting=self._counts[JobState.WAITING],
            cut_off=self._counts[JobState.CUT_OFF],
        )

    def restore(self, position: int, *, succeeded: bool, failures: int) -> None:
        """Take over what an earlier engine brought about, before anything starts."""
        self._failures[position] = failures
        if succeeded:
            self._set(position, JobState.SUCCEEDED)
            self._release_children(position)
        elif failures > self._jobs[position].retries:
            self._set(position, JobState.FAILED)

    def start(self, position: int) -> None:
        """A ready job takes its place, by the caller's choice: an attempt that runs already."""
        self._occupy(position)

    def start_next(self) -> int | None:
        """The job that shall start now, its place taken; None where none may."""
        position = self._best()
        if position is None or self._weight(position) > self._free:
            return None
        heapq.heappop(self._queues[self._jobs[position].category])
        self._occupy(position)
        return position

    def succeed(self, position: int) -> None:
        """A running job ended well; its children may become ready."""
        self._leave(position, JobState.SUCCEEDED)
        self._release_children(position)

    def fail(self, position: int) -> bool:
        """A running job's attempt failed; True where it is tried again."""
        self._failures[position] += 1
        if self._failures[position] > self._jobs[position].retries:
            self._leave(position, JobState.FAILED)
            return False
        self.repeat(position)
        return True

    def repeat(self, position: int) -> None:
        """A running job's attempt was lost through no fault of its own: it is ready again."""
        self._leave(position, JobState.WAITING)
        self._make_ready(position)

    def cut_off(self, position: int) -> None:
        """A running job was told to stop, and stays stopped in this run."""
        self._leave(position, JobState.CUT_OFF)

    def _best(self) -> int | None:
        heads = []
        for category, queue in self._queues.items():
            self._drop_stale(queue)
            if queue and self._has_room(category):
                heads.append(queue[0])
        return min(heads)[2] if heads else None

    def _drop_stale(self, queue: list[tuple[int, int, int]]) -> None:
        # Jobs that were restored or started by choice still lie here: nothing leaves a heap from within.
        while queue and self._states[queue[0][2]] is not JobState.READY:
            heapq.heappop(queue)

    def _has_room(self, category: str) -> bool:
        most = self._throttles.get(category) if category else None
        return not most or self._in_category.get(category, 0) < most

    def _weight(self, position: int) -> int:
        return max(1, min(self._jobs[position].cores, self._cores))

    def _occupy(self, position: int) -> None:
        category = self._jobs[position].category
        self._set(position, JobState.RUNNING)
        self._free -= self._weight(position)
        self._in_category[category] = self._in_category.get(category, 0) + 1

    def _leave(self, position: int, state: JobState) -> None:
        self._set(position, state)
        self._free += self._weight(position)
        self._in_category[self._jobs[position].category] -= 1

    def _release_children(self, position: int) -> None:
        for child in self._children[position]:
            self._missing[child] -= 1
            if self._missing[child] == 0 and self._states[child] is JobState.WAITING:
                self._make_ready(child)

    def _make_ready(self, position: int) -> None:
        job = self._jobs[position]
        self._set(position, JobState.READY)
        queue = self._queues.setdefault(job.category, [])
        heapq.heappush(queue, (-job.priority, self._levels[position], position))

    def _set(self, position: int, state: JobState) -> None:
        self._counts[self._states[position]] -= 1
        self._counts[state] += 1
        self._states[position] = state


def _children(jobs: Sequence[PlannedJob]) -> list[list[int]]:
    children: list[list[int]] = [[] for _ in jobs]
    for position, job in enumerate(jobs):
        for parent in set(job.parents):
            children[parent].append(position)
    return children


def _levels(jobs: Sequence[PlannedJob]) -> list[int]:
    levels: list[int] = []
    for job in jobs:
        levels.append(1 + max((levels[parent] for parent in job.parents), default=-1))
    return levels
