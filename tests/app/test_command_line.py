"""The command line before any command runs: what it offers, and how little it loads for that."""

import os
import subprocess
import sys
from importlib import import_module

import pytest

from hoofprint.app.commands import ENTRIES, Entry
from hoofprint.app.main import application

HEAVY = ("sqlalchemy", "strawberry", "planner.refine", "monitor.pegasus.submit_directory")


def command_line(*arguments: str, **environment: str) -> tuple[str, list[str]]:
    """What ``hoofprint`` prints, and which heavy modules it loaded for that."""
    script = (
        "import sys; from hoofprint.rooms import enter; enter()\n"
        "from hoofprint.app.main import main\n"
        "main(sys.argv[1:])\n"
        f"sys.stderr.write('loaded:' + ','.join(name for name in {HEAVY!r} if name in sys.modules))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env={**os.environ, "COLUMNS": "100", **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    told, _, loaded = ended.stderr.rpartition("loaded:")
    return ended.stdout + told, [name for name in loaded.split(",") if name]


def told_of(entry: Entry) -> str:
    """The description that the command itself has."""
    module = import_module(f"hoofprint.app.commands.{entry.python_name}")
    if entry.group:
        return str(module.app.info.help)
    return str(getattr(module, entry.python_name).__doc__)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_help_describes_a_command_as_the_command_describes_itself(entry: Entry) -> None:
    described = {
        command.name: command.help
        for command in application(()).registered_commands
        if isinstance(command.help, str)
    }
    assert described.keys() == {each.name for each in ENTRIES}
    assert str(described[entry.name]).split() == told_of(entry).split()


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("statsu",), ()])
def test_help_version_and_suggestions_load_nothing_heavy(arguments: tuple[str, ...]) -> None:
    told, loaded = command_line(*arguments)
    assert told
    assert loaded == []


def test_a_mistyped_command_is_told_what_it_may_have_been() -> None:
    assert "Did you mean 'status', 'statistics'?" in command_line("statsu")[0]


def test_a_mistyped_command_is_told_so_although_another_word_is_a_command() -> None:
    assert "Did you mean 'plan'?" in command_line("plna", "run")[0]


def test_help_that_is_asked_for_before_a_command_describes_all_of_them() -> None:
    told, _ = command_line("-h", "status", COLUMNS="200")
    assert [entry.name for entry in ENTRIES if f"│ {entry.name} " not in told] == []
    assert "Import runs of Pegasus" in told


def test_the_help_of_the_server_loads_no_graphql() -> None:
    told, loaded = command_line("serve", "--help")
    assert "--token-file" in told
    assert "strawberry" not in loaded


def test_a_shell_that_completes_the_options_of_a_command_gets_them() -> None:
    told, _ = command_line(
        _HOOFPRINT_COMPLETE="complete_bash", COMP_WORDS="hoofprint statistics --as", COMP_CWORD="2"
    )
    assert "--as-of" in told


def test_a_shell_that_completes_a_command_gets_its_name() -> None:
    told, loaded = command_line(
        _HOOFPRINT_COMPLETE="complete_bash", COMP_WORDS="hoofprint stat", COMP_CWORD="1"
    )
    assert told.split() == ["status", "statistics"]
    assert loaded == []
