"""A database that goes away while a command runs: one line and its exit code, no traceback."""

import pytest
from sqlalchemy.exc import OperationalError, ProgrammingError

from eventlog.errors import UnavailableError
from hoofprint.app import main as command_line


def test_a_database_that_goes_away_in_the_midst_is_a_service_out_of_reach(monkeypatch, capsys) -> None:
    def lost(*_: object, **__: object) -> None:
        raise OperationalError("COMMIT", {}, Exception("server closed the connection unexpectedly"))

    monkeypatch.setattr(command_line, "application", lambda _: lost)
    assert command_line.main(["views", "rebuild"]) == UnavailableError.exit_code
    said = capsys.readouterr().err
    assert "the views' database went out of reach" in said
    assert "server closed the connection unexpectedly" in said
    assert "Traceback" not in said


def test_a_mistake_of_ours_stays_one(monkeypatch) -> None:
    def wrong(*_: object, **__: object) -> None:
        raise ProgrammingError("SELECT", {}, Exception("no such column"))

    monkeypatch.setattr(command_line, "application", lambda _: wrong)
    with pytest.raises(ProgrammingError):
        command_line.main(["status"])
