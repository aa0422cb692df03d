"""Job ids and declared edges while a workflow is read."""

import re
from collections.abc import Sequence

from planner.formats.problems import suggest

_LONGEST_NAME = 200
# Looking for a near name among many is slow, and the first few tell what went wrong.
_MOST_HINTS = 3
_MOST_CANDIDATES = 20_000
_job_id = re.compile(r"[^\s/\x00-\x1f\x7f]+").fullmatch
_workflow_name = re.compile(r"[^/\x00-\x1f\x7f]+").fullmatch


def check_job_id(job_id: str) -> str | None:
    """Return why the id cannot name a job's files, None when it can."""
    if not _job_id(job_id) or job_id in (".", ".."):
        return f"job id {job_id!r}: one word without blanks and slashes is wanted"
    return _too_long("job id", job_id)


def check_workflow_name(name: str) -> str | None:
    """Return why the name cannot name a workflow's directory, None when it can."""
    if not _workflow_name(name) or name in (".", ".."):
        return f"workflow name {name!r}: one line of text without slashes is wanted"
    return _too_long("workflow name", name)


def _too_long(what: str, name: str) -> str | None:
    if len(name) <= _LONGEST_NAME:
        return None
    return f'{what} "{name[:20]}…" has {len(name)} characters; at most {_LONGEST_NAME} are allowed'


class JobGraph:
    """Jobs by id, and edges between them as positions; an edge told twice counts once."""

    def __init__(self) -> None:
        self._positions: dict[str, int] = {}
        self._lines: list[int] = []
        self._edges: dict[tuple[int, int], None] = {}
        self._unknown = 0

    def add_job(self, job_id: str, line: int) -> str | None:
        """Add the next job; return what is wrong when its id is taken."""
        position = self._positions.setdefault(job_id, len(self._lines))
        repeated = position < len(self._lines)
        self._lines.append(line)
        return f"this id is given twice, first on line {self._lines[position]}" if repeated else None

    def add_edge(self, parent: str, child: str) -> str | None:
        """Add an edge; return what is wrong when one of the jobs is unknown."""
        first, second = self._positions.get(parent), self._positions.get(child)
        if first is None or second is None:
            return self._unknown_job(parent if first is None else child)
        self._edges[first, second] = None
        return None

    def edges(self) -> Sequence[tuple[int, int]]:
        """Return the edges as (parent, child), in the order in which they were told."""
        return tuple(self._edges)

    def _unknown_job(self, job_id: str) -> str:
        self._unknown += 1
        helpful = self._unknown <= _MOST_HINTS and len(self._positions) <= _MOST_CANDIDATES
        hint = suggest(job_id, self._positions) if helpful else ""
        return f'there is no job "{job_id}"{hint}'
