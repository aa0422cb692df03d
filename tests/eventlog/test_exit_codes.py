"""Wait statuses become the exit codes that people know."""

import pytest

from eventlog.exit_codes import regular_exit


@pytest.mark.parametrize(
    ("raw", "regular"), [(0, 0), (256, 1), (512, 2), (9, -9), (139, -11), (-1, -128), (-1001, -128)]
)
def test_a_raw_wait_status_becomes_an_exit_code(raw: int, regular: int) -> None:
    assert regular_exit(raw) == regular
