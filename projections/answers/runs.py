"""Runs: which there are, which one a person means, and how one stands."""

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, exists, func, or_, select, true, tuple_

from eventlog.errors import InputError, NotFoundError
from projections.bulk import key_rows
from projections.distinct import distinct_texts
from projections.runs.identity import RUN_STATES, RUNS
from projections.runs.plan import JOBS

_Row = Row[*tuple[Any, ...]]

LISTED_STATES = ("planned", "running", "succeeded", "failed", "incomplete")
"""The states of runs whose plan is complete."""

_CANDIDATES = 5
_LAST_CHARACTER = "\U0010ffff"
_PARENTS = RUNS.alias("parents")
_IS_ROOT = or_(
    RUNS.c.parent_run.is_(None),
    ~exists().where(
        _PARENTS.c.run == RUNS.c.parent_run, _PARENTS.c.namespace == RUNS.c.namespace, _PARENTS.c.visible
    ),
)


@dataclass(frozen=True, slots=True)
class RunRef:
    """A run as the other answers take it: ``key`` is its key in every table."""

    key: int
    run: str
    namespace: str


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One line of a list of runs; times in microseconds since the epoch, ``created_at`` the planner's."""

    ref: RunRef
    workflow: str
    state: str
    user: str
    submit_directory: str
    created_at: int
    planned_at: int | None
    tasks: int
    jobs: int
    reused_tasks: int

    @property
    def cursor(self) -> tuple[int, int]:
        """Where the next page begins."""
        return self.created_at, self.ref.key


