"""Metrics: counters, gauges and two histograms, as Prometheus reads them.

Where ``PROMETHEUS_MULTIPROC_DIR`` was set before this module is first imported, the metrics of all processes that share
the folder are told together.
"""

from bisect import bisect_left
from collections import Counter as Counts
from collections.abc import Sequence
from functools import lru_cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess, values

from sluiceway.artifacts.rollout_state import RolloutState

BUCKETS_S = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)
SEVERAL = "several"
STRANGER = "4xx"


class _Latency(Histogram):
    """A histogram that takes many values at the cost of a few."""

    def observe_all(self, values_s: Sequence[float]) -> None:
        """Observe each value, as ``observe`` would."""
        self._sum.inc(sum(values_s))
        for place, number in Counts([bisect_left(self._upper_bounds, value) for value in values_s]).items():
            self._buckets[place].inc(number)


class Metrics:
    """What one server tells of itself. Safe to share between threads; make one for each process."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "sluiceway_requests",
            "Requests to predict, by class of status, and by version and arm that answered",
            ["status", "version", "arm"],
            registry=registry,
        )
        self._latency = _Latency(
            "sluiceway_request_seconds",
            "From the whole request to its answer, in seconds",
            registry=registry,
            buckets=BUCKETS_S,
        )
        self._rows = Counter(
            "sluiceway_rows", "Rows answered, by version and arm", ["version", "arm"], registry=registry
        )
        self._fallbacks = Counter(
            "sluiceway_fallbacks",
            "Rows that the champion answered because the challenger, named here, failed",
            ["challenger"],
            registry=registry,
        )
        self._without = Counter(
            "sluiceway_views_without_value",
            "Rows for whose entity a view held nothing, by view",
            ["view"],
            registry=registry,
        )
        self._missing = Counter(
            "sluiceway_features_missing",
            "Values of features that models were given as missing, by feature; sluiceway_rows_total counts the rows",
            ["feature"],
            registry=registry,
        )
        self._through = Gauge(
            "sluiceway_view_known_through_seconds",
            "The newest moment through which a value that was read of the view knew everything, seconds since 1970",
            ["view"],
            registry=registry,
            multiprocess_mode="livemax",
        )
        self._newest: dict[str, int] = {}
        self._online = _Latency(
            "sluiceway_online_read_seconds",
            "Reads of the online store that it answered, in seconds; one for all requests of a turn",
            registry=registry,
            buckets=BUCKETS_S,
        )
        self._online_errors = Counter(
            "sluiceway_online_errors",
            "Reads of the online store that failed, by what became of their requests: refused, or answered (missing)",
            ["outcome"],
            registry=registry,
        )
        self._events = Counter("sluiceway_events", "Events taken and kept, by source", ["source"], registry=registry)
        self._event_requests = Counter(
            "sluiceway_event_requests", "Requests with events, by class of status", ["status"], registry=registry
        )
        self._event_seconds = _Latency(
            "sluiceway_event_write_seconds",
            "From the checked events of a request to their being kept, in seconds",
            registry=registry,
            buckets=BUCKETS_S,
        )
        self._sequence = _gauge("sluiceway_rollout_sequence", "Sequence of the rollout state answered by", registry)
        self._share = _gauge("sluiceway_rollout_share", "The challenger's share of the entities, 0 to 1", registry)
        self._failures = Counter(
            "sluiceway_load_failures", "Rollout states that could not be read or loaded", registry=registry
        )
        self._requests_of = lru_cache(maxsize=256)(self._requests.labels)
        self._rows_of = lru_cache(maxsize=256)(self._rows.labels)
        self._missing_of = lru_cache(maxsize=4096)(self._missing.labels)

    def count(self, requests: Sequence[tuple[int, str, str, int]]) -> None:
        """Count requests, answered or refused: of each its status, version, arm, and latency in microseconds."""
        alike = Counts([(status // 100, version, arm) for status, version, arm, _ in requests])
        for (family, version, arm), number in alike.items():
            self._requests_of(f"{family}xx", version, arm).inc(number)
        self._latency.observe_all([latency_us / 1e6 for *_, latency_us in requests])

    def count_stranger(self) -> None:
        """Count a caller without the key; nothing was answered that took any time."""
        self._requests_of(STRANGER, "", "").inc()

    def count_rows(self, version: str, arm: str, rows: int = 1) -> None:
        """Count rows that a version answered."""
        self._rows_of(version, arm).inc(rows)

    def count_fallback(self, challenger: str) -> None:
        """Count a row that the challenger failed to answer."""
        self._fallbacks.labels(challenger).inc()

    def count_without(self, view: str) -> None:
        """Count a row for whose entity a view held nothing."""
        self._without.labels(view).inc()

    def count_missing(self, features: Counts[str]) -> None:
        """Count values that were missing, by feature."""
        for feature, number in features.items():
            self._missing_of(feature).inc(number)

    def show_known_through(self, view: str, through_us: int) -> None:
        """Tell through when a value of a view knew everything, in microseconds, unless a newer one was told."""
        if through_us > self._newest.get(view, -1):
            self._newest[view] = through_us
            self._through.labels(view).set(through_us / 1e6)

    def count_online_read(self, took_s: float) -> None:
        """Count a read of the online store, and how long it took in seconds."""
        self._online.observe_all([took_s])

    def count_online_error(self, outcome: str) -> None:
        """Count a read of the online store that failed."""
        self._online_errors.labels(outcome).inc()

    def count_events(self, source: str, number: int, took_s: float) -> None:
        """Count events that were kept, and how long that took in seconds."""
        self._events.labels(source).inc(number)
        self._event_seconds.observe_all([took_s])

    def count_event_request(self, status: int) -> None:
        """Count a request with events."""
        self._event_requests.labels(f"{status // 100}xx").inc()

    def count_load_failure(self) -> None:
        """Count a rollout state that could not be taken up."""
        self._failures.inc()

    def show(self, state: RolloutState) -> None:
        """Tell which rollout state is answered by."""
        self._sequence.set(state.sequence)
        self._share.set(state.share)

    def text(self) -> bytes:
        """Return everything in Prometheus's text format, of all processes where they share a folder."""
        if not getattr(values.ValueClass, "_multiprocess", False):
            return generate_latest(self._registry)
        together = CollectorRegistry()
        multiprocess.MultiProcessCollector(together)  # type: ignore[no-untyped-call]  # it has no types
        return generate_latest(together)


def _gauge(name: str, words: str, registry: CollectorRegistry) -> Gauge:
    """Make a gauge; of several processes the one that lags behind is told, so that a worker left behind is seen."""
    return Gauge(name, words, registry=registry, multiprocess_mode="livemin")
