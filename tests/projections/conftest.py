"""Stores on both databases, and the story of a small workflow as events."""

import dataclasses
import importlib.util
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from eventlog.event import Event, Observer
from eventlog.facts import (
    ChecksumComputed,
    ChecksumVerified,
    Edge,
    Fact,
    FileDeclared,
    FileRegistered,
    FileRemoved,
    FilesDeclared,
    Host,
    InvocationRecorded,
    JobFinished,
    JobHeld,
    JobPlanned,
    JobReleased,
    JobsPlanned,
    JobsReused,
    JobStarted,
    JobSubmitted,
    MetadataRegistered,
    MetadataRetracted,
    PlanStarted,
    ReusedFile,
    ReuseInvalidated,
    RunFinished,
    RunStarted,
    ScriptFinished,
    Tag,
    Tagged,
    TaskDeclared,
    TasksDeclared,
    TransferFinished,
    WorkflowPlanned,
)
from eventlog.log import EventLog
from eventlog.memory import MemoryLog
from projections.projector import Projector
from projections.store import ViewStore

SECOND = 1_000_000
SHA_IN, SHA_MID, SHA_OUT, SHA_BAD = "1" * 64, "2" * 64, "3" * 64, "f" * 64


class Story:
    """A run of two tasks: ``cut`` makes mid from in at its second attempt, ``count`` makes out from mid."""

    def __init__(self, run: str = "run-1", *, namespace: str = "default", start: int = 1_000) -> None:
        self.run = run
        self.observer = Observer("test", "ada", run, namespace)
        self.start = start
        self.events: list[Event] = []

    def say(self, second: int, *facts: Fact) -> "Story":
        """These facts happened so many seconds after the story's start."""
        self.events += [self.observer.event(fact, (self.start + second) * SECOND) for fact in facts]
        return self

    def planned(self, *, reused_from: str | None = None) -> "Story":
        """The plan; with ``reused_from`` the first task was pruned for another run's file."""
        run = self.run
        cut = TaskDeclared(
            task="ID1", transformation="cut", argv=("-l", "100", "in"), inputs=("in",), outputs=("mid",)
        )
        count = TaskDeclared(
            task="ID2", transformation="wc", argv=("mid",), inputs=("mid",), outputs=("out",)
        )
        jobs = [
            JobPlanned(job="stage_in", kind="stage-in-tx", site="local"),
            JobPlanned(job="count_ID2", kind="compute", site="local", tasks=("ID2",), max_retries=1, cores=2),
        ]
        edges = [Edge(parent="stage_in", child="count_ID2")]
        if reused_from is None:
            jobs.append(JobPlanned(job="cut_ID1", kind="compute", site="local", tasks=("ID1",)))
            edges = [Edge(parent="stage_in", child="cut_ID1"), Edge(parent="cut_ID1", child="count_ID2")]
        self.say(
            0,
            PlanStarted(
                run=run, workflow="split", root=run, user="ada", submit_directory=f"/plans/{run}", argv=("a",)
            ),
            TasksDeclared(run=run, chunk=0, tasks=(cut, count), edges=(Edge(parent="ID1", child="ID2"),)),
            FilesDeclared(
                run=run,
                chunk=0,
                files=(
                    FileDeclared(lfn="in", role="input", size=12),
                    FileDeclared(lfn="mid", role="intermediate"),
                    FileDeclared(lfn="out", role="output", stage_out=True, register=True),
                ),
            ),
            JobsPlanned(run=run, chunk=0, jobs=tuple(jobs), edges=tuple(edges)),
        )
        if reused_from is not None:
            pruned = ReusedFile(
                task="ID1", rule="exists", lfn="mid", pfn="/out/mid", site="local", from_run=reused_from
            )
            self.say(0, JobsReused(run=run, chunk=0, files=(pruned,)))
        self.say(
            0,
            MetadataRegistered(
                run=run,
                origin="workflow",
                items=(
                    Tagged(target="workflow", tags=(Tag(key="project", type="string", text="books"),)),
                    Tagged(target="task", name="ID2", tags=(Tag(key="role", type="string", text="count"),)),
                    Tagged(target="file", name="out", tags=(Tag(key="type", type="string", text="counts"),)),
                ),
            ),
        )
        pruned_tasks = 0 if reused_from is None else 1
        return self.say(
            1,
            WorkflowPlanned(
                run=run,
                tasks=2,
                files=3,
                jobs=len(jobs),
                reused_tasks=pruned_tasks,
                chunks=3 + pruned_tasks,
            ),
        )

    def attempt(
        self,
        second: int,
        job: str,
        *,
        attempt: int = 1,
        exit_code: int = 0,
        task: str | None = None,
        seconds: int = 2,
        problem: str = "",
        cores: int = 1,
    ) -> "Story":
        """One attempt of a job with one process."""
        names = {"run": self.run, "job": job, "attempt": attempt}
        host = Host(hostname="node1", ip="10.0.0.1", cpu_count=4, cpu_speed=2400.5)
        transformation = {"ID1": "cut", "ID2": "wc"}.get(task or "", "transfer")
        process = InvocationRecorded(
            **names,
            sequence=1,
            start=(self.start + second) * SECOND,
            duration=seconds * SECOND,
            exit_raw=exit_code << 8,
            task=task,
            transformation=transformation,
            executable=f"/bin/{transformation}",
            argv=(transformation, "--fast"),
            utime=SECOND,
            stime=SECOND // 2,
            maxrss=2048,
            host=host,
            site="local",
        )
        submission = 1 + sum(isinstance(event.fact, JobSubmitted) for event in self.events)
        self.say(second, JobSubmitted(**names, submission=submission, site="local"))
        self.say(second + 1, JobStarted(**names, host="node1"))
        return self.say(
            second + 1 + seconds,
            process,
            JobFinished(
                **names,
                exit_raw=exit_code << 8,
                local_duration=seconds * SECOND,
                multiplier=cores,
                site="local",
                host=host,
                problem=problem,
                stderr_tail="no such page" if exit_code else "",
            ),
        )

    def ran(self) -> "Story":
        """The plan carried out: one retry, one wrong checksum, a replica removed, a tag taken back."""
        run = self.run
        self.say(10, RunStarted(run=run, restart=0, engine="local", host="head"))
        self.attempt(11, "stage_in")
        first = {"run": run, "job": "cut_ID1", "attempt": 1}
        self.attempt(15, "cut_ID1", exit_code=1, task="ID1", problem="input in is corrupt")
        self.say(
            15,
            ChecksumVerified(
                **first, ok=False, lfn="in", pfn="/data/in", site="local", expected=SHA_IN, found=SHA_BAD
            ),
        )
        second = {"run": run, "job": "cut_ID1", "attempt": 2}
        self.attempt(20, "cut_ID1", attempt=2, task="ID1", seconds=3)
        self.say(
            21,
            JobHeld(**second, reason="disk"),
            JobReleased(**second),
            ChecksumVerified(
                **second, ok=True, lfn="in", expected=SHA_IN, found=SHA_IN, size=12, duration=1000
            ),
            TransferFinished(**second, lfn="in", source="/data/in", destination="in", size=12, duration=5),
            ScriptFinished(**second, script="post", exit_raw=0, started=30 * SECOND, terminated=31 * SECOND),
        )
        self.say(24, ChecksumComputed(**second, lfn="mid", sha256=SHA_MID, size=7, duration=2000))
        self.say(
            25,
            FileRegistered(**second, lfn="mid", pfn="/out/mid", site="local", size=7, sha256=SHA_MID),
            FileRegistered(**second, lfn="mid", pfn="/scratch/mid", site="local", ordinal=1),
        )
        third = {"run": run, "job": "count_ID2", "attempt": 1}
        self.attempt(26, "count_ID2", task="ID2", seconds=4, cores=2)
        self.say(
            30,
            ChecksumComputed(**third, lfn="out", sha256=SHA_OUT, size=3, duration=3000),
            FileRegistered(**third, lfn="out", pfn="/out/out", site="local", size=3, sha256=SHA_OUT),
            FileRemoved(run=run, lfn="mid", pfn="/scratch/mid", site="local"),
            MetadataRegistered(
                **third,
                origin="job",
                items=(
                    Tagged(
                        target="file",
                        name="out",
                        tags=(
                            Tag(key="lines", type="number", text="100", number=100.0),
                            Tag(key="draft", type="boolean", text="true", number=1.0),
                        ),
                    ),
                ),
            ),
        )
        self.say(
            31,
            MetadataRetracted(run=run, target="file", name="out", key="draft", idempotency_key="take-back"),
        )
        return self.say(32, RunFinished(run=run, restart=0, status=0))

    def without_name(self, pfn: str) -> "Story":
        """Somebody removed what lay at a place, whatever its name was, and it was registered again."""
        again = FileRegistered(run=self.run, lfn="mid", pfn=pfn, site="local", ordinal=2)
        return self.say(41, FileRemoved(run=self.run, pfn=pfn, site="local", ordinal=1)).say(42, again)

    def corrected(self) -> "Story":
        """The planner's reader was wrong: one chunk never named the edge of the tasks, nor ``out``'s task."""
        cut = TaskDeclared(task="ID1", transformation="cut", inputs=("in",), outputs=("mid",))
        return self.say(43, TasksDeclared(run=self.run, chunk=0, tasks=(cut,), revision=1))

    def invalidated(self, lfn: str) -> "Story":
        """Somebody distrusts a file."""
        return self.say(40, ReuseInvalidated(run=self.run, lfn=lfn, reason="wrong page"))


