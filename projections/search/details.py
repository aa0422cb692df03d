"""What a page of files is shown with, each kind loaded for all of them in one statement."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, FromClause, and_, select

from projections.bulk import key_rows
from projections.data.replicas import REPLICAS
from projections.data.tags import TAGS
from projections.keys import text_key
from projections.search.cursors import FileKey
from projections.search.scope import Level

if TYPE_CHECKING:
    from projections.search.files import FoundFile


@dataclass(frozen=True, slots=True)
class FoundReplica:
    """Where a file lies."""

    site: str
    pfn: str


@dataclass(frozen=True, slots=True)
class FoundTag:
    """A tag of a file, or of what made it; ``text``, ``type`` and ``number`` as in ``eventlog.facts.Tag``."""

    key: str
    type: str
    text: str
    number: float | None
    level: Level
    name: str
    actor: str
    origin: str


def asked_files(connection: Connection, keys: Sequence[FileKey]) -> FromClause:
    """The keys as rows to join with."""
    return key_rows(
        connection, {"run_key": int, "lfn_key": int}, [(key.run_key, key.lfn_key) for key in keys], "asked"
    )


def replicas_of(connection: Connection, keys: Sequence[FileKey]) -> dict[FileKey, tuple[FoundReplica, ...]]:
    """The replicas that are there, for each of the files that has any."""
    asked = asked_files(connection, keys)
    here = and_(REPLICAS.c.run_key == asked.c.run_key, REPLICAS.c.lfn_key == asked.c.lfn_key)
    rows = connection.execute(
        select(REPLICAS.c.run_key, REPLICAS.c.lfn_key, REPLICAS.c.site, REPLICAS.c.pfn)
        .select_from(asked.join(REPLICAS, here))
        .where(REPLICAS.c.present)
        .order_by(REPLICAS.c.site, REPLICAS.c.pfn)
    )
    found: dict[FileKey, list[FoundReplica]] = defaultdict(list)
    for run_key, lfn_key, site, pfn in rows:
        found[FileKey(run_key, lfn_key)].append(FoundReplica(site, pfn))
    return {key: tuple(replicas) for key, replicas in found.items()}


def tags_of(connection: Connection, files: Sequence["FoundFile"]) -> dict[FileKey, tuple[FoundTag, ...]]:
    """The tags of each file: its own first, then its task's, job's, run's and workflow's, by key."""
    places = {file.key: _places(file) for file in files}
    wanted = sorted({place for of_file in places.values() for place in of_file})
    told = _tags_at(connection, wanted)
    return {
        key: tuple(tag for place in of_file for tag in told.get(place, ())) for key, of_file in places.items()
    }


_Place = tuple[int, str, int]


def _places(file: "FoundFile") -> list[_Place]:
    """The (run, target, name) keys of everything whose tags count for a file."""
    run_key, nameless = file.key.run_key, text_key("")
    places: list[_Place] = [(run_key, Level.FILE.value, file.key.lfn_key)]
    if file.task is not None:
        places.append((run_key, Level.TASK.value, text_key(file.task)))
    if file.job is not None:
        places.append((run_key, Level.JOB.value, text_key(file.job)))
    return [*places, (run_key, Level.RUN.value, nameless), (run_key, Level.WORKFLOW.value, nameless)]


def _tags_at(connection: Connection, places: Sequence[_Place]) -> Mapping[_Place, list[FoundTag]]:
    asked = key_rows(connection, {"run_key": int, "target": str, "name_key": int}, places, "asked")
    here = and_(
        TAGS.c.run_key == asked.c.run_key,
        TAGS.c.target == asked.c.target,
        TAGS.c.name_key == asked.c.name_key,
    )
    columns = (TAGS.c.key, TAGS.c.type, TAGS.c.text, TAGS.c.number, TAGS.c.name, TAGS.c.actor, TAGS.c.origin)
    rows = connection.execute(
        select(TAGS.c.run_key, TAGS.c.target, TAGS.c.name_key, *columns)
        .select_from(asked.join(TAGS, here))
        .where(TAGS.c.type.is_not(None))
        .order_by(TAGS.c.key)
    )
    told: dict[_Place, list[FoundTag]] = defaultdict(list)
    for run_key, target, name_key, key, kind, text, number, name, actor, origin in rows:
        tag = FoundTag(key, kind, text, number, Level(target), name, actor, origin)
        told[run_key, target, name_key].append(tag)
    return told
