"""A user's folder with the split example in it, and the command as a user calls it."""

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-P", "-m", "hoofprint")


@dataclass(frozen=True)
class Project:
    """A folder with its own log and views."""

    folder: Path
    environment: dict[str, str]

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """The command, started."""
        return subprocess.Popen(
            [*COMMAND, *arguments], cwd=self.folder, env=self.environment, text=True, **options
        )

    def call(self, *arguments: str, expect: int = 0) -> subprocess.CompletedProcess[str]:
        """The command, ended, with the exit code it must have, and never a traceback."""
        done = subprocess.run(
            [*COMMAND, *arguments], cwd=self.folder, env=self.environment, text=True, capture_output=True
        )
        assert done.returncode == expect, f"{arguments}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done

    def json(self, *arguments: str, expect: int = 0) -> Any:
        """What the command prints as JSON."""
        return json.loads(self.call(*arguments, "--json", expect=expect).stdout)

    @contextmanager
    def serving(self, *arguments: str) -> Iterator["Server"]:
        """A server on a free port, killed at the end whatever it does."""
        process = self.start(
            "serve", "--port", "0", *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert process.stdout is not None
        try:
            address = process.stdout.readline().strip()
            assert re.fullmatch(r"http://127\.0\.0\.1:\d+", address), process.communicate()
            yield Server(address, process)
        finally:
            process.kill()
            process.communicate()


@dataclass(frozen=True)
class Server:
    """A running server."""

    address: str
    process: subprocess.Popen[str]

    def ask(self, query: str, **variables: object) -> Any:
        """The data of a GraphQL answer without errors."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(
            f"{self.address}/graphql", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            answer = json.load(response)
        assert "errors" not in answer, answer
        return answer["data"]


def clean_environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HOOFPRINT_")}
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "HOOFPRINT_HOME": str(folder / "home"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "COLUMNS": "200",
    }


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty folder."""
    return Project(tmp_path, clean_environment(tmp_path))


@pytest.fixture
def split(project: Project) -> Project:
    """A folder with the split example, not yet planned."""
    example = [sys.executable, str(ROOT / "examples/split/workflow.py")]
    subprocess.run(example, cwd=project.folder, env=project.environment, check=True)
    return project


WriteWorkflow = Callable[..., None]


@pytest.fixture
def write_workflow(project: Project) -> WriteWorkflow:
    """Writes a workflow of shell commands into the project.

    Takes ``(job id, command, inputs, outputs)``; the ``raw`` inputs are written beside it and catalogued.
    """

    def write(
        name: str,
        *jobs: tuple[str, str, tuple[str, ...], tuple[str, ...]],
        raw: dict[str, str] | None = None,
        edges: tuple[tuple[str, str], ...] = (),
        checksum: dict[str, str] | None = None,
        retries: int = 0,
    ) -> None:
        children: dict[str, list[str]] = {}
        for parent, child in edges:
            children.setdefault(parent, []).append(child)
        document = {
            "pegasus": "5.0",
            "name": name,
            "jobs": [
                {
                    "type": "job",
                    "id": job,
                    "name": "sh",
                    "arguments": ["-c", f"'{command}'"],
                    "uses": [
                        *({"lfn": lfn, "type": "input"} for lfn in inputs),
                        *({"lfn": lfn, "type": "output"} for lfn in outputs),
                    ],
                    "profiles": {"dagman": {"RETRY": str(retries)}},
                }
                for job, command, inputs, outputs in jobs
            ],
            "jobDependencies": [{"id": parent, "children": names} for parent, names in children.items()],
            "transformationCatalog": {
                "transformations": [
                    {"name": "sh", "sites": [{"name": "local", "pfn": "/bin/sh", "type": "installed"}]}
                ]
            },
            "replicaCatalog": {"replicas": []},
        }
        for lfn, text in (raw or {}).items():
            (project.folder / lfn).write_text(text)
            entry: dict[str, Any] = {
                "lfn": lfn,
                "pfns": [{"site": "local", "pfn": (project.folder / lfn).as_uri()}],
            }
            if checksum and lfn in checksum:
                entry["checksum"] = {"sha256": checksum[lfn]}
            document["replicaCatalog"]["replicas"].append(entry)
        if not raw:
            del document["replicaCatalog"]
        (project.folder / "workflow.yml").write_text(json.dumps(document))

    return write
