"""A comparison with a system field, as SQL: the files it leads to, and whether a given file meets it."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, FromClause, Select, and_, case, exists, func, not_, or_, select

from projections.columns import NUMBER
from projections.data.files import FILES
from projections.data.plans import PLANS
from projections.data.replicas import REPLICAS
from projections.data.uses import TASKS
from projections.keys import run_key, text_key
from projections.search.fields import Field
from projections.search.filter import Compare, Op
from projections.search.matching import number_matches, starts_with, text_matches
from projections.search.scope import Scope

FileKeys = Select[int, int]

_NAMED = (Op.EQ, Op.IN)


def field_candidates(term: Compare, scope: Scope) -> list[FileKeys] | None:
    """The keys of the files that meet the term, where an index can tell them; None where none can."""
    finder = _FINDERS.get(_subject(term))
    if finder is None or term.op not in finder.ops:
        return None
    return [finder.keys(term, scope)]


def field_condition(term: Compare) -> ColumnElement[bool]:
    """Whether the row of ``files`` at hand meets the term."""
    match term.subject:
        case Field.SIZE:
            return number_matches(size(FILES), term.op, _numbers(term))
        case Field.CREATED:
            return number_matches(created(FILES), term.op, _numbers(term))
        case Field.SITE:
            return _on_replica(term, lambda replicas: text_matches(replicas.c.site, term.op, _texts(term)))
        case Field.PROTOCOL:
            return _on_replica(term, lambda replicas: _protocol(replicas.c.pfn, term))
        case Field.RUN | Field.WORKFLOW | Field.USER:
            return _on_plan(term)
        case Field.JOB | Field.TRANSFORMATION:
            return _on_task(term)
        case _:
            return text_matches(FILES.c[_OWN_COLUMNS[_subject(term)]], term.op, _texts(term))


_OWN_COLUMNS = {
    Field.LFN: "lfn",
    Field.SHA256: "sha256",
    Field.CHECKSUM: "checksum",
    Field.ROLE: "role",
    Field.TASK: "task",
    Field.NAMESPACE: "namespace",
}


def size(files: FromClause) -> ColumnElement[int | None]:
    """The file's size in bytes: as it was found, or else as it was declared."""
    return func.coalesce(files.c.size, files.c.declared_size)


def created(files: FromClause) -> ColumnElement[int | None]:
    """When the file's contents were last recorded: the later of its digest's and its size's time."""
    told = case((files.c.digest_at > files.c.size_at, files.c.digest_at), else_=files.c.size_at)
    return case((told >= 0, told), else_=None).cast(NUMBER)


def _texts(term: Compare) -> list[str]:
    return [value.text for value in term.values]


def _numbers(term: Compare) -> list[float]:
    return [value.number for value in term.values]


def _on_plan(term: Compare) -> ColumnElement[bool]:
    column = PLANS.c[_subject(term).value]
    return exists().where(PLANS.c.run_key == FILES.c.run_key, text_matches(column, term.op, _texts(term)))


def _on_task(term: Compare) -> ColumnElement[bool]:
    tasks = TASKS.alias("maker")
    own = and_(tasks.c.run_key == FILES.c.run_key, tasks.c.task == FILES.c.task)
    return exists().where(own, text_matches(tasks.c[_subject(term).value], term.op, _texts(term)))


def _on_replica(term: Compare, matches: Callable[[FromClause], ColumnElement[bool]]) -> ColumnElement[bool]:
    replicas = REPLICAS.alias("lying")
    own = and_(
        replicas.c.run_key == FILES.c.run_key, replicas.c.lfn_key == FILES.c.lfn_key, replicas.c.present
    )
    return exists().where(own, matches(replicas))


def _protocol(pfn: ColumnElement[str], term: Compare) -> ColumnElement[bool]:
    if term.op is Op.EXISTS:
        return pfn.is_not(None)
    named = or_(*(_speaks(pfn, name) for name in _texts(term)))
    return not_(named) if term.op is Op.NE else named


def _speaks(pfn: ColumnElement[str], name: str) -> ColumnElement[bool]:
    addressed = starts_with(pfn, f"{name}:/")
    # a bare path is a file on its site
    return or_(addressed, starts_with(pfn, "/")) if name == "file" else addressed


def _subject(term: Compare) -> Field:
    if not isinstance(term.subject, Field):
        raise TypeError(f"{term.subject} is no system field")
    return term.subject


_FOUND = FILES.alias("found")


def _file_keys(scope: Scope) -> FileKeys:
    keys = select(_FOUND.c.run_key.label("run_key"), _FOUND.c.lfn_key.label("lfn_key"))
    return keys.where(scope.visible(_FOUND.c.namespace), scope.ahead(_FOUND.c.run_key, _FOUND.c.lfn_key))


def _names(term: Compare, scope: Scope) -> FileKeys:
    if term.op is Op.STARTS_WITH:
        return _own_column(term, scope)
    # the key leads, the text decides
    keys = [text_key(lfn) for lfn in _texts(term)]
    return _own_column(term, scope).where(_FOUND.c.lfn_key.in_(keys))


def _own_column(term: Compare, scope: Scope) -> FileKeys:
    column = _FOUND.c[_OWN_COLUMNS[_subject(term)]]
    return _file_keys(scope).where(text_matches(column, term.op, _texts(term)))


def _runs(term: Compare, scope: Scope) -> FileKeys:
    keys = [run_key(run, namespace) for run in _texts(term) for namespace in scope.namespaces]
    return _file_keys(scope).where(_FOUND.c.run_key.in_(keys))


def _plans(term: Compare, scope: Scope) -> FileKeys:
    plans = PLANS.alias("planned")
    matching = select(plans.c.run_key).where(
        scope.visible(plans.c.namespace), text_matches(plans.c[_subject(term).value], term.op, _texts(term))
    )
    return _file_keys(scope).where(_FOUND.c.run_key.in_(matching))


def _transformations(term: Compare, scope: Scope) -> FileKeys:
    tasks = TASKS.alias("maker")
    made = and_(_FOUND.c.run_key == tasks.c.run_key, _FOUND.c.task == tasks.c.task)
    matching = text_matches(tasks.c.transformation, term.op, _texts(term))
    return _file_keys(scope).join(tasks, made).where(matching)


def _sites(term: Compare, scope: Scope) -> FileKeys:
    replicas = REPLICAS.alias("lying")
    own = and_(replicas.c.run_key == _FOUND.c.run_key, replicas.c.lfn_key == _FOUND.c.lfn_key)
    lying = and_(text_matches(replicas.c.site, term.op, _texts(term)), replicas.c.present)
    # a site may hold several copies of a file
    return _file_keys(scope).join(replicas, own).where(lying).distinct()


@dataclass(frozen=True, slots=True)
class _Finder:
    """What finds files by a field, and for which operators an index helps it."""

    keys: Callable[[Compare, Scope], FileKeys]
    ops: tuple[Op, ...] = (Op.EQ, Op.IN, Op.STARTS_WITH)


_FINDERS = {
    Field.LFN: _Finder(_names),
    Field.SHA256: _Finder(_own_column, _NAMED),
    Field.CHECKSUM: _Finder(_own_column, _NAMED),
    Field.RUN: _Finder(_runs, _NAMED),
    Field.WORKFLOW: _Finder(_plans),
    Field.USER: _Finder(_plans),
    Field.TRANSFORMATION: _Finder(_transformations),
    Field.SITE: _Finder(_sites),
}
