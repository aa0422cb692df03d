"""Mutations while the log is out of reach: they fail with 503, and nothing is said unasked."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.server import build_app
from api.settings import ServerSettings
from eventlog.errors import UnavailableError
from eventlog.event import Event
from eventlog.log import Appended, EventLog
from eventlog.memory import MemoryLog
from eventlog.spool import PromptLog, SpoolingLog
from eventlog.spool_file import SpoolFile
from projections.projector import Projector
from projections.store import ViewStore

TAG = """mutation { tagFile(run: "run-1", lfn: "count.a", idempotencyKey: "k",
  tags: [{key: "quality", value: {string: "good"}}]) { position duplicate } }"""


class FarLog(MemoryLog):
    reachable = True

    def append(self, events: Sequence[Event]) -> Appended:
        if not self.reachable:
            raise UnavailableError("no broker answers")
        return super().append(events)


@pytest.fixture
def far(run_events: Callable[..., list[Event]]) -> FarLog:
    log = FarLog()
    log.append(run_events("run-1", start=1_000))
    return log


@pytest.fixture
def spooling(far: FarLog, tmp_path: Path) -> Iterator[SpoolingLog]:
    now = iter(range(0, 1_000_000, 60))
    spool = SpoolFile.open(tmp_path / "spool.db")
    log = SpoolingLog(lambda: far, "far", spool, clock=lambda: next(now))
    yield log
    log.close()


@pytest.fixture
def asked(far: FarLog, tmp_path: Path) -> Iterator[Callable[[EventLog], tuple[int, dict[str, object]]]]:
    """Tags a file through a server over a log; the status and body of its answer."""
    store = ViewStore.open(tmp_path / "views")
    Projector(far, store).catch_up()

    def ask(log: EventLog) -> tuple[int, dict[str, object]]:
        with TestClient(build_app(log, store, ServerSettings()), base_url="http://127.0.0.1:8420") as client:
            response = client.post("/graphql", json={"query": TAG})
            return response.status_code, response.json()

    yield ask
    store.close()


def test_a_mutation_fails_with_503_and_succeeds_when_it_is_sent_again(
    asked: Callable[..., tuple[int, dict[str, object]]], spooling: SpoolingLog, far: FarLog
) -> None:
    far.reachable = False
    before = far.head()
    status, body = asked(PromptLog(spooling))
    assert status == 503
    assert body["errors"][0]["extensions"]["code"] == "UNAVAILABLE"  # type: ignore[index]
    assert spooling.state().events == 0
    far.reachable = True
    assert far.head() == before
    status, body = asked(PromptLog(spooling))
    assert status == 200
    assert body["data"]["tagFile"] == {"position": str(far.head()), "duplicate": False}  # type: ignore[index]


def test_a_mutation_that_its_log_spooled_is_not_called_done(
    asked: Callable[..., tuple[int, dict[str, object]]], spooling: SpoolingLog, far: FarLog
) -> None:
    far.reachable = False
    status, body = asked(spooling)
    assert status == 503
    assert "send the same again, with the same key" in body["errors"][0]["message"]  # type: ignore[index]
    far.reachable = True
    spooling.drain(10)
    status, body = asked(spooling)
    assert body["data"]["tagFile"] == {"position": str(far.head()), "duplicate": True}  # type: ignore[index]
