"""``hoofprint token``: its secret is told once, to a person or to a script, and opens what it should."""

import json
from pathlib import Path

import pytest

from api.tokens import Scope, TokenFile
from hoofprint.app.main import main


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The token file that the settings name, not made yet."""
    path = tmp_path / "tokens.toml"
    monkeypatch.setenv("HOOFPRINT_TOKEN_FILE", str(path))
    monkeypatch.chdir(tmp_path)
    return path


def test_a_script_is_told_the_secret_and_what_it_grants(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["token", "ci", "--scope", "read", "--scope", "annotate", "--only", "physics", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    secret = told.pop("secret")
    assert told == {
        "name": "ci",
        "scopes": ["read", "annotate"],
        "namespaces": ["physics"],
        "file": str(file),
    }
    access = TokenFile(file).access_of(secret)
    assert access is not None
    assert (access.actor, access.namespaces) == ("ci", ("physics",))
    assert access.may(Scope.ANNOTATE)
    assert not access.may(Scope.ADMIN)


def test_a_person_is_told_the_secret_alone_on_stdout(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["token", "ada"]) == 0
    told = capsys.readouterr()
    access = TokenFile(file).access_of(told.out.strip())
    assert access is not None
    assert access.namespaces is None
    assert str(file) in told.err.replace("\n", "")
