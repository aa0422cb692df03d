"""DAGMan's own log (``.dag.dagman.out``), line by line, of HTCondor 7 to 25."""

import re
import sys
from collections.abc import Callable, Iterator
from datetime import datetime

from monitor.pegasus.submit_directory.braindump import parse_stamp
from monitor.pegasus.submit_directory.local_time import LocalClock
from monitor.pegasus.submit_directory.occurrences import (
    DagmanAborted,
    DagmanAnnounced,
    DagmanFinished,
    DagmanStarted,
    DagmanVersion,
    JobHeldBecause,
    JobOccurrence,
    Occurrence,
    SubmissionFailed,
)

_STAMP = re.compile(r"\s*(\d{1,2})/(\d{1,2})(?:/(\d\d|\d{4}))?\s+(\d{1,2}):(\d\d):(\d\d)(?:\.\d+)?")
_ISO_STAMP = re.compile(
    r"\s*(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,]\d+)?(Z|[+-]\d\d:?\d\d)?", re.IGNORECASE
)
_EPOCH_STAMP = re.compile(r"\s*(?:\((\d{9,11})\)|(\d{9,11})(?:\.\d+)?)(?=\s)")
_EVENT_STAMP = re.compile(r"\{(\d{1,2})/(\d{1,2})/(\d\d|\d{4}) (\d\d):(\d\d):(\d\d)\}")
_HALF_A_YEAR = 6
_CATEGORIES = re.compile(r"(?:\s*\([A-Za-z_]+[^)]*\)(?=\s))*\s*")
_EVENT = re.compile(
    r"Event:\s+ULOG_(\S+) for (?:HT)?Condor (?:Job|Node) (\S+)\s+\((-?\d+\.-?\d+)(?:\.-?\d+)?\)"
)
_SUBMITTING = re.compile(r"Submitting (?:HT)?Condor Node (\S+) job")
_SCRIPT_RUNS = re.compile(r"Running (PRE|POST) script of (?:Job|Node) (.+?)\.\.\.")
_SCRIPT_DONE = re.compile(
    r"(PRE|POST) Script of (?:Job|[nN]ode) (\S+) "
    r"(?:(completed successfully\.)|failed with status\s+(-?\d+)|died on signal (\d+))"
)
_JOB_DONE = re.compile(
    r"Node (\S+) job proc \(([0-9.]+)\) "
    r"(?:(completed successfully\.)|failed with (?:status|signal)\s+(-?\d+)\.)"
)
_ANNOUNCED = re.compile(r"\*\* condor_(?:scheduniv_exec\.([\d.]+)|dagman) \(CONDOR_DAGMAN\) STARTING UP")
_VERSION = re.compile(r"\*\* \$CondorVersion: (\d+)\.(\d+)\.(\d+)")
_FINISHED = re.compile(r"\*\*\*\* .*\(condor_DAGMAN\)[\w\s]+EXITING WITH STATUS (-?\d+)$")
_PARSING = re.compile(r"Parsing (?!\d+ dagfiles)(.+) \.\.\.$")
_RECOVERY_BEGINS, _RECOVERY_ENDS = "Running in RECOVERY mode...", "...done with RECOVERY mode"
_OF_A_JOB = {
    "Even": _EVENT,
    "Subm": _SUBMITTING,
    "Runn": _SCRIPT_RUNS,
    "PRE ": _SCRIPT_DONE,
    "POST": _SCRIPT_DONE,
    "Node": _JOB_DONE,
}
"""How a line begins that speaks of a job, and what it says."""
_TELLING = frozenset((*_OF_A_JOB, "** c", "** $", "****", "Pars", "...d", "ERRO", "Rece", "Hold"))


