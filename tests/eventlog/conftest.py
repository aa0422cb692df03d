"""Every log that we have, behind the same fixtures: a new one joins all contract tests by its line here."""

import dataclasses
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import cast

import fastavro
import pytest

from eventlog.avro import record_schema, schema_fingerprint
from eventlog.codec import MARKER, Codec
from eventlog.event import Event, Observer
from eventlog.facts import Fact, JobSubmitted
from eventlog.log import EventLog, Record, read_all
from eventlog.memory import MemoryLog
from eventlog.opening import open_log
from eventlog.spool import SpoolingLog
from eventlog.spool_file import SpoolFile

PROGRAMS = Path(__file__).parent / "programs"
CHECKOUT = Path(__file__).parents[2]
SESSION = uuid.uuid4()


@dataclass(frozen=True)
class Backend:
    """A kind of log; ``location`` names that of a folder, and is None where only this process has it.

    The latter are made by ``make``.
    """

    name: str
    location: Callable[[Path], str] | None
    rejects_duplicates: bool
    marks: Sequence[pytest.MarkDecorator] = field(default_factory=tuple)
    make: Callable[[Path], EventLog] = lambda folder: MemoryLog()

    def open(self, folder: Path) -> EventLog:
        return self.make(folder) if self.location is None else open_log(self.location(folder))


def _spooling(folder: Path) -> EventLog:
    log = MemoryLog()
    return SpoolingLog(lambda: log, "memory", SpoolFile.open(folder / "spool.db"))


def _kafka_location(folder: Path) -> str:
    """A topic for a test's folder."""
    topic = uuid.uuid5(SESSION, str(folder))
    return f"kafka://{os.environ['HOOFPRINT_TEST_KAFKA']}/test-{topic}"


BACKENDS = (
    Backend("memory", None, rejects_duplicates=True),
    Backend("spooling", None, rejects_duplicates=True, make=_spooling),
    Backend("sqlite", lambda folder: f"sqlite:{folder / 'log.db'}", rejects_duplicates=True),
    Backend("kafka", _kafka_location, rejects_duplicates=False, marks=(pytest.mark.kafka,)),
)


@pytest.fixture(autouse=True)
def _services(request: pytest.FixtureRequest) -> None:
    """What a kind of log needs is there, or the test is skipped with the reason."""
    if request.node.get_closest_marker("kafka"):
        request.getfixturevalue("kafka_server")


def _parameters(wanted: Callable[[Backend], bool]) -> list[object]:
    return [
        pytest.param(backend, id=backend.name, marks=backend.marks) for backend in BACKENDS if wanted(backend)
    ]


@pytest.fixture(params=_parameters(lambda backend: True))
def backend(request: pytest.FixtureRequest) -> Backend:
    """Each kind of log."""
    return request.param


@pytest.fixture(params=_parameters(lambda backend: backend.rejects_duplicates))
def rejecting(request: pytest.FixtureRequest) -> Backend:
    """Each kind of log that knows the ids it holds."""
    return request.param


@pytest.fixture(params=_parameters(lambda backend: backend.location is not None))
def durable(request: pytest.FixtureRequest) -> Backend:
    """Each kind of log that outlives its process."""
    return request.param


@pytest.fixture(
    params=_parameters(lambda backend: backend.rejects_duplicates and backend.location is not None)
)
def durable_rejecting(request: pytest.FixtureRequest) -> Backend:
    """Each kind of log that outlives its process and knows the ids it holds."""
    return request.param


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[Backend], EventLog]]:
    """Opens the log of the test's folder, as often as the test likes; all are closed at its end."""
    with ExitStack() as logs:

        def open_backend(backend: Backend) -> EventLog:
            log = backend.open(tmp_path)
            logs.callback(log.close)
            return log

        yield open_backend


@pytest.fixture
def log(backend: Backend, opened: Callable[[Backend], EventLog]) -> EventLog:
    """An empty log of each kind."""
    return opened(backend)


@pytest.fixture
def root() -> str:
    """The root run of a test's events."""
    return str(uuid.uuid4())


@pytest.fixture
def submitted(root: str) -> Callable[..., list[Event]]:
    """``submitted(jobs)``: one event for each job number; ``run`` and ``site`` as wanted."""

    def events(jobs: Sequence[int], *, run: str = root, site: str = "") -> list[Event]:
        observer = Observer("tests", "tester", run)
        facts = [JobSubmitted(run=run, job=f"job-{job}", attempt=1, site=site) for job in jobs]
        return [observer.event(fact, job) for job, fact in zip(jobs, facts, strict=True)]

    return events


@pytest.fixture
def observed(root: str) -> Callable[[Fact], Event]:
    """The event of a fact, at time 0."""
    return lambda fact: Observer("tests", "tester", root).event(fact, 0)


@pytest.fixture
def older_body() -> Callable[..., tuple[str, bytes]]:
    """Schema and body of a fact as another version wrote it: ``without`` some fields, with ``extra`` ones."""

    def write(fact: Fact, *, without: Sequence[str] = (), extra: Sequence[str] = ()) -> tuple[str, bytes]:
        schema = record_schema(type(fact))
        fields = cast(list[dict[str, object]], schema["fields"])
        kept = [each for each in fields if each["name"] not in without]
        more = [{"name": name, "type": "string", "default": ""} for name in extra]
        other = {**schema, "fields": [*more, *kept]}
        stream = BytesIO()
        datum = {**dataclasses.asdict(fact), **dict.fromkeys(extra, "forgotten")}
        fastavro.schemaless_writer(stream, fastavro.parse_schema(other), datum)
        text = json.dumps(other)
        return text, MARKER + schema_fingerprint(text).to_bytes(8, "little") + stream.getvalue()

    return write


@pytest.fixture
def events_in() -> Callable[[EventLog], list[Event]]:
    """Everything that a log holds, decoded."""

    def decoded(log: EventLog) -> list[Event]:
        codec = Codec(log)
        return [codec.decode(record) for record in read_all(log)]

    return decoded


@pytest.fixture
def jobs_of() -> Callable[[Sequence[Record]], list[int]]:
    """The job numbers of records that ``submitted`` events left behind."""
    return lambda records: [int(record.subject.split("/")[1].removeprefix("job-")) for record in records]


@pytest.fixture
def appending(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a process that appends the jobs ``first`` to ``last`` of a run, a line after each batch."""
    with ExitStack() as processes:

        def start(backend: Backend, run: str, first: int, last: int, *, batch: int) -> subprocess.Popen[str]:
            assert backend.location is not None
            program = [sys.executable, str(PROGRAMS / "append_batches.py"), backend.location(tmp_path)]
            process = subprocess.Popen(
                [*program, run, str(first), str(last), str(batch)],
                stdout=subprocess.PIPE,
                text=True,
                env={"PYTHONPATH": str(CHECKOUT)},
            )
            processes.enter_context(process)
            processes.callback(process.kill)
            return process

        yield start
