"""What a log of DAGMan says happened: one value a line that says something of the run."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class JobOccurrence:
    """A job came into ``state`` (a word of jobstate.log, or DAGMAN_SUBMIT).

    ``time`` is in microseconds, ``status`` an exit code as DAGMan says it, ``line`` counts from 1.
    """

    time: int
    line: int
    job: str
    state: str
    scheduler_id: str | None = None
    status: int | None = None


@dataclass(frozen=True, slots=True)
class JobHeldBecause:
    """Why the job that was held last was held."""

    time: int
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class SubmissionFailed:
    """The submission that was tried last was refused."""

    time: int
    line: int


@dataclass(frozen=True, slots=True)
class DagmanAnnounced:
    """A DAGMan began to write: it has not read the DAG yet. Its id in the queue, where it says so."""

    time: int
    line: int
    scheduler_id: str | None


@dataclass(frozen=True, slots=True)
class DagmanStarted:
    """DAGMan reads the DAG: the workflow starts."""

    time: int
    line: int


@dataclass(frozen=True, slots=True)
class DagmanVersion:
    """The version of HTCondor that writes the log."""

    time: int
    line: int
    version: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class DagmanAborted:
    """DAGMan was told to stop."""

    time: int
    line: int


@dataclass(frozen=True, slots=True)
class DagmanFinished:
    """DAGMan ended with ``status``."""

    time: int
    line: int
    status: int


Occurrence = (
    JobOccurrence
    | JobHeldBecause
    | SubmissionFailed
    | DagmanAnnounced
    | DagmanStarted
    | DagmanVersion
    | DagmanAborted
    | DagmanFinished
)
