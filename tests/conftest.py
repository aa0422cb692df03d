"""Services that tests share: for each test that asks, a PostgreSQL database or a Kafka topic of its own."""

import os
import signal
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

POSTGRES = "HOOFPRINT_TEST_POSTGRES"
KAFKA = "HOOFPRINT_TEST_KAFKA"


def pytest_configure() -> None:
    """Let SIGINT mean what it means at a terminal.

    What runs in the background inherits it as ignored, and so would every process that a test interrupts.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _missing(variable: str, what: str) -> None:
    reason = f"{variable} is not set: no {what}; `make test` starts one"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The folder of real workflows, catalogs and runs; the test is skipped where none is named."""
    folder = os.environ.get("HOOFPRINT_REALDATA")
    if not folder:
        pytest.skip("HOOFPRINT_REALDATA names no folder of real workflows")
    return Path(folder)


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """The URL of an empty database on the test server, dropped after the test."""
    server = os.environ.get(POSTGRES, "")
    if not server:
        _missing(POSTGRES, "PostgreSQL server")
    psycopg = pytest.importorskip("psycopg")
    from sqlalchemy import make_url

    url = make_url(server)
    name = f"hoofprint_test_{uuid.uuid4().hex}"
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield url.set(database=name).render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def kafka_server() -> str:
    """The test broker, ``host:port``."""
    server = os.environ.get(KAFKA, "")
    if not server:
        _missing(KAFKA, "Kafka broker")
    return server


@pytest.fixture
def kafka_location(kafka_server: str) -> str:
    """Where a log on the test broker lies that no other test has; it is made by whoever opens it."""
    return f"kafka://{kafka_server}/test-{uuid.uuid4().hex}"


class Broker:
    """A broker of one test's own; it comes back on the same port with what it kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def start(self, extra: Path | None = None) -> str:
        """Start it, with ``extra`` properties where it is new, or start it again; its address."""
        return self._run("start", extra).splitlines()[-1]

    def kill(self) -> None:
        """As a power cut would."""
        os.kill(int((self._folder / "kafka.pid").read_text()), signal.SIGKILL)

    def stop(self) -> None:
        """End it as one should."""
        self._run("stop", None)

    def _run(self, verb: str, extra: Path | None) -> str:
        script = Path(__file__).parents[1] / "deploy" / "kafka" / "broker.sh"
        return subprocess.run(
            [str(script), verb, str(self._folder)],
            env=os.environ | ({"KAFKA_EXTRA": str(extra)} if extra else {}),
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            timeout=120,
        ).stdout


@pytest.fixture
def broker(tmp_path: Path, kafka_server: str) -> Iterator[Broker]:
    """A broker that is not started yet; asking for the shared one tells whether there can be any."""
    own = Broker(tmp_path / "broker")
    yield own
    own.stop()
