"""How the views stand: what lags, for how long, and who looks after it."""

import time

from api.metrics import Metrics
from api.standing import standing_of
from eventlog.errors import UnavailableError
from eventlog.event import Observer
from eventlog.facts import RunStarted
from eventlog.memory import MemoryLog
from projections.bookkeeping import count_unhandled
from projections.groups import GROUPS
from projections.projector import Projector
from projections.store import ViewStore


def _append(log: MemoryLog, number: int) -> None:
    fact = RunStarted(run=f"run-{number}", restart=0, engine="local", host="head")
    log.append([Observer("test", "ada", f"run-{number}").event(fact, number)])


def test_lag_is_told_in_events_and_in_time_and_a_batch_by_its_size(tmp_path):
    log, store = MemoryLog(), ViewStore.open(tmp_path)
    _append(log, 0)
    Projector(log, store).catch_up()
    for view in standing_of(log, store).views:
        assert (view.lag, view.lag_time, view.batch_events) == (0, 0, 1)
        assert view.batch_time > 0
        assert abs(view.seen_at - time.time_ns() // 1000) < 60_000_000
    _append(log, 1)
    for view in standing_of(log, store).views:
        assert view.lag == 1
        assert 0 < view.lag_time < 60_000_000
    store.close()


def test_metrics_show_who_looks_after_the_views_and_what_nobody_folds(tmp_path):
    log, store = MemoryLog(), ViewStore.open(tmp_path)
    _append(log, 0)
    Projector(log, store).catch_up()
    group = GROUPS[0]
    with store.storage.writing(group, store.live(group)) as connection:
        count_unhandled(connection, {"JobTeleported": 2})
        count_unhandled(connection, {"JobTeleported": 1})
    lines = Metrics(lambda: standing_of(log, store)).exposition().decode().splitlines()
    assert 'hoofprint_events_unhandled_total{group="runs",type="JobTeleported"} 3.0' in lines
    assert 'hoofprint_views_lag_seconds{group="runs"} 0.0' in lines
    assert 'hoofprint_batch_events{group="data"} 1.0' in lines
    assert any(line.startswith('hoofprint_projector_seen_seconds{group="data"} ') for line in lines)
    store.close()


def test_metrics_show_what_waits_in_the_spool_while_the_log_is_out_of_reach():
    def out_of_reach():
        raise UnavailableError("no broker")

    waiting = {"hoofprint_spool_events": 3, "hoofprint_spool_oldest_seconds": 2.5}
    lines = Metrics(out_of_reach, lambda: waiting).exposition().decode().splitlines()
    assert "hoofprint_views_up 0.0" in lines
    assert "hoofprint_spool_events 3.0" in lines
    assert "hoofprint_spool_oldest_seconds 2.5" in lines
