"""Stream metrics: how far each partition is, how far behind, and what was set aside, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge

from sluiceway.plans.moments_sql import MICROSECOND
from sluiceway.ports.event_source import Lag
from sluiceway.streams.partition_header import PartitionHeader
from sluiceway.streams.stream_plan import StreamPlan

LABELS = ("source", "partition")


class StreamMetrics:
    """Gauges by source and partition in a registry of their own. What is counted is what was committed."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        named = {
            "events": "Messages learnt.",
            "late": "Messages that were late for a view.",
            "dead": "Messages that were no rows.",
            "missed": "Messages that were gone from the topic before they were learnt.",
            "watermark": "The greatest known_time, in seconds since the epoch.",
            "owned": "Whether it is worked on: 0 while the store does not answer.",
            "lag": "Messages that have arrived and were not learnt yet.",
            "lag_seconds": "How long the source says that what comes next has waited.",
        }
        self._gauges = {
            name: Gauge(f"sluiceway_stream_{name}", said, LABELS, registry=self.registry)
            for name, said in named.items()
        }
        self._given_up = Counter(
            "sluiceway_stream_given_up", "Partitions given up, as another took over or the store did not answer.",
            LABELS, registry=self.registry,
        )  # fmt: skip
        self._unknown = Gauge(
            "sluiceway_stream_unknown_columns", "Columns in messages that the table lacks.", ("source", "column"),
            registry=self.registry,
        )  # fmt: skip

    def note(self, plan: StreamPlan, number: int, header: PartitionHeader, *, lag: Lag | None, is_owned: bool) -> None:
        """Show where a partition is."""
        shown: dict[str, float] = {"events": header.events, "late": header.late, "dead": header.dead}
        shown["missed"], shown["owned"] = header.missed, is_owned
        if header.watermark is not None:
            shown["watermark"] = header.watermark * MICROSECOND.total_seconds()
        if lag is not None and lag.messages is not None:
            shown["lag"] = max(lag.messages, 0)
        if lag is not None and lag.seconds is not None:
            shown["lag_seconds"] = lag.seconds
        for name, value in shown.items():
            self._gauges[name].labels(plan.source.name, str(number)).set(value)

    def forget(self, plan: StreamPlan, number: int) -> None:
        """Show a partition no more, as another worker does."""
        for gauge in self._gauges.values():
            gauge.remove_by_labels({"source": plan.source.name, "partition": str(number)})

    def given_up(self, plan: StreamPlan, number: int) -> None:
        """Count a partition that was given up."""
        self._given_up.labels(plan.source.name, str(number)).inc()

    def unknown(self, plan: StreamPlan, columns: frozenset[str]) -> None:
        """Show columns that messages have and the table lacks."""
        for name in columns:
            self._unknown.labels(plan.source.name, name).set(1)
