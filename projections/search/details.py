"""What a page of files is shown with: replicas and tags, each kind loaded for all of them at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection

from projections.answers.files import Replica, replicas_of_files
from projections.answers.tags import FileTags, TagValue, tags_of_files
from projections.search.cursors import FileKey
from projections.search.files import FoundFile

FoundReplica = Replica


class Level(StrEnum):
    """Whose tag it is: the file's own, of the task or job that made it, or of its run's workflow."""

    OWN = "own"
    JOB = "job"
    WORKFLOW = "workflow"


@dataclass(frozen=True, slots=True)
class FoundTag:
    """A tag that counts for a file; ``target`` is what was tagged: file, task, job, run or workflow.

    ``type``, ``text`` and ``number`` as in ``eventlog.facts.Tag``; ``said_at`` microseconds since the epoch.
    """

    key: str
    type: str
    text: str
    number: float | None
    level: Level
    target: str
    actor: str
    origin: str
    said_at: int


def replicas_of(
    connection: Connection, keys: Iterable[FileKey]
) -> Mapping[FileKey, tuple[FoundReplica, ...]]:
    """Where each of the files lies, by site and PFN; files that lie nowhere are left out."""
    return {FileKey(*key): replicas for key, replicas in replicas_of_files(connection, keys).items()}


def tags_of(connection: Connection, files: Sequence[FoundFile]) -> Mapping[FileKey, tuple[FoundTag, ...]]:
    """The tags that count for each of the files: its own first, then the job's, then the workflow's."""
    found = tags_of_files(connection, [file.key for file in files])
    return {FileKey(*key): tuple(_by_level(tags)) for key, tags in found.items()}


def _by_level(tags: FileTags) -> Iterable[FoundTag]:
    levels = ((Level.OWN, tags.own), (Level.JOB, tags.job), (Level.WORKFLOW, tags.workflow))
    return (_found(tag, level) for level, values in levels for tag in values)


def _found(tag: TagValue, level: Level) -> FoundTag:
    return FoundTag(
        key=tag.key,
        type=tag.type,
        text=tag.text,
        number=tag.number,
        level=level,
        target=tag.target,
        actor=tag.actor,
        origin=tag.origin,
        said_at=tag.said_at,
    )
