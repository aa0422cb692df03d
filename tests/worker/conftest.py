"""What the tests of the worker share: the built worker, a place to run orders in, a web server."""

import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from worker.bundle import build_worker

VERSIONS = ("3.6", "3.8", "3.11", "3.13")


def _interpreter(version: str) -> str | None:
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = sorted(pyenv.glob(f"{version}.*/bin/python"))
    return str(found[-1]) if found else shutil.which(f"python{version}")


@pytest.fixture(params=VERSIONS)
def python(request: pytest.FixtureRequest) -> str:
    """An interpreter of each version the worker must run on, as far as it is installed."""
    found = _interpreter(request.param)
    if found is None:
        pytest.skip(f"CPython {request.param} is not installed")
    return found


@pytest.fixture(scope="session")
def worker_pyz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The worker as it ships."""
    target = tmp_path_factory.mktemp("worker") / "worker.pyz"
    build_worker(str(target))
    return target


@dataclass
class Outcome:
    """What a worker left behind."""

    code: int
    stdout: str
    stderr: str
    facts: list[dict[str, Any]]
    record: str

    def of(self, name: str) -> list[dict[str, Any]]:
        return [fact for fact in self.facts if fact["fact"] == name]

    def one(self, name: str) -> dict[str, Any]:
        (fact,) = self.of(name)
        return fact

    @property
    def problems(self) -> str:
        return "\n".join(fact["message"] for fact in self.of("problem"))


@dataclass
class Site:
    """A place with a work directory, and a worker to carry out orders there."""

    root: Path
    worker: Path
    python: str = sys.executable
    options: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def scratch(self) -> Path:
        return self.root / "scratch"

    def file(self, name: str, content: str | bytes) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def script(self, name: str, body: str) -> str:
        path = self.file(name, f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return str(path)

    def shell(self, body: str, **keys: Any) -> dict[str, Any]:
        return self.task("/bin/sh", "-c", body, **keys)

    def task(self, executable: str, *argv: str, **keys: Any) -> dict[str, Any]:
        return {
            "id": "ID1",
            "transformation": "demo",
            "executable": executable,
            "argv": list(argv),
            **keys,
        }

    def transfer(self, lfn: str, *sources: str | Path, to: Path | None = None, **keys: Any) -> dict[str, Any]:
        return {
            "lfn": lfn,
            "sources": [{"site": f"s{n}", "url": str(url), "priority": -n} for n, url in enumerate(sources)],
            "destination": {"site": "local", "url": (to or self.scratch / lfn).as_uri()},
            "role": "input",
            **keys,
        }

    def order(self, **keys: Any) -> dict[str, Any]:
        return {
            "version": 1,
            "run": "6a1f8a5e-0000-4000-8000-000000000001",
            "workflow": "demo",
            "planned": "2026-11-22T10:00:00+00:00",
            "job": "demo_ID1",
            "kind": "compute",
            "attempt": 1,
            "site": "local",
            "directory": str(self.scratch),
            "record": str(self.root / "demo.out.000"),
            "facts": str(self.root / "demo.facts.000"),
            "lock": str(self.root / "demo.lock.000"),
            "grace": 1,
            "transfer": {"tries": 2, "threads": 4},
            **keys,
        }

    def start(self, order: dict[str, Any]) -> "subprocess.Popen[str]":
        path = self.file("order.json", json.dumps(order))
        return subprocess.Popen(
            [self.python, "-I", *self.options, str(self.worker), "run", str(path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env={**os.environ, "no_proxy": "127.0.0.1", **self.environment},
        )

    def finish(self, process: "subprocess.Popen[str]") -> Outcome:
        with process:
            stdout, stderr = process.communicate(timeout=60)
        facts, record = self.root / "demo.facts.000", self.root / "demo.out.000"
        return Outcome(
            code=process.returncode,
            stdout=stdout,
            stderr=stderr,
            facts=[json.loads(line) for line in facts.read_bytes().splitlines()] if facts.exists() else [],
            record=record.read_text("ascii") if record.exists() else "",
        )

    def run(self, **keys: Any) -> Outcome:
        return self.finish(self.start(self.order(**keys)))


@pytest.fixture
def site(tmp_path: Path, worker_pyz: Path) -> Site:
    """A place to carry out orders in."""
    return Site(tmp_path, worker_pyz)


Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


@dataclass
class Web:
    """A web server whose answers a test sets, by path; asked says what was asked for."""

    url: str
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def serves(self, path: str, body: bytes) -> str:
        return self.answers_with(path, lambda handler: _send(handler, 200, body, len(body)))

    def cuts_off(self, path: str, body: bytes, announced: int) -> str:
        return self.answers_with(path, lambda handler: _send(handler, 200, body, announced))

    def refuses(self, path: str, status: int) -> str:
        return self.answers_with(path, lambda handler: _send(handler, status, b"no", 2))

    def answers_with(self, path: str, *answers: Answer) -> str:
        self.answers.setdefault(path, []).extend(answers)
        return self.url + path


def _send(handler: http.server.BaseHTTPRequestHandler, status: int, body: bytes, length: int) -> None:
    handler.send_response(status)
    handler.send_header("Content-Length", str(length))
    handler.end_headers()
    handler.wfile.write(body)


@pytest.fixture
def web() -> Iterator[Web]:
    """A web server on this machine; the last answer of a path is given again and again."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(self.path)
            answers = served.answers.get(self.path, [])
            if not answers:
                _send(self, 404, b"", 0)
            else:
                (answers.pop(0) if len(answers) > 1 else answers[0])(self)

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        served = Web(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield served
        server.shutdown()
        thread.join()
