"""What can have happened: one frozen dataclass per event type, in four families.

Field conventions, the same in every family:

* ``run`` is the workflow run's id (a UUID as text); ``job`` the name of a job of the executable
  workflow; ``attempt`` counts that job's tries from 1; ``ordinal`` counts facts of one type within
  one attempt from 0; ``revision`` is raised by a reader that corrects what it said before.
* times are integer microseconds since the Unix epoch, UTC; durations integer microseconds; sizes bytes.
* ``*_raw`` exit codes are raw wait statuses (exit code << 8 | signal), as Pegasus records them.
"""

from eventlog.construction import made_fast
from eventlog.facts.data import (
    ChecksumComputed,
    ChecksumVerified,
    FileRegistered,
    FileRemoved,
    ReuseInvalidated,
    TransferFinished,
)
from eventlog.facts.knowledge import MetadataRegistered, MetadataRetracted, Tag, Tagged
from eventlog.facts.planning import (
    Edge,
    FileDeclared,
    FilesDeclared,
    JobPlanned,
    JobsPlanned,
    JobsReused,
    PlanFailed,
    PlanStarted,
    ReusedFile,
    TaskDeclared,
    TasksDeclared,
    WorkflowPlanned,
)
from eventlog.facts.running import (
    Host,
    InvocationRecorded,
    JobAborted,
    JobEvicted,
    JobFinished,
    JobHeld,
    JobNoted,
    JobReleased,
    JobStarted,
    JobSubmitted,
    RunFinished,
    RunStarted,
    ScriptFinished,
)

_ALL = (
    PlanStarted,
    TasksDeclared,
    FilesDeclared,
    JobsPlanned,
    JobsReused,
    WorkflowPlanned,
    PlanFailed,
    RunStarted,
    RunFinished,
    JobSubmitted,
    JobStarted,
    JobHeld,
    JobReleased,
    JobEvicted,
    JobAborted,
    JobFinished,
    JobNoted,
    ScriptFinished,
    InvocationRecorded,
    TransferFinished,
    ChecksumComputed,
    ChecksumVerified,
    FileRegistered,
    FileRemoved,
    ReuseInvalidated,
    MetadataRegistered,
    MetadataRetracted,
)

for _record in (*_ALL, Edge, FileDeclared, Host, JobPlanned, ReusedFile, Tag, Tagged, TaskDeclared):
    made_fast(_record)

Fact = (
    PlanStarted
    | TasksDeclared
    | FilesDeclared
    | JobsPlanned
    | JobsReused
    | WorkflowPlanned
    | PlanFailed
    | RunStarted
    | RunFinished
    | JobSubmitted
    | JobStarted
    | JobHeld
    | JobReleased
    | JobEvicted
    | JobAborted
    | JobFinished
    | JobNoted
    | ScriptFinished
    | InvocationRecorded
    | TransferFinished
    | ChecksumComputed
    | ChecksumVerified
    | FileRegistered
    | FileRemoved
    | ReuseInvalidated
    | MetadataRegistered
    | MetadataRetracted
)

FACT_TYPES: dict[str, type[Fact]] = {fact.__name__: fact for fact in _ALL}
"""Every event type by its name, in the order in which a run brings them forth."""

__all__ = [
    "FACT_TYPES",
    "ChecksumComputed",
    "ChecksumVerified",
    "Edge",
    "Fact",
    "FileDeclared",
    "FileRegistered",
    "FileRemoved",
    "FilesDeclared",
    "Host",
    "InvocationRecorded",
    "JobAborted",
    "JobEvicted",
    "JobFinished",
    "JobHeld",
    "JobNoted",
    "JobPlanned",
    "JobReleased",
    "JobStarted",
    "JobSubmitted",
    "JobsPlanned",
    "JobsReused",
    "MetadataRegistered",
    "MetadataRetracted",
    "PlanFailed",
    "PlanStarted",
    "ReuseInvalidated",
    "ReusedFile",
    "RunFinished",
    "RunStarted",
    "ScriptFinished",
    "Tag",
    "Tagged",
    "TaskDeclared",
    "TasksDeclared",
    "TransferFinished",
    "WorkflowPlanned",
]
