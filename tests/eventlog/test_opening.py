"""Which log a setting names."""

from pathlib import Path

import pytest

from eventlog.errors import InputError
from eventlog.opening import open_log
from eventlog.sqlite import SqliteLog


@pytest.mark.parametrize("name", ["log.db", "with blank.db", "50%#1?.db", "run:1.db", "ä/deep/log.db"])
@pytest.mark.parametrize("scheme", ["sqlite:", ""])
def test_a_log_in_sqlite_is_named_by_its_path(tmp_path: Path, scheme: str, name: str) -> None:
    log = open_log(f"{scheme}{tmp_path / name}")
    assert isinstance(log, SqliteLog)
    log.close()
    assert (tmp_path / name).exists()


def test_a_path_may_start_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    open_log("sqlite:~/log.db").close()
    assert (tmp_path / "log.db").exists()


@pytest.mark.parametrize("location", ["http://localhost/events", "postgresql+psycopg://h/db", "sqlite:", ""])
def test_what_names_no_log_is_refused_with_what_would(location: str) -> None:
    with pytest.raises(InputError, match="names no event log: HOOFPRINT_LOG is written sqlite:PATH"):
        open_log(location)
