"""Tags of files, told apart by what was tagged: the file itself, its task and job, or its run's workflow."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, select

from projections.bulk import key_rows
from projections.data.files import FILES
from projections.data.tags import TAG_HISTORY, TAGS
from projections.data.uses import TASKS
from projections.keys import text_key

FileKey = tuple[int, int]
"""A file in the tables: the keys of its run and of its LFN."""

_NO_NAME = text_key("")


@dataclass(frozen=True, slots=True)
class TagValue:
    """A key with its value; ``text`` as written, ``number`` to compare by (None for strings)."""

    key: str
    type: str
    text: str
    number: float | None
    target: str
    actor: str
    origin: str
    said_at: int


@dataclass(frozen=True, slots=True)
class FileTags:
    """A file's tags by level: its own, its task's and job's, its run's and workflow's."""

    own: tuple[TagValue, ...] = ()
    job: tuple[TagValue, ...] = ()
    workflow: tuple[TagValue, ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    """Something once said about a key; ``type`` None took it back."""

    type: str | None
    text: str | None
    actor: str
    said_at: int
    reason: str | None


def tags_of_files(connection: Connection, files: Iterable[FileKey]) -> Mapping[FileKey, FileTags]:
    """The current tags of many files in two queries; reads the ``data`` views."""
    keys = sorted(set(files))
    subjects = _subjects(connection, keys)
    said = _current(connection, {subject for levels in subjects.values() for subject, _ in levels})
    tags: dict[FileKey, FileTags] = {}
    for file in keys:
        by_level: dict[str, list[TagValue]] = {"own": [], "job": [], "workflow": []}
        for subject, level in subjects.get(file, ()):
            by_level[level].extend(said.get(subject, ()))
        tags[file] = FileTags(**{level: tuple(values) for level, values in by_level.items()})
    return tags


def tags_of_target(connection: Connection, run_key: int, target: str, name: str = "") -> tuple[TagValue, ...]:
    """The current tags of one workflow, run, task, job or file, by key."""
    subject = (run_key, target, text_key(name))
    return tuple(_current(connection, {subject}).get(subject, ()))


def tag_history(
    connection: Connection, run_key: int, target: str, name: str, key: str
) -> Sequence[Statement]:
    """Everything ever said about one key of one target, oldest first."""
    rows = connection.execute(
        select(TAG_HISTORY)
        .where(
            TAG_HISTORY.c.run_key == run_key,
            TAG_HISTORY.c.target == target,
            TAG_HISTORY.c.name_key == text_key(name),
            TAG_HISTORY.c.key == key,
        )
        .order_by(TAG_HISTORY.c.said_at, TAG_HISTORY.c.said_tie)
    )
    return [Statement(row.type, row.text, row.actor or "", row.said_at, row.reason) for row in rows]


_Subject = tuple[int, str, int]


def _subjects(connection: Connection, files: Sequence[FileKey]) -> dict[FileKey, list[tuple[_Subject, str]]]:
    """Whose tags count for each file, and on which level."""
    wanted = key_rows(connection, {"run_key": int, "lfn_key": int}, files, "wanted")
    rows = connection.execute(
        select(wanted.c.run_key, wanted.c.lfn_key, FILES.c.task, TASKS.c.job)
        .select_from(wanted)
        .outerjoin(FILES, and_(FILES.c.run_key == wanted.c.run_key, FILES.c.lfn_key == wanted.c.lfn_key))
        .outerjoin(TASKS, and_(TASKS.c.run_key == FILES.c.run_key, TASKS.c.task == FILES.c.task))
    )
    subjects: dict[FileKey, list[tuple[_Subject, str]]] = {}
    for run, lfn_key, task, job in rows:
        levels: list[tuple[_Subject, str]] = [((run, "file", lfn_key), "own")]
        if task is not None:
            levels.append(((run, "task", text_key(task)), "job"))
        if job is not None:
            levels.append(((run, "job", text_key(job)), "job"))
        levels += [((run, target, _NO_NAME), "workflow") for target in ("workflow", "run")]
        subjects[run, lfn_key] = levels
    return subjects


def _current(connection: Connection, subjects: set[_Subject]) -> dict[_Subject, list[TagValue]]:
    wanted = key_rows(
        connection, {"run_key": int, "target": str, "name_key": int}, sorted(subjects), "wanted"
    )
    rows = connection.execute(
        select(TAGS)
        .join(
            wanted,
            and_(
                TAGS.c.run_key == wanted.c.run_key,
                TAGS.c.target == wanted.c.target,
                TAGS.c.name_key == wanted.c.name_key,
            ),
        )
        .where(TAGS.c.type.is_not(None))
        .order_by(TAGS.c.key)
    )
    found: dict[_Subject, list[TagValue]] = {}
    for row in rows:
        value = TagValue(
            key=row.key,
            type=row.type,
            text=row.text,
            number=row.number,
            target=row.target,
            actor=row.actor or "",
            origin=row.origin or "",
            said_at=row.said_at,
        )
        found.setdefault((row.run_key, row.target, row.name_key), []).append(value)
    return found