class DagmanLogParser:
    """Turns lines into occurrences; keeps the line number, and whether DAGMan replays old events.

    ``clock`` reads the local times. Stamps without a year are of the ``year`` (and ``month``) in which the
    log begins, and of the next one where a year ends.
    """

    def __init__(self, clock: LocalClock, year: int, month: int = 1) -> None:
        self._clock = clock
        self._year, self._month = year, month
        self._recovering = False
        self._starts_at_parsing = True
        self.line = 0

    def parse(self, line: str) -> Occurrence | None:
        """What the line says of the run, if anything."""
        self.line += 1
        if _says_nothing(line):
            return None
        stamp = _STAMP.match(line) or _ISO_STAMP.match(line) or _EPOCH_STAMP.match(line)
        if stamp is None:
            return None
        text = line[stamp.end() :]
        text = text[_CATEGORIES.match(text).end() :].rstrip()  # type: ignore[union-attr]
        return self._occurrence(text, lambda: self._time(stamp, text))

    def ends_run(self, line: str) -> bool:
        """Whether a line, be its end not written yet, says that DAGMan ended."""
        return _FINISHED.search(line.rstrip()) is not None

    def _occurrence(self, text: str, time: Callable[[], int]) -> Occurrence | None:
        if self._recovering:
            self._recovering = not text.startswith(_RECOVERY_ENDS)
            return None
        if text.startswith(_RECOVERY_BEGINS):
            # What follows was said before DAGMan was interrupted.
            self._recovering = True
            return None
        opening = text[:4]
        if opening in _OF_A_JOB:
            return self._of_a_job(_OF_A_JOB[opening], text, time)
        return self._of_dagman(text, time) if opening in _TELLING else None

    def _of_a_job(self, form: re.Pattern[str], text: str, time: Callable[[], int]) -> Occurrence | None:
        match = form.match(text)
        if match is None:
            return None
        if form is _EVENT:
            return JobOccurrence(time(), self.line, match[2], match[1], match[3])
        if form is _SUBMITTING:
            return JobOccurrence(time(), self.line, match[1], "DAGMAN_SUBMIT")
        if form is _SCRIPT_RUNS:
            return JobOccurrence(time(), self.line, match[2], f"{match[1]}_SCRIPT_STARTED")
        if form is _SCRIPT_DONE:
            return JobOccurrence(time(), self.line, match[2], *_ended(f"{match[1]}_SCRIPT", match))
        state, _, status = _ended("JOB", match)
        return JobOccurrence(time(), self.line, match[1], state, match[2], status)

    def _of_dagman(self, text: str, time: Callable[[], int]) -> Occurrence | None:
        if text.startswith("ERROR: submit attempt failed"):
            return SubmissionFailed(time(), self.line)
        if text.startswith("Hold reason:"):
            return JobHeldBecause(time(), self.line, text[len("Hold reason:") :])
        if text.startswith("Received SIGUSR1"):
            return DagmanAborted(time(), self.line)
        if match := _FINISHED.match(text):
            return DagmanFinished(time(), self.line, int(match[1]))
        if match := _ANNOUNCED.match(text):
            self._starts_at_parsing = True
            return DagmanAnnounced(time(), self.line, match[1])
        if match := _VERSION.match(text):
            return DagmanVersion(time(), self.line, (int(match[1]), int(match[2]), int(match[3])))
        if self._starts_at_parsing and _PARSING.match(text):
            self._starts_at_parsing = False
            return DagmanStarted(time(), self.line)
        return None

    def _time(self, stamp: re.Match[str], text: str) -> int:
        """Of an event the moment it happened, else the moment the line was written."""
        own = _EVENT_STAMP.search(text) if text.startswith("Event") else None
        if own is not None:
            return self._local(*own.groups())
        if stamp.re is _STAMP:
            return self._local(*stamp.groups())
        if stamp.re is _EPOCH_STAMP:
            return int(stamp[1] or stamp[2]) * 1_000_000
        return self._iso(stamp)

    def _local(self, month: str, day: str, year: str | None, *clock: str) -> int:
        number = int(month)
        if year is not None:
            self._year = int(year) + (2000 if len(year) == 2 else 0)
        elif abs(number - self._month) > _HALF_A_YEAR:
            self._year += 1 if number < self._month else -1
        self._month = number
        hour, minute, second = map(int, clock)
        return self._clock.microseconds(self._year, number, int(day), hour, minute, second)

    def _iso(self, stamp: re.Match[str]) -> int:
        aware = parse_stamp(f"{stamp[1]}T{stamp[2]}{stamp[3].upper()}") if stamp[3] else None
        if aware is not None:
            return round(aware.timestamp()) * 1_000_000
        naive = datetime.fromisoformat(f"{stamp[1]}T{stamp[2]}")
        return self._clock.microseconds(
            naive.year, naive.month, naive.day, naive.hour, naive.minute, naive.second
        )


def _says_nothing(line: str) -> bool:
    """Whether a look is enough: the usual stamp is 18 characters wide, and few lines speak of a job."""
    if line[17:18] != " " or line[8:9] != " ":
        return False
    opening = line[18:22]
    if opening in _TELLING or opening[:1] == "(":
        return False
    return opening[:1] not in (" ", "\t") or "Hold reason" not in line


def _ended(what: str, match: re.Match[str]) -> tuple[str, None, int]:
    if match[3] is not None:
        return sys.intern(f"{what}_SUCCESS"), None, 0
    status = match[4] if match[4] is not None else f"-{match[5]}"
    return sys.intern(f"{what}_FAILURE"), None, int(status)


def parse_lines(parser: DagmanLogParser, lines: Iterator[str]) -> Iterator[Occurrence]:
    """The occurrences of lines; a line whose time is none says nothing."""
    for line in lines:
        try:
            occurrence = parser.parse(line)
        except ValueError:
            continue
        if occurrence is not None:
            yield occurrence
