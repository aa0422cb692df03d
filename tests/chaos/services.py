"""The broker and the database of a campaign: its own, started and started again by the project's scripts."""

import os
import re
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from tests.chaos.campaign import Strike
from tests.chaos.processes import CHECKOUT
from tests.chaos.proxy import Proxy


def _deploy(script: str, verb: str, folder: Path, **environment: str) -> str:
    """The last line of what a script prints."""
    done = subprocess.run(
        [str(CHECKOUT / "deploy" / script), verb, str(folder)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
        env={**os.environ, **environment},
    )
    return (done.stdout.splitlines() or [""])[-1]


class Broker:
    """A broker that is killed, hangs, or loses its connections."""

    name, weight = "broker", 3

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._proxy = Proxy()
        folder.mkdir()
        extra = folder / "extra.properties"
        extra.write_text(f"advertised.listeners=PLAINTEXT://127.0.0.1:{self._proxy.port}\n")
        self.address = _deploy("kafka/broker.sh", "start", folder, KAFKA_EXTRA=str(extra))
        found = re.search(
            r"(?m)^listeners=PLAINTEXT://127.0.0.1:(\d+)", (folder / "server.properties").read_text()
        )
        assert found is not None
        self._proxy.target = int(found[1])

    def strikes(self) -> Sequence[Strike]:
        """Killed it starts again with what it kept."""
        return (
            Strike("kill", 3, lambda: self._signal(signal.SIGKILL), self._start),
            Strike("hang", 2, lambda: self._signal(signal.SIGSTOP), lambda: self._signal(signal.SIGCONT)),
            Strike("cut connections", 3, self._proxy.cut, lambda: None),
        )

    def tend(self) -> None:
        """Nothing: it ends when it is killed."""

    def close(self) -> None:
        """End it for good."""
        with suppress(ProcessLookupError):
            self._signal(signal.SIGCONT)
        _deploy("kafka/broker.sh", "stop", self._folder)
        self._proxy.close()

    def _start(self) -> None:
        _deploy("kafka/broker.sh", "start", self._folder)

    def _signal(self, number: signal.Signals) -> None:
        os.kill(int((self._folder / "kafka.pid").read_text()), number)


class Database:
    """A PostgreSQL server that is killed, or whose sessions end, hang or are cut off."""

    name, weight = "database", 3

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._proxy = Proxy()
        # what it has committed must outlive its processes
        self.url = _deploy("postgres/server.sh", "start", folder, POSTGRES_FSYNC="on")
        direct = make_url(self.url)
        assert direct.port is not None
        self._proxy.target = direct.port
        self.clients_url = direct.set(port=self._proxy.port).render_as_string(hide_password=False)
        self._hanging: list[int] = []

    @property
    def log(self) -> str:
        """What the server wrote about itself."""
        return (self._folder / "server.log").read_text(errors="replace")

    def strikes(self) -> Sequence[Strike]:
        """One process killed means that the server ends all sessions and recovers by itself."""
        return (
            Strike("kill", 2, self._kill_server, self._restart),
            Strike(
                "kill a session's process", 2, lambda: self._hit_sessions(signal.SIGKILL, 1), lambda: None
            ),
            Strike("end sessions", 4, lambda: self._hit_sessions(signal.SIGTERM, 100), lambda: None),
            Strike("let sessions hang", 2, self._hang, self._wake),
            Strike("cut connections", 3, self._proxy.cut, lambda: None),
        )

    def tend(self) -> None:
        """Nothing: it ends when it is killed."""

    def close(self) -> None:
        """End it for good."""
        self._wake()
        _deploy("postgres/server.sh", "stop", self._folder)
        self._proxy.close()

    def _kill_server(self) -> None:
        os.kill(int((self._folder / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)

    def _restart(self) -> None:
        _deploy("postgres/server.sh", "restart", self._folder)

    def _hang(self) -> None:
        self._hanging = self._hit_sessions(signal.SIGSTOP, 2)

    def _wake(self) -> None:
        while self._hanging:
            with suppress(ProcessLookupError):
                os.kill(self._hanging.pop(), signal.SIGCONT)

    def _hit_sessions(self, number: signal.Signals, at_most: int) -> list[int]:
        """Signal the processes of our sessions, those in a transaction first."""
        query = """
            SELECT pid FROM pg_stat_activity WHERE starts_with(application_name, 'hoofprint ')
            ORDER BY xact_start NULLS LAST, pid LIMIT %s
        """
        plain = make_url(self.url).set(drivername="postgresql").render_as_string(hide_password=False)
        try:
            with psycopg.connect(plain, autocommit=True) as connection:
                found = [pid for (pid,) in connection.execute(query, (at_most,))]
        except psycopg.OperationalError:
            # still recovering from the last strike
            return []
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        return found
