"""``jobstate.log``: what a monitor of Pegasus noted, for where DAGMan's own log is gone."""

from collections.abc import Iterator

from monitor.pegasus.submit_directory.occurrences import (
    DagmanAnnounced,
    DagmanFinished,
    DagmanStarted,
    JobOccurrence,
    Occurrence,
)

_SECOND = 1_000_000
_FROM_DAGMAN_SUBMIT = frozenset(("SUBMIT", "SUBMIT_FAILED"))


class JobstateParser:
    """Turns lines (``epoch job STATE id|status site walltime sequence``) into occurrences."""

    def __init__(self) -> None:
        self.line = 0
        self._last: tuple[str, str] = ("", "")

    def parse(self, line: str) -> Iterator[Occurrence]:
        """What a line says happened; one that is not of this form says nothing."""
        self.line += 1
        words = line.split()
        if len(words) < 5 or not words[0].isdecimal():
            return
        time = int(words[0]) * _SECOND
        if words[1] == "INTERNAL":
            yield from self._internal(time, words)
        elif len(words) >= 7 and words[2] != "PRE_SCRIPT_TERMINATED":
            yield from self._of_a_job(time, words)

    def _internal(self, time: int, words: list[str]) -> Iterator[Occurrence]:
        if words[3] == "DAGMAN_STARTED":
            yield DagmanAnnounced(time, self.line, words[4] if words[4] != "None" else None)
            yield DagmanStarted(time, self.line)
        elif words[3] == "DAGMAN_FINISHED":
            yield DagmanFinished(time, self.line, _number(words[4]) or 0)

    def _of_a_job(self, time: int, words: list[str]) -> Iterator[Occurrence]:
        job, state, fourth, sequence = words[1], words[2], words[3], words[-1]
        if state in _FROM_DAGMAN_SUBMIT and self._last != (job, sequence):
            yield JobOccurrence(time, self.line, job, "DAGMAN_SUBMIT")
        self._last = (job, sequence)
        if state.endswith(("_SUCCESS", "_FAILURE")):
            yield JobOccurrence(time, self.line, job, state, None, _number(fourth) or 0)
        else:
            yield JobOccurrence(time, self.line, job, state, fourth if fourth != "-" else None)


def _number(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None
