"""What commands print where a terminal, or whatever stands for it, is an unusual one."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from eventlog.event import Observer
from eventlog.facts import Fact, MetadataRegistered, PlanStarted, Tag, Tagged, WorkflowPlanned
from eventlog.sqlite import SqliteLog

RUN = "11111111-0000-0000-0000-000000000001"
PLAIN = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}

Told = Callable[..., str]


@pytest.fixture
def told(tmp_path: Path) -> Told:
    """Runs a command over the log of one run with an unusual name, and gives its stdout."""
    facts: list[Fact] = [
        PlanStarted(run=RUN, workflow="Größe \N{SNOWMAN} \N{GRINNING FACE}", root=RUN, user="ada"),
        MetadataRegistered(
            run=RUN,
            origin="workflow",
            items=(Tagged(target="workflow", tags=(Tag(key="ort", type="string", text="Zürich"),)),),
        ),
        WorkflowPlanned(run=RUN, tasks=0, files=0, jobs=0, reused_tasks=0, chunks=0),
    ]
    observer = Observer("test", "ada", RUN)
    log = SqliteLog.open(tmp_path / "log.db")
    log.append([observer.event(fact, number) for number, fact in enumerate(facts)])
    log.close()

    def run(*arguments: str, **environment: str) -> str:
        ended = subprocess.run(
            [sys.executable, "-P", "-m", "hoofprint", *arguments],
            env={**os.environ, "HOOFPRINT_HOME": str(tmp_path), **environment},
            capture_output=True,
            check=False,
        )
        assert (ended.returncode, ended.stderr) == (0, b""), ended.stderr.decode()
        return ended.stdout.decode()

    return run


@pytest.mark.parametrize(
    "arguments", [("status",), ("status", "latest"), ("log", "show"), ("find", "--help"), ("--help",)]
)
def test_characters_that_an_encoding_lacks_are_shown_by_their_numbers(
    told: Told, arguments: tuple[str, ...]
) -> None:
    shown = told(*arguments, **PLAIN)
    assert shown.isascii()
    if arguments == ("status",):
        assert r"Gr\xf6\xdfe \u2603" in shown


@pytest.mark.parametrize("arguments", [("status", "--json"), ("status", "latest", "--json")])
def test_a_document_is_the_same_in_every_encoding(told: Told, arguments: tuple[str, ...]) -> None:
    plain = told(*arguments, **PLAIN)
    assert plain.isascii()
    assert json.loads(plain) == json.loads(told(*arguments, PYTHONUTF8="1"))
    assert "Größe \N{SNOWMAN} \N{GRINNING FACE}" in str(json.loads(plain))


def test_the_lines_of_the_log_are_documents_in_every_encoding(told: Told) -> None:
    plain, rich = (told("log", "show", "--json", **how) for how in (PLAIN, {"PYTHONUTF8": "1"}))
    assert [json.loads(line) for line in plain.splitlines()] == [
        json.loads(line) for line in rich.splitlines()
    ]


@pytest.mark.parametrize("width", ["40", "1", "0", "-3", "wide"])
def test_whatever_the_environment_says_of_a_terminals_width_a_pipe_gets_whole_cells(
    told: Told, width: str
) -> None:
    assert "Größe \N{SNOWMAN} \N{GRINNING FACE}" in told("status", COLUMNS=width, PYTHONUTF8="1")
