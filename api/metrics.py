"""What Prometheus scrapes: requests, operations, and how the views stand to the log."""

import logging
from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from api.standing import Standing
from eventlog.errors import HoofprintError

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

log = logging.getLogger("hoofprint.api")


class Metrics:
    """One server's metrics, in a registry of its own."""

    def __init__(
        self,
        standing: Callable[[], Standing],
        spool: Callable[[], Mapping[str, float]] = dict,
    ) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "hoofprint_http_requests", "HTTP requests.", ("route", "status"), registry=self._registry
        )
        self.duration = Histogram(
            "hoofprint_http_request_seconds",
            "Duration of HTTP requests.",
            ("route",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.errors = Counter(
            "hoofprint_graphql_errors", "Errors in GraphQL answers.", ("code",), registry=self._registry
        )
        self._registry.register(_Standing(standing))
        self._registry.register(_Spool(spool))

    def exposition(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self._registry)


class _Standing(Collector):
    """Looks at log and views when it is scraped."""

    def __init__(self, standing: Callable[[], Standing]) -> None:
        self._standing = standing

    def describe(self) -> Iterator[Metric]:
        """Nothing beforehand: registering must not open log or views."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Positions, lag and dead letters; only ``hoofprint_views_up`` 0 where they are out of reach."""
        up = GaugeMetricFamily("hoofprint_views_up", "Whether log and views answer.")
        try:
            standing = self._standing()
        except HoofprintError as error:
            log.warning("log or views are out of reach: %s", error)
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        folded = CounterMetricFamily(
            "hoofprint_events_folded", "Offsets of the log that are folded.", labels=["group"]
        )
        lag = GaugeMetricFamily("hoofprint_views_lag_events", "Offsets not folded yet.", labels=["group"])
        dead = GaugeMetricFamily("hoofprint_dead_letters", "Events nobody could fold.", labels=["group"])
        for view in standing.views:
            folded.add_metric([view.group], sum(view.position.offsets.values()))
            lag.add_metric([view.group], view.lag)
            dead.add_metric([view.group], view.dead_letters)
        yield from (folded, lag, dead, *_looked_after(standing))


class _Spool(Collector):
    """Looks at this host's spool when it is scraped; the log need not be in reach for that."""

    def __init__(self, spool: Callable[[], Mapping[str, float]]) -> None:
        self._spool = spool

    def describe(self) -> Iterator[Metric]:
        """Nothing beforehand, as above."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """What waits; nothing where the log needs no spool, or that cannot be read."""
        try:
            gauges = self._spool()
        except HoofprintError as error:
            log.warning("the spool is out of reach: %s", error)
            return
        for name, value in gauges.items():
            yield GaugeMetricFamily(name, "Waits in this host's spool for the log.", value=value)


def _looked_after(standing: Standing) -> Iterator[Metric]:
    """How the projectors do, whatever process they run in."""
    late = GaugeMetricFamily(
        "hoofprint_views_lag_seconds",
        "Age of the last folded event, where some are left.",
        labels=["group"],
    )
    seen = GaugeMetricFamily(
        "hoofprint_projector_seen_seconds", "When a projector last gave a sign of life.", labels=["group"]
    )
    size = GaugeMetricFamily("hoofprint_batch_events", "Events of the last batch.", labels=["group"])
    took = GaugeMetricFamily("hoofprint_batch_seconds", "Duration of the last batch.", labels=["group"])
    strange = CounterMetricFamily(
        "hoofprint_events_unhandled",
        "Events of types nobody folds, redacted ones as type Redacted.",
        labels=["group", "type"],
    )
    for view in standing.views:
        late.add_metric([view.group], view.lag_time / 1e6)
        if view.seen_at is not None:
            seen.add_metric([view.group], view.seen_at / 1e6)
        size.add_metric([view.group], view.batch_events)
        took.add_metric([view.group], view.batch_time / 1e6)
        for kind, events in view.unhandled.items():
            strange.add_metric([view.group, kind], events)
    yield from (late, seen, size, took, strange)
