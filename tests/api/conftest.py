"""A server over a log with a few runs of a small workflow, and ways to ask it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event
from starlette.testclient import TestClient

from api.server import build_app
from api.settings import ServerSettings
from eventlog.event import Event, Observer
from eventlog.facts import (
    ChecksumVerified,
    Edge,
    Fact,
    FileDeclared,
    FileRegistered,
    FilesDeclared,
    InvocationRecorded,
    JobFinished,
    JobPlanned,
    JobsPlanned,
    JobStarted,
    JobSubmitted,
    MetadataRegistered,
    PlanStarted,
    RunFinished,
    RunStarted,
    Tag,
    Tagged,
    TaskDeclared,
    TasksDeclared,
    WorkflowPlanned,
)
from eventlog.memory import MemoryLog
from projections.projector import Projector
from projections.store import ViewStore

SECOND = 1_000_000
PARTS = "abcd"


def split_run(
    run: str, *, start: int, namespace: str = "default", fails: bool = False, caller: str | None = None
) -> list[Event]:
    """One run: ``split`` cuts a page into parts, a ``wc`` each counts the lines of one part.

    With ``fails`` the last part was corrupted on its way, and its counting job failed; ``caller`` is the run
    whose sub-workflow it is.
    """
    observer = Observer("test", "ada", caller or run, namespace)
    events: list[Event] = []

    def say(second: int, *facts: Fact) -> None:
        events.extend(observer.event(fact, (start + second) * SECOND) for fact in facts)

    say(0, *_plan(run, caller))
    say(10, RunStarted(run=run, restart=0, engine="local", host="head"))
    for number, part in enumerate(PARTS):
        corrupt = fails and part == PARTS[-1]
        say(11 + number, *_counted(run, part, lines=100 - 30 * number, start=start, corrupt=corrupt))
    say(30, RunFinished(run=run, restart=0, status=int(fails)))
    return events


def _plan(run: str, caller: str | None) -> list[Fact]:
    split = TaskDeclared(
        task="ID1",
        transformation="split",
        inputs=("page",),
        outputs=tuple(f"part.{part}" for part in PARTS),
    )
    counts = [
        TaskDeclared(
            task=f"wc-{part}", transformation="wc", inputs=(f"part.{part}",), outputs=(f"count.{part}",)
        )
        for part in PARTS
    ]
    files = [FileDeclared(lfn="page", role="input", size=900)]
    files += [FileDeclared(lfn=f"part.{part}", role="intermediate") for part in PARTS]
    files += [FileDeclared(lfn=f"count.{part}", role="output", register=True) for part in PARTS]
    jobs = [
        JobPlanned(job=f"wc_{part}", kind="compute", site="local", tasks=(f"wc-{part}",)) for part in PARTS
    ]
    said = (
        Tagged(target="workflow", tags=(Tag(key="project", type="string", text="books"),)),
        Tagged(target="task", name="wc-a", tags=(Tag(key="first", type="boolean", text="true", number=1.0),)),
        *(
            Tagged(
                target="file",
                name=f"count.{part}",
                tags=(
                    Tag(key="type", type="string", text="counts"),
                    Tag(key="temperature", type="number", text="200", number=200.0),
                ),
            )
            for part in PARTS
        ),
    )
    return [
        PlanStarted(
            run=run,
            workflow="split",
            root=caller or run,
            parent_run=caller,
            parent_job=None if caller is None else f"call_{run}",
            user="ada",
            submit_directory=f"/plans/{run}",
        ),
        TasksDeclared(
            run=run,
            chunk=0,
            tasks=(split, *counts),
            edges=tuple(Edge(parent="ID1", child=task.task) for task in counts),
        ),
        FilesDeclared(run=run, chunk=0, files=tuple(files)),
        JobsPlanned(run=run, chunk=0, jobs=tuple(jobs)),
        MetadataRegistered(run=run, origin="workflow", items=said),
        WorkflowPlanned(run=run, tasks=5, files=9, jobs=4, reused_tasks=0, chunks=3),
    ]


def _counted(run: str, part: str, *, lines: int, start: int, corrupt: bool) -> list[Fact]:
    names: dict[str, Any] = {"run": run, "job": f"wc_{part}", "attempt": 1}
    submitted = [JobSubmitted(**names, submission=1, site="local"), JobStarted(**names, host="node1")]
    if corrupt:
        wrong = ChecksumVerified(
            **names, ok=False, lfn=f"part.{part}", expected="1" * 64, found="f" * 64, pfn=f"/data/part.{part}"
        )
        return [*submitted, wrong, JobFinished(**names, exit_raw=256, problem=f"part.{part} is corrupt")]
    count = f"count.{part}"
    return [
        *submitted,
        InvocationRecorded(
            **names,
            sequence=1,
            start=start * SECOND,
            duration=SECOND,
            exit_raw=0,
            task=f"wc-{part}",
            transformation="wc",
            argv=("wc", "-l", f"part.{part}"),
        ),
        JobFinished(**names, exit_raw=0, local_duration=SECOND, site="local"),
        ChecksumVerified(**names, ok=True, lfn=count, role="output", found=part * 64, size=4),
        FileRegistered(**names, lfn=count, pfn=f"/out/{run}/{count}", site="local", size=4, sha256=part * 64),
        MetadataRegistered(
            **names,
            origin="job",
            items=(
                Tagged(
                    target="file",
                    name=count,
                    tags=(Tag(key="lines", type="number", text=str(lines), number=float(lines)),),
                ),
            ),
        ),
    ]


@pytest.fixture
def run_events() -> Callable[..., list[Event]]:
    """Makes the events of one run."""
    return split_run


@dataclass
class Asked:
    """A server in this process, its log and views, and ways to ask it."""

    log: MemoryLog
    store: ViewStore
    client: TestClient

    def fold(self, events: Sequence[Event] = ()) -> None:
        """Append the events and fold everything."""
        self.log.append(events)
        Projector(self.log, self.store).catch_up()

    def ask(self, query: str, token: str | None = None, **variables: object) -> dict[str, Any]:
        """The answer to a query that must have no error."""
        answer = self.answer(query, token, **variables)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    def answer(self, query: str, token: str | None = None, **variables: object) -> dict[str, Any]:
        """The whole answer."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        response = self.client.post(
            "/graphql", json={"query": query, "variables": variables}, headers=headers
        )
        answer: dict[str, Any] = response.json()
        return answer

    def error(self, query: str, token: str | None = None, **variables: object) -> Mapping[str, Any]:
        """The one error of a query that must have one: its message and code."""
        errors = self.answer(query, token, **variables)["errors"]
        assert len(errors) == 1, errors
        return {"message": errors[0]["message"], "code": errors[0]["extensions"]["code"]}


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Callable[..., Asked]]:
    """Makes servers over an empty log; settings are those of ``ServerSettings``."""
    opened: list[Asked] = []

    def make(host: str = "127.0.0.1", **settings: Any) -> Asked:
        log, store = MemoryLog(), ViewStore.open(tmp_path / f"views{len(opened)}")
        app = build_app(log, store, replace(ServerSettings(), host=host, **settings))
        client = TestClient(app, base_url=f"http://{host}:8420", raise_server_exceptions=False)
        client.__enter__()
        opened.append(Asked(log, store, client))
        return opened[-1]

    yield make
    for asked in opened:
        asked.client.__exit__(None, None, None)
        asked.store.close()


@pytest.fixture
def server(serving: Callable[..., Asked]) -> Asked:
    """A server over three runs; the newest one failed on a corrupted file."""
    asked = serving()
    for number, run in enumerate(("run-1", "run-2", "run-3")):
        asked.fold(split_run(run, start=1_000 * (number + 1), fails=run == "run-3"))
    return asked


@pytest.fixture
def counted_statements() -> Callable[[Asked], AbstractContextManager[list[str]]]:
    """Collects the SQL statements that a server runs."""

    @contextmanager
    def collect(asked: Asked) -> Iterator[list[str]]:
        said: list[str] = []

        def listen(_connection, _cursor, statement, _parameters, _context, _many) -> None:
            if not statement.startswith("BEGIN"):
                said.append(statement)

        event.listen(Engine, "before_cursor_execute", listen)
        try:
            yield said
        finally:
            event.remove(Engine, "before_cursor_execute", listen)

    return collect
