"""What tests of Pegasus' traces share: the folder of real runs."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The folder of real runs; the test is skipped where none is named."""
    folder = os.environ.get("HOOFPRINT_REALDATA")
    if not folder:
        pytest.skip("HOOFPRINT_REALDATA names no folder of real workflows")
    return Path(folder)
