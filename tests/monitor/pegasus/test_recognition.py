"""What somebody names for an import, and may not read."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from eventlog.errors import InputError
from monitor.pegasus.recognition import recognise
from monitor.pegasus.reports import Reports

NOBODY = 65534


@contextmanager
def unprivileged() -> Iterator[None]:
    """As a user whom files can refuse themselves to."""
    user = os.getuid()
    if user == 0:
        os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        if user == 0:
            os.setresuid(0, 0, 0)


@pytest.fixture
def private(tmp_path: Path) -> Iterator[Path]:
    """A folder that nobody may enter."""
    folder = tmp_path / "private"
    folder.mkdir()
    folder.chmod(0)
    yield folder
    folder.chmod(0o755)


@pytest.mark.parametrize("name", ["run0001", "process-0.stampede.db", "run.bp"])
def test_what_lies_in_a_folder_that_may_not_be_entered_is_refused_in_one_line(
    private: Path, name: str
) -> None:
    with unprivileged(), pytest.raises(InputError, match=f"{name}: Permission denied: you may not enter"):
        recognise(str(private / name), Reports(print))


def test_a_folder_that_may_not_be_read_is_not_taken_for_something_else(private: Path) -> None:
    with unprivileged(), pytest.raises(InputError, match="private: Permission denied"):
        recognise(str(private), Reports(print))
