"""The search: one page of the files that match a filter, in a stable order."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from sqlalchemy import Connection, FromClause, Row, and_, func, select

from eventlog.errors import InputError
from projections.bulk import key_rows
from projections.data.files import FILES
from projections.data.plans import PLANS
from projections.data.tags import TAGS
from projections.data.uses import TASKS
from projections.distinct import distinct_texts
from projections.keys import run_key, text_key
from projections.search.cursors import FileKey, read_cursor, write_cursor
from projections.search.field_terms import created, size
from projections.search.fields import Field
from projections.search.filter import Filter, TagKey, comparisons
from projections.search.meaning import understood_filter
from projections.search.scope import Scope, targets_of_keys
from projections.search.statement import matching_keys

MAX_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class FoundFile:
    """One file: (namespace, run, LFN) names it.

    ``checksum`` is verified, computed, unverified or corrupt; ``created`` (microseconds since the epoch) when
    its contents were last recorded; ``task``, ``job``, ``transformation`` made it, None where nobody did.
    ``root`` is the run at the top of its workflow tree. ``size`` in bytes.
    """

    key: FileKey
    lfn: str
    namespace: str
    run: str | None
    root: str | None
    workflow: str | None
    role: str | None
    size: int | None
    sha256: str | None
    checksum: str
    created: int | None
    task: str | None
    job: str | None
    transformation: str | None

    @property
    def cursor(self) -> str:
        """Where a page that ends with this file ends."""
        return write_cursor(self.key)


@dataclass(frozen=True, slots=True)
class FilePage:
    """One page; ``hints`` tell what in the question was probably meant otherwise."""

    files: tuple[FoundFile, ...]
    has_next: bool
    hints: tuple[str, ...] = ()

    @property
    def end_cursor(self) -> str | None:
        """What to pass as ``after`` for the next page."""
        return self.files[-1].cursor if self.files else None


@dataclass(frozen=True, slots=True)
class MatchCount:
    """How many files match; not ``exact``: at least that many."""

    files: int
    exact: bool


def find_files(
    connection: Connection,
    where: Filter,
    *,
    namespaces: Sequence[str],
    first: int = 20,
    after: str | None = None,
) -> FilePage:
    """Up to ``first`` files that match, behind the cursor ``after``; pages are stable while files are added.

    Raises InputError for a filter that makes no sense, that no index can answer, or a bad cursor.
    """
    if first < 1:
        raise InputError(f"a page holds at least one file; {first} were asked for")
    where = understood_filter(where)
    scope = _scope(connection, where, namespaces, read_cursor(after) if after else None)
    rows = connection.execute(matching_keys(where, scope).limit(first + 1))
    keys = [FileKey(run_key, lfn_key) for run_key, lfn_key in rows]
    files = files_of_keys(connection, keys[:first])
    hints = () if files else tuple(_hints(connection, where, scope))
    return FilePage(tuple(files), has_next=len(keys) > first, hints=hints)


def count_files(
    connection: Connection, where: Filter, *, namespaces: Sequence[str], limit: int = MAX_COUNTED
) -> MatchCount:
    """How many files match, counted up to ``limit``. Raises InputError as ``find_files`` does."""
    where = understood_filter(where)
    scope = _scope(connection, where, namespaces, None)
    some = matching_keys(where, scope).order_by(None).limit(limit + 1).subquery()
    counted = connection.scalar(select(func.count()).select_from(some)) or 0
    return MatchCount(min(counted, limit), exact=counted <= limit)


def find_file(connection: Connection, run: str, lfn: str, *, namespaces: Sequence[str]) -> FoundFile | None:
    """The file of this run (empty: one that no run made) and LFN in one of the namespaces."""
    keys = [FileKey(run_key(run, namespace), text_key(lfn)) for namespace in namespaces]
    found = files_of_keys(connection, keys)
    return found[0] if found else None


def files_of_keys(connection: Connection, keys: Sequence[FileKey]) -> list[FoundFile]:
    """The files of these keys, in the order of the keys; those that do not exist are left out."""
    if not keys:
        return []
    asked = key_rows(connection, {"run_key": int, "lfn_key": int}, keys, "asked")
    here = and_(FILES.c.run_key == asked.c.run_key, FILES.c.lfn_key == asked.c.lfn_key)
    rows = connection.execute(select(*_COLUMNS).select_from(_with_origin(asked.join(FILES, here))))
    found = {(file := _file(row)).key: file for row in rows}
    return [found[key] for key in keys if key in found]


def _scope(connection: Connection, where: Filter, namespaces: Sequence[str], after: FileKey | None) -> Scope:
    keys = [term.subject.key for term in comparisons(where) if isinstance(term.subject, TagKey)]
    return Scope(tuple(namespaces), after, targets_of_keys(connection, namespaces, keys))


def _with_origin(files: FromClause) -> FromClause:
    made_by = and_(TASKS.c.run_key == FILES.c.run_key, TASKS.c.task == FILES.c.task)
    return files.outerjoin(PLANS, PLANS.c.run_key == FILES.c.run_key).outerjoin(TASKS, made_by)


_COLUMNS = (
    FILES.c.run_key,
    FILES.c.lfn_key,
    FILES.c.lfn,
    FILES.c.namespace,
    PLANS.c.run,
    PLANS.c.root,
    PLANS.c.workflow,
    FILES.c.role,
    size(FILES).label("size"),
    FILES.c.sha256,
    FILES.c.checksum,
    created(FILES).label("created"),
    FILES.c.task,
    TASKS.c.job,
    TASKS.c.transformation,
)


def _file(row: Row[*tuple[Any, ...]]) -> FoundFile:
    told = row._asdict()
    return FoundFile(key=FileKey(told.pop("run_key"), told.pop("lfn_key")), **told)


def _hints(connection: Connection, where: Filter, scope: Scope) -> Iterator[str]:
    asked = dict.fromkeys(term.subject for term in comparisons(where))
    unknown = [
        subject.key for subject in asked if isinstance(subject, TagKey) and not scope.targets[subject.key]
    ]
    fields = [subject for subject in asked if isinstance(subject, Field)]
    if not unknown and not fields:
        return
    known = sorted(set(chain.from_iterable(_keys_in(connection, name) for name in scope.namespaces)))
    for key in unknown:
        nearest = difflib.get_close_matches(key, dict.fromkeys([*known, *Field]), n=3)
        meant = f"; nearest: {', '.join(nearest)}" if nearest else ""
        yield f"nothing carries a tag {key!r}{meant}"
    for field in fields:
        if field.value in known:
            yield f"{field} is the system field; for the tag of that name write tag.{field}"


def _keys_in(connection: Connection, namespace: str) -> list[str]:
    return distinct_texts(connection, TAGS.c.key, TAGS.c.namespace == namespace)
