"""A broker that asks for TLS and a password."""

import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from eventlog.event import Event
from eventlog.kafka import KafkaLog
from eventlog.log import read_all

pytestmark = pytest.mark.kafka

QUICK = {"bootstrap.timeout.ms": "1500"}
CHECKOUT = Path(__file__).parents[2]
OPEN = """
import sys
from eventlog.errors import UnavailableError
from eventlog.opening import open_log
try:
    open_log(sys.argv[1])
except UnavailableError as error:
    print(error)
"""
MODULE = "org.apache.kafka.common.security.plain.PlainLoginModule"
PROPERTIES = """\
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{inside},SECURED://127.0.0.1:{secured},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{inside},SECURED://127.0.0.1:{secured}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SECURED:SASL_SSL,CONTROLLER:PLAINTEXT
sasl.enabled.mechanisms=PLAIN
listener.name.secured.plain.sasl.jaas.config={module} required user_hoofprint="open sesame";
listener.name.secured.ssl.keystore.type=PEM
listener.name.secured.ssl.keystore.location={keys}
"""


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of 127.0.0.1 that nobody signed; its key lies with it in ``keys.pem``."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    certify("broker", key, certificate)
    (tmp_path / "keys.pem").write_text(key.read_text() + certificate.read_text())
    return certificate


@pytest.fixture
def secured(broker: Any, certificate: Path, tmp_path: Path) -> str:
    """The address of a broker's secured listener."""
    with ExitStack() as held:
        sockets = [held.enter_context(closing(socket.socket())) for _ in range(3)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        inside, secured, controller = (one.getsockname()[1] for one in sockets)
    extra = tmp_path / "extra.properties"
    keys = certificate.with_name("keys.pem")
    extra.write_text(
        PROPERTIES.format(inside=inside, secured=secured, controller=controller, keys=keys, module=MODULE)
    )
    broker.start(extra)
    return f"127.0.0.1:{secured}"


@pytest.fixture
def place(secured: str, tmp_path: Path) -> Callable[..., str]:
    """A location whose properties say how the listener is reached; changes and omissions as wanted."""

    def write(changes: Mapping[str, str] = MappingProxyType({})) -> str:
        properties = {
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "PLAIN",
            "sasl.username": "hoofprint",
            "sasl.password": "open sesame",
            "ssl.ca.location": str(tmp_path / "certificate.pem"),
            "bootstrap.timeout.ms": "5000",
            **changes,
        }
        path = tmp_path / "kafka.properties"
        path.write_text("".join(f"{name}={value}\n" for name, value in properties.items()))
        return f"kafka://{secured}/events?properties={path}"

    return write


def test_a_log_behind_tls_and_a_password_is_appended_to_and_read(
    place: Callable[..., str],
    submitted: Callable[..., list[Event]],
    jobs_of: Callable[..., list[int]],
    tmp_path: Path,
) -> None:
    with closing(KafkaLog.open(place())) as log:
        log.append(submitted(range(300)))
        assert jobs_of(list(read_all(log))) == list(range(300))
    certify("somebody else", tmp_path / "key.pem", tmp_path / "other.pem")
    for wrong, said in (
        ({"sasl.password": "guessed"}, "SASL_SSL, user hoofprint"),
        ({"ssl.ca.location": str(tmp_path / "other.pem")}, "SASL_SSL"),
        ({"security.protocol": "PLAINTEXT"}, "PLAINTEXT"),
    ):
        told = refused(place(QUICK | wrong))
        assert "see whether security.protocol, sasl.* and ssl.* are what it asks for" in told
        assert said in told
        assert "guessed" not in told


def refused(location: str) -> str:
    """What is said to who opens a log in vain; in a process of its own, since the library leaks sockets."""
    program = [sys.executable, "-W", "ignore", "-c", OPEN, location]
    return subprocess.run(program, check=True, stdout=subprocess.PIPE, text=True, cwd=CHECKOUT).stdout


def certify(name: str, key: Path, certificate: Path) -> None:
    """Make a key, and a certificate of 127.0.0.1 with it that nobody else signed."""
    command = f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout {key} -out {certificate}".split()
    names = ["-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, *names], check=True, capture_output=True)