@dataclass(frozen=True, slots=True)
class Engine:
    """One time an engine ran the plan; no ``finished_at`` and ``status`` while it runs, or when it died."""

    restart: int
    engine: str
    host: str
    user: str
    started_at: int | None
    finished_at: int | None
    status: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How many jobs stand where, by their last attempts."""

    total: int
    unsubmitted: int = 0
    submitted: int = 0
    running: int = 0
    held: int = 0
    evicted: int = 0
    succeeded: int = 0
    failed: int = 0
    aborted: int = 0


@dataclass(frozen=True, slots=True)
class RunDetail:
    """Everything about one run but its parts."""

    summary: RunSummary
    root: str
    parent_run: str | None
    parent_job: str | None
    workflow_version: str
    workflow_file: str
    planner: str
    planner_version: str
    submit_host: str
    data_configuration: str
    files: int
    plan_digest: str
    engines: tuple[Engine, ...]
    progress: Progress


def list_runs(
    connection: Connection,
    *,
    namespaces: Collection[str] | None = None,
    workflow: str | None = None,
    state: str | None = None,
    roots_only: bool = False,
    after: tuple[int, int] | None = None,
    limit: int = 20,
) -> Sequence[RunSummary]:
    """Planned runs (of these namespaces, of this workflow, in this state), the newest first.

    ``roots_only`` leaves the runs of sub-workflows out where those that called them are known; ``after`` is
    the cursor of the last one seen. Raises InputError for a state that no planned run is in.
    """
    newest = _newest(after, limit).where(_IS_ROOT if roots_only else true())
    found: list[_Row] = []
    for branch in _branches(connection, namespaces, workflow, state):
        found += connection.execute(newest.where(*branch))
    found.sort(key=lambda row: (row.created_at, row.run_key), reverse=True)
    return [_summary(row) for row in found[:limit]]


def list_subworkflows(
    connection: Connection, run: RunRef, *, after: tuple[int, int] | None = None, limit: int = 20
) -> Sequence[RunSummary]:
    """The planned runs of the sub-workflows that a run called itself, the newest first."""
    root = select(RUNS.c.root_key).where(RUNS.c.run_key == run.key).scalar_subquery()
    called = _newest(after, limit).where(RUNS.c.root_key == root, RUNS.c.parent_run == run.run)
    return [_summary(row) for row in connection.execute(called)]


def _newest(after: tuple[int, int] | None, limit: int) -> Select[*tuple[Any, ...]]:
    query = select(RUNS).where(RUNS.c.visible)
    if after is not None:
        query = query.where(tuple_(RUNS.c.created_at, RUNS.c.run_key) < tuple_(*after))
    return query.order_by(RUNS.c.created_at.desc(), RUNS.c.run_key.desc()).limit(limit)


def _branches(
    connection: Connection, namespaces: Collection[str] | None, workflow: str | None, state: str | None
) -> Iterator[tuple[ColumnElement[bool], ...]]:
    """Conditions that name all columns of an index before time: each has its newest runs at one end of it.

    A page takes the newest of them all, and no walk over those that do not match.
    """
    states = LISTED_STATES if state is None else (_listed_state(state),)
    if namespaces is None and workflow is None and state is None:
        yield ()
        return
    for namespace in distinct_texts(connection, RUNS.c.namespace) if namespaces is None else namespaces:
        within = RUNS.c.namespace == namespace
        if workflow is not None:
            yield from ((within, RUNS.c.workflow == workflow, RUNS.c.state == one) for one in states)
        elif state is not None:
            yield within, RUNS.c.state == state
        else:
            yield (within,)


def root_runs(connection: Connection, namespaces: Collection[str]) -> Sequence[RunRef]:
    """All planned runs of these namespaces that no other of them called, the oldest first."""
    rows = connection.execute(
        select(RUNS.c.run_key, RUNS.c.run, RUNS.c.namespace)
        .where(RUNS.c.visible, _within(namespaces), _IS_ROOT)
        .order_by(RUNS.c.created_at, RUNS.c.run_key)
    )
    return [RunRef(row.run_key, row.run, row.namespace) for row in rows]


def resolve_run(connection: Connection, reference: str, namespaces: Collection[str] | None = None) -> RunRef:
    """The run that a person means: by id, unique prefix of an id, plan directory, or ``latest``.

    The latest is the newest that no other run called, however late its sub-workflows were planned. Raises
    NotFoundError where there is none, InputError where a prefix fits several.
    """
    if not reference:
        raise InputError("name a run: its id, a prefix of it, its plan directory, or latest")
    if reference == "latest":
        newest = list_runs(connection, namespaces=namespaces, roots_only=True, limit=1)
        if not newest:
            raise NotFoundError("there is no run yet: plan a workflow, or import one, first")
        return newest[0].ref
    found = _by_directory(connection, reference, namespaces) or _by_prefix(connection, reference, namespaces)
    if found is None:
        raise NotFoundError(
            f"no run {reference!r}: give its id, a prefix of it, its plan directory, or latest"
        )
    return found


def run_detail(connection: Connection, run: RunRef) -> RunDetail:
    """How a run was planned, who ran it, and how far it is."""
    row = connection.execute(select(RUNS).where(RUNS.c.run_key == run.key)).one()
    return RunDetail(
        summary=_summary(row),
        root=row.root or "",
        parent_run=row.parent_run,
        parent_job=row.parent_job,
        workflow_version=row.workflow_version or "",
        workflow_file=row.workflow_file or "",
        planner=row.planner or "",
        planner_version=row.planner_version or "",
        submit_host=row.submit_host or "",
        data_configuration=row.data_configuration or "",
        files=row.files or 0,
        plan_digest=row.plan_digest or "",
        engines=engines_of(connection, run),
        progress=progress_of(connection, run),
    )


def root_of(connection: Connection, run: RunRef) -> str:
    """The id of the root of a run's workflow tree, its own where it is no sub-workflow's."""
    query = select(RUNS.c.root).where(RUNS.c.run_key == run.key)
    return connection.execute(query).scalar_one() or run.run


def progress_of(connection: Connection, run: RunRef) -> Progress:
    """How many jobs of a run stand where."""
    return progress_of_runs(connection, [run])[run.key]


def progress_of_runs(connection: Connection, runs: Iterable[RunRef]) -> dict[int, Progress]:
    """How many jobs of each of many runs stand where, by the runs' keys, in one query."""
    counts: dict[int, dict[str, int]] = {run.key: {} for run in runs}
    counted = (
        select(JOBS.c.run_key, func.coalesce(JOBS.c.state, "unsubmitted"), func.count())
        .where(JOBS.c.run_key.in_(counts))
        .group_by(JOBS.c.run_key, JOBS.c.state)
    )
    for key, state, count in connection.execute(counted):
        counts[key][state] = count
    return {key: Progress(total=sum(states.values()), **states) for key, states in counts.items()}


def engines_of(connection: Connection, run: RunRef) -> tuple[Engine, ...]:
    """Each time an engine ran this run, in order."""
    rows = connection.execute(
        select(RUN_STATES).where(RUN_STATES.c.run_key == run.key).order_by(RUN_STATES.c.ordinal)
    ).all()
    started = {row.restart: row for row in rows if row.kind == "started"}
    finished = {row.restart: row for row in rows if row.kind == "finished"}
    return tuple(
        _engine(restart, started.get(restart), finished.get(restart))
        for restart in sorted(started.keys() | finished.keys())
    )


