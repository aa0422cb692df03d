"""What runs beside benchmarks: broker and database by the project's scripts, followers as users run them."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_DEPLOY = Path(__file__).parent.parent / "deploy"
_DURABLE = {"POSTGRES_FSYNC": "on", "POSTGRES_OPTIONS": "-c shared_buffers=2GB -c max_wal_size=8GB"}


# a benchmark that is told to stop stops what it has started, too
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))


@contextmanager
def postgres(url: str | None) -> Iterator[str]:
    """The URL of an empty database: this one, or a server's that is started for it, with fsync."""
    if url is not None:
        yield url
    else:
        with _started(_DEPLOY / "postgres" / "server.sh", _DURABLE) as started:
            yield started


@contextmanager
def kafka(address: str | None) -> Iterator[str]:
    """The address of a broker: this one, or that of one that is started for it."""
    if address is not None:
        yield address
    else:
        with _started(_DEPLOY / "kafka" / "broker.sh", {}) as started:
            yield started


@contextmanager
def follower(log: str, views: str) -> Iterator[None]:
    """``hoofprint views follow`` of this log and these views."""
    with tempfile.TemporaryDirectory(prefix="hoofprint-bench-") as home:
        settings = {"HOOFPRINT_HOME": home, "HOOFPRINT_LOG": log, "HOOFPRINT_VIEWS": views}
        command = [sys.executable, "-m", "hoofprint", "views", "follow"]
        with subprocess.Popen(command, env={**os.environ, **settings}) as process:
            try:
                yield
            finally:
                process.terminate()


@contextmanager
def _started(script: Path, settings: dict[str, str]) -> Iterator[str]:
    environment = {**os.environ, **settings}
    with tempfile.TemporaryDirectory(prefix="hoofprint-bench-", ignore_cleanup_errors=True) as folder:
        command = [str(script), "start", folder]
        told = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
        try:
            yield told.stdout.split()[-1]
        finally:
            subprocess.run([str(script), "stop", folder], check=True, stdout=subprocess.DEVNULL)
