"""Traffic: how many requests there were, how many failed, and how long the others took."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sluiceway.artifacts.health_report import Traffic
from sluiceway.observe.rows import DAY_US
from sluiceway.observe.spans import Span
from sluiceway.plans.moments_sql import microseconds

# What the server itself could not do; a refusal of what the caller sent is no failure.
SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Requests:
    """Requests in order of their moments ``at``, microseconds since the epoch; ``latency_us`` until the answer."""

    at: NDArray[np.int64]
    status: NDArray[np.int64]
    latency_us: NDArray[np.int64]

    def __len__(self) -> int:
        return self.at.size

    @property
    def days(self) -> NDArray[np.int64]:
        """Each request's day, counted from the epoch, UTC."""
        return self.at // DAY_US

    @property
    def failed(self) -> NDArray[np.bool_]:
        """Which of them the server could not answer."""
        return self.status >= SERVER_ERROR

    @property
    def latency_ms(self) -> NDArray[np.float64]:
        """How long the answered ones took, in milliseconds."""
        return self.latency_us[~self.failed] / 1000

    def within(self, span: Span) -> "Requests":
        """Keep the requests of a stretch of time."""
        first, last = np.searchsorted(self.at, [microseconds(span.began), microseconds(span.ended)])
        return Requests(self.at[first:last], self.status[first:last], self.latency_us[first:last])


def measure(requests: Requests) -> Traffic:
    """Count requests and failures, and take percentiles of the answered ones' latency."""
    latency = requests.latency_ms
    p50, p95, p99 = np.quantile(latency, [0.5, 0.95, 0.99]).tolist() if latency.size else (None, None, None)
    return Traffic(len(requests), int(requests.failed.sum()), p50, p95, p99)
