"""Services that tests share: for each test that asks, a PostgreSQL database or a Kafka topic of its own."""

import os
import signal
import uuid
from collections.abc import Iterator

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
