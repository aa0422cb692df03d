"""A bench to run small plans on: real worker, real processes, a log of choice."""

import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from eventlog.codec import Codec
from eventlog.facts import Fact
from eventlog.log import EventLog, read_all
from eventlog.memory import MemoryLog
from eventlog.sqlite import SqliteLog
from monitor.local import Stop, run_plan
from monitor.progress import ProgressListener, RunOutcome
from planner.executable import (
    InputFile,
    JobKind,
    Location,
    OutputFile,
    PlanHeader,
    PlannedJob,
    PlannedTask,
    Transfer,
)
from worker.bundle import build_worker

F = TypeVar("F", bound=Fact)

ENGINE = """
import sys
from pathlib import Path
from eventlog.errors import HoofprintError
from eventlog.sqlite import SqliteLog
from monitor.local import run_plan

plan, log, python, worker = map(Path, sys.argv[1:5])
opened = SqliteLog.open(log)
try:
    outcome = run_plan(plan, opened, python=python, worker=worker, actor="ada", cores=int(sys.argv[5]))
except HoofprintError as error:
    print(error, file=sys.stderr)
    sys.exit(5)
finally:
    opened.close()
print(outcome.reason)
sys.exit(130 if outcome.interrupted else outcome.status)
"""


class Bench:
    """One run's plan directory, scratch, log and worker, all below one folder."""

    def __init__(self, folder: Path, worker: Path) -> None:
        self.folder = folder
        self.plan = folder / "plan"
        self.scratch = folder / "scratch"
        self.worker = worker
        self.python = Path(sys.executable)
        self.run_id = str(uuid.uuid4())
        self.log: EventLog = MemoryLog()
        self.log_file = folder / "log.db"
        self.engines: list[subprocess.Popen[str]] = []

    def use_sqlite(self) -> None:
        """Keep the events in a file, so that engines in other processes can share them."""
        self.log = SqliteLog.open(self.log_file)

    def at(self, path: Path) -> Location:
        """A file of this machine as a location on site local."""
        return Location("local", path.as_uri())

    def job(
        self,
        name: str,
        script: str = "exit 0",
        *,
        parents: Sequence[int] = (),
        inputs: Sequence[str] = (),
        outputs: Sequence[str] = (),
        retries: int = 0,
        cores: int = 1,
        category: str = "",
        priority: int = 0,
    ) -> PlannedJob:
        """A compute job of one shell script in the scratch directory."""
        task = PlannedTask(id=f"task_{name}", transformation="sh", executable="/bin/sh", argv=("-c", script))
        return PlannedJob(
            name=name,
            kind=JobKind.COMPUTE,
            site="local",
            directory=str(self.scratch),
            parents=tuple(parents),
            tasks=(task,),
            inputs=tuple(InputFile(lfn, lfn) for lfn in inputs),
            outputs=tuple(OutputFile(lfn, lfn) for lfn in outputs),
            retries=retries,
            cores=cores,
            category=category,
            priority=priority,
        )

    def stage(
        self, name: str, lfn: str, source: Path, destination: Path, *, role: str = "input", **more: object
    ) -> PlannedJob:
        """A job that brings one file from one place to another; ``more`` goes into the transfer."""
        transfer = Transfer(lfn, (self.at(source),), self.at(destination), role)
        kind = JobKind.STAGE_IN if role == "input" else JobKind.STAGE_OUT
        return PlannedJob(
            name=name,
            kind=kind,
            site="local",
            directory=str(self.scratch),
            transfers=(msgspec.structs.replace(transfer, **more),),
        )

    def write(self, jobs: Sequence[PlannedJob], **header: object) -> None:
        """Write the plan directory."""
        first = PlanHeader(
            run=self.run_id,
            root=self.run_id,
            workflow="bench",
            namespace="default",
            planned=1_700_000_000_000_000,
            data_configuration="sharedfs",
            jobs=len(jobs),
        )
        lines = [msgspec.structs.replace(first, **header), *jobs]
        self.plan.mkdir(parents=True)
        (self.plan / "plan.jsonl").write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))

    def run(
        self, *, cores: int = 2, progress: ProgressListener | None = None, stop: Stop | None = None
    ) -> RunOutcome:
        """Run the plan in this process."""
        return run_plan(
            self.plan,
            self.log,
            python=self.python,
            worker=self.worker,
            actor="ada",
            cores=cores,
            progress=progress,
            stop=stop,
        )

    def start_engine(self, *, cores: int = 2) -> "subprocess.Popen[str]":
        """Run the plan in a process of its own."""
        argv = [self.python, "-c", ENGINE, self.plan, self.log_file, self.python, self.worker, cores]
        engine = subprocess.Popen(
            [str(part) for part in argv],
            cwd=Path(__file__).parents[2],  # with -c, imports begin there
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.engines.append(engine)
        return engine

    def close(self) -> None:
        """End what a failing test left behind."""
        for engine in self.engines:
            if engine.returncode is None:
                engine.kill()
                engine.communicate()
        self.log.close()

    def facts(self, kind: type[F]) -> list[F]:
        """What the log holds of one type, in log order."""
        return [fact for fact in self.all_facts() if isinstance(fact, kind)]

    def all_facts(self) -> list[Fact]:
        """What the log holds, in log order."""
        codec = Codec(self.log)
        return [codec.decode(record).fact for record in read_all(self.log)]


@pytest.fixture(scope="session")
def worker_pyz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real worker, built once."""
    path = tmp_path_factory.mktemp("worker") / "worker.pyz"
    build_worker(str(path))
    return path


@pytest.fixture
def bench(tmp_path: Path, worker_pyz: Path) -> Iterator[Bench]:
    """A fresh bench."""
    bench = Bench(tmp_path, worker_pyz)
    yield bench
    bench.close()


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Wait until a condition holds, or fail after ten seconds."""

    def wait(condition: Callable[[], bool]) -> None:
        until = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < until, "waited ten seconds in vain"
            time.sleep(0.01)

    return wait


@pytest.fixture
def kill_dead() -> Callable[["subprocess.Popen[str]"], None]:
    """End a process as a power cut would, and let go of its pipes."""

    def kill(process: "subprocess.Popen[str]") -> None:
        process.send_signal(signal.SIGKILL)
        process.communicate()

    return kill
