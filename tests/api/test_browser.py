"""The pages in a real browser: they show what the server knows, and ask nobody else."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from eventlog.sqlite import SqliteLog

PROGRAM = Path(__file__).parent / "programs" / "serve.py"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    # every other host is a name that does not resolve
    *("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--virtual-time-budget=4000", "--dump-dom"),
)

pytestmark = pytest.mark.browser


@pytest.fixture
def shown(tmp_path) -> Callable[[str], str]:
    """The document that a browser makes of an address, when its scripts have run."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        reason = f"no browser found ({', '.join(BROWSERS)})"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)

    def show(address: str) -> str:
        command = [browser, *OPTIONS, f"--user-data-dir={tmp_path / 'browser'}", address]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout

    return show


@pytest.fixture
def address(tmp_path, run_events) -> Iterator[str]:
    """Where a server over two runs is; the second one failed."""
    log = SqliteLog.open(tmp_path / "log.db")
    log.append([*run_events("run-1", start=1_000), *run_events("run-2", start=2_000, fails=True)])
    log.close()
    process = subprocess.Popen(
        [sys.executable, str(PROGRAM), str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout
        yield process.stdout.readline().strip()
        process.terminate()


def test_the_dashboard_shows_runs_what_failed_and_found_files(address, shown):
    runs = shown(f"{address}/")
    assert "4 of 4 jobs succeeded" in runs
    assert "3 of 4 jobs succeeded, 1 failed" in runs
    assert "up to date" in runs
    run = shown(f"{address}/#/run/run-2")
    assert "What failed, root cause first" in run
    assert "part.d is corrupt" in run
    files = shown(f"{address}/#/find/type%20%3D%20%22counts%22%20and%20lines%20%3E%3D%2099")
    assert "/out/run-1/count.a" in files
    assert "/out/run-1/count.b" not in files


def test_the_explorer_asks_its_first_example_and_shows_the_schema(address, shown):
    page = shown(f"{address}/graphql")
    assert '<span class="key">"checksumState"</span>' in page
    assert '<span class="text">"VERIFIED"</span>' in page
    assert "<h3>Query</h3>" in page