def tree_of(connection: Connection, run: RunRef) -> Sequence[RunRef]:
    """A run and the runs of its sub-workflows, at every depth, level by level; the run itself first."""
    root = select(RUNS.c.root_key).where(RUNS.c.run_key == run.key).scalar_subquery()
    rows = connection.execute(
        select(RUNS.c.run_key, RUNS.c.run, RUNS.c.namespace, RUNS.c.parent_run)
        .where(RUNS.c.root_key == root, RUNS.c.visible)
        .order_by(RUNS.c.created_at, RUNS.c.run)
    ).all()
    children: dict[str, list[RunRef]] = {}
    for row in rows:
        if row.parent_run is not None:
            children.setdefault(row.parent_run, []).append(RunRef(row.run_key, row.run, row.namespace))
    tree, seen = [run], {run.key}
    for member in tree:
        new = [child for child in children.get(member.run, ()) if child.key not in seen]
        seen.update(child.key for child in new)
        tree.extend(new)
    return tree


def workflows_of(connection: Connection, runs: Sequence[RunRef]) -> dict[int, str]:
    """The names of the workflows that these are runs of, by the runs' keys."""
    chosen = key_rows(connection, {"run_key": int}, [(run.key,) for run in runs], "chosen")
    rows = connection.execute(
        select(RUNS.c.run_key, RUNS.c.workflow).join(chosen, RUNS.c.run_key == chosen.c.run_key)
    )
    return {key: workflow or "" for key, workflow in rows}


def _engine(restart: int, start: _Row | None, end: _Row | None) -> Engine:
    return Engine(
        restart=restart,
        engine=start.engine if start else "",
        host=start.host if start else "",
        user=start.user if start else "",
        started_at=start.time if start else None,
        finished_at=end.time if end else None,
        status=end.status if end else None,
        reason=end.reason if end else "",
    )


def _by_directory(
    connection: Connection, reference: str, namespaces: Collection[str] | None
) -> RunRef | None:
    places = {reference, os.path.abspath(reference), os.path.realpath(reference)}
    query = (
        select(RUNS.c.run_key, RUNS.c.run, RUNS.c.namespace)
        .where(RUNS.c.submit_directory.in_(sorted(places)), RUNS.c.visible)
        .order_by(RUNS.c.created_at.desc(), RUNS.c.run_key.desc())
        .limit(1)
    )
    row = connection.execute(query.where(_within(namespaces))).first()
    return RunRef(row.run_key, row.run, row.namespace) if row else None


def _by_prefix(connection: Connection, reference: str, namespaces: Collection[str] | None) -> RunRef | None:
    query = (
        select(RUNS.c.run_key, RUNS.c.run, RUNS.c.namespace)
        .where(RUNS.c.run >= reference, RUNS.c.run < reference + _LAST_CHARACTER, RUNS.c.visible)
        .order_by(RUNS.c.run)
        .limit(_CANDIDATES)
    )
    rows = connection.execute(query.where(_within(namespaces))).all()
    exact = [row for row in rows if row.run == reference]
    if len(rows) > 1 and len(exact) != 1:
        raise InputError(f"{reference!r} may be any of {', '.join(row.run for row in rows)}: give more of it")
    if not rows:
        return None
    row = (exact or rows)[0]
    return RunRef(row.run_key, row.run, row.namespace)


def _listed_state(state: str) -> str:
    if state not in LISTED_STATES:
        raise InputError(
            f"no run is {state!r}: a run is {', '.join(LISTED_STATES[:-1])} or {LISTED_STATES[-1]}"
        )
    return state


def _within(namespaces: Collection[str] | None) -> ColumnElement[bool]:
    return true() if namespaces is None else RUNS.c.namespace.in_(namespaces)


def _summary(row: _Row) -> RunSummary:
    return RunSummary(
        ref=RunRef(row.run_key, row.run, row.namespace),
        workflow=row.workflow or "",
        state=row.state or "planning",
        user=row.user or "",
        submit_directory=row.submit_directory or "",
        created_at=row.created_at or 0,
        planned_at=row.planned_at,
        tasks=row.tasks or 0,
        jobs=row.jobs or 0,
        reused_tasks=row.reused_tasks or 0,
    )