@pytest.fixture
def story() -> Callable[..., Story]:
    """Makes stories."""
    return Story


@pytest.fixture
def complete(story: Callable[..., Story]) -> Sequence[Event]:
    """Every kind of table gets rows: a finished run, one that reuses its file, one unannounced."""
    first = story("run-1").planned().ran().invalidated("nothing").without_name("/out/mid").corrected().events
    second = story("run-2", start=2_000).planned(reused_from="run-1").attempt(11, "count_ID2", task="ID2")
    late = dataclasses.replace(first[0], fact=dataclasses.replace(first[0].fact, revision=1, user="eve"))
    return [*first, *second.events, late, *unannounced(story("run-3", start=3_000)).events]


def unannounced(story: Story) -> Story:
    """The plan of a run of which nobody said who planned it and when; its end is told twice."""
    story.planned()
    plan = next(event.fact for event in story.events if isinstance(event.fact, WorkflowPlanned))
    story.events = [event for event in story.events if not isinstance(event.fact, PlanStarted)]
    return story.say(500, dataclasses.replace(plan, revision=1))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ViewStore]:
    """An empty store, on each database."""
    location = tmp_path / "views" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    opened = ViewStore.open(location)
    yield opened
    opened.close()


@pytest.fixture
def folded(store: ViewStore) -> Callable[[Sequence[Event]], ViewStore]:
    """Folds events into the store through a log of their own, once."""

    def fold(events: Sequence[Event]) -> ViewStore:
        log = MemoryLog()
        log.append(events)
        Projector(log, store).catch_up()
        return store

    return fold


_PROGRAM = Path(__file__).parent / "programs" / "partitioned.py"
_MODULE = "tests.projections.programs.partitioned"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where views of several processes lie, on each database."""
    if request.param == "sqlite":
        return str(tmp_path / "views")
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def partitioned(tmp_path: Path) -> Iterator[EventLog]:
    """An empty log of four partitions that other processes can open, too."""
    spec = importlib.util.spec_from_file_location("partitioned_program", _PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    log: EventLog = module.PartitionedLog(tmp_path / "log")
    yield log
    log.close()


Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a process that follows or rebuilds views of the partitioned log; killed when the test ends."""
    started: list[subprocess.Popen[str]] = []

    def begin(what: str, location: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", _MODULE, what, str(tmp_path / "log"), location],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline().startswith("beat")
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
