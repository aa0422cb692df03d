"""No answer scans a table: the plan of every statement, on both databases."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC

from sqlalchemy import Connection, event, select
from sqlalchemy.engine import Engine

from eventlog.event import Event
from projections.answers.analysis import analysis_of
from projections.answers.breakdown import breakdown_by_run, breakdown_of
from projections.answers.failures import failures_of
from projections.answers.files import file_of
from projections.answers.integrity import integrity_of, mismatches_of
from projections.answers.integrity_statistics import (
    integrity_sums_by_run,
    integrity_sums_of,
    jobs_failed_on_integrity,
)
from projections.answers.job_statistics import job_lines
from projections.answers.jobs import job_detail, list_jobs
from projections.answers.lineage import lineage_of
from projections.answers.queue import queues_of
from projections.answers.reuse import reusable
from projections.answers.runs import (
    list_runs,
    list_subworkflows,
    resolve_run,
    root_of,
    root_runs,
    run_detail,
    tree_of,
    workflows_of,
)
from projections.answers.statistics import summary_of
from projections.answers.tags import tag_history
from projections.answers.time_statistics import Span, time_tables_of
from projections.groups import GROUPS
from projections.runs.plan import JOBS
from projections.store import ViewStore

TABLES = {table.name for group in GROUPS for table in group.metadata.sorted_tables}
# a page of the newest runs is the beginning of this index
WALKED = {"runs_by_time"}

Fold = Callable[[Sequence[Event]], ViewStore]


def _sqlite_scans(connection: Connection, statement: str, parameters: object) -> list[str]:
    cursor = connection.connection.cursor()
    steps = [row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters or ())]
    cursor.close()
    scans = [step for step in steps if step.startswith("SCAN ") and step.split()[1] in TABLES]
    return [step for step in scans if not any(name in step for name in WALKED)]


def _postgres_scans(connection: Connection, statement: str, parameters: object) -> list[str]:
    cursor = connection.connection.cursor()
    # tables of a few rows are scanned unless that is forbidden: what matters is that there is another way
    for setting in ("enable_seqscan", "enable_hashjoin", "enable_mergejoin", "enable_bitmapscan"):
        cursor.execute(f"SET LOCAL {setting} = off")
    cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
    found = cursor.fetchone()[0]
    cursor.close()
    plan = found if isinstance(found, list) else json.loads(found)
    return [
        f"{node['Node Type']} on {node['Relation Name']} using {node.get('Index Name')}"
        for node in _nodes(plan[0]["Plan"])
        if node.get("Relation Name") in TABLES
        and "Index Cond" not in node
        and node.get("Index Name") not in WALKED
    ]


def _nodes(plan: dict[str, object]) -> Iterator[dict[str, object]]:
    yield plan
    for child in plan.get("Plans", ()):  # type: ignore[attr-defined]
        yield from _nodes(child)


@contextmanager
def _watched() -> Iterator[dict[str, list[str]]]:
    """Explain each SELECT before it runs; yields the statements that scan, and how."""
    scans: dict[str, list[str]] = {}

    def explain(
        connection: Connection, cursor: object, statement: str, parameters: object, *_: object
    ) -> None:
        if not statement.lstrip().upper().startswith(("SELECT", "WITH")) or "FROM" not in statement:
            return
        find = _postgres_scans if connection.dialect.name == "postgresql" else _sqlite_scans
        found = find(connection, statement, parameters)
        if found:
            scans[statement] = found

    event.listen(Engine, "before_cursor_execute", explain)
    try:
        yield scans
    finally:
        event.remove(Engine, "before_cursor_execute", explain)


def _ask_everything(runs: Connection, data: Connection) -> None:
    first = list_runs(runs, namespaces=["default"], limit=1)
    list_runs(runs, after=first[0].cursor)
    list_runs(runs, namespaces=["default"], workflow="split", state="planned", after=first[0].cursor)
    list_runs(runs, workflow="split", after=first[0].cursor)
    list_runs(runs, state="planned", limit=1)
    list_subworkflows(runs, first[0].ref, after=first[0].cursor)
    for reference in ("latest", "run-1", "run-", "/plans/run-1"):
        try:
            resolve_run(runs, reference)
        except Exception as error:
            assert "may be any of" in str(error)  # noqa: PT017
    run = resolve_run(runs, "run-1")
    run_detail(runs, run)
    root_of(runs, run)
    tree = tree_of(runs, run)
    for state in (None, "unsubmitted", "failed"):
        list_jobs(runs, run, state=state, after="a")
    job_detail(runs, run, "cut_ID1")
    failures_of(runs, data, run)
    integrity_of(data, run)
    mismatches_of(data, run, job="cut_ID1")
    analysis_of(runs, data, run)
    queues_of(runs, tree)
    root_runs(runs, ["default"])
    workflows_of(runs, tree)
    summary_of(runs, [*tree, resolve_run(runs, "run-2")], wall_of=run)
    for statistics in (breakdown_of, breakdown_by_run, integrity_sums_of, integrity_sums_by_run):
        statistics(runs, tree)
    jobs_failed_on_integrity(runs, tree)
    time_tables_of(runs, tree, Span.HOUR, UTC)
    job_lines(runs, run)
    file_of(data, run, "mid")
    tag_history(data, run.key, "file", "out", "draft")
    for direction in ("up", "down"):
        lineage_of(runs, data, resolve_run(runs, "run-2"), "mid", direction=direction)  # type: ignore[arg-type]
    reusable(runs, data, ["mid", "out"], namespace="default")
    reusable(runs, data, ["mid"], namespace="default", from_run=run)


def test_every_statement_of_every_answer_finds_its_rows_by_an_index(
    folded: Fold, complete: Sequence[Event]
) -> None:
    store = folded(complete)
    with store.reading("runs") as runs, store.reading("data") as data, _watched() as scans:
        _ask_everything(runs, data)
    assert scans == {}


def test_a_page_of_runs_begins_at_the_end_of_an_index_and_sorts_nothing(
    folded: Fold, complete: Sequence[Event]
) -> None:
    asked: list[str] = []

    def note(connection: Connection, cursor: object, statement: str, parameters: object, *_: object) -> None:
        if connection.dialect.name == "sqlite":
            explained = connection.connection.cursor()
            steps = [row[3] for row in explained.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            asked.extend(step for step in steps if "SUBQUERY" not in step)
            explained.close()

    with folded(complete).reading("runs") as runs:
        event.listen(Engine, "before_cursor_execute", note)
        try:
            for filters in ({}, {"state": "planned"}, {"workflow": "split"}):
                list_runs(runs, namespaces=["default"], **filters)
            resolve_run(runs, "latest")
            resolve_run(runs, "latest", namespaces=["default"])
        finally:
            event.remove(Engine, "before_cursor_execute", note)
        steps = 11 if runs.dialect.name == "sqlite" else 0
    # one of all, one of the state, five of the workflow, a state each, two of the latest, each of which looks
    # for the run's caller: and none that sorts
    assert len(asked) == steps
    assert all("USING INDEX runs_by_" in step for step in asked)


def test_the_watch_sees_a_statement_that_scans(folded: Fold, complete: Sequence[Event]) -> None:
    with folded(complete).reading("runs") as runs, _watched() as scans:
        runs.execute(select(JOBS).where(JOBS.c.executable == "/bin/wc"))
    assert len(scans) == 1
