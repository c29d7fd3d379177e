import numpy as np
import pytest

from sluiceway.observe.rows import DAY_US
from sluiceway.observe.traffic import Requests, measure


def requests(status, latency_ms):
    status, latency = np.array(status), (1000 * np.array(latency_ms)).astype(np.int64)
    return Requests(np.arange(status.size) * DAY_US, status, latency)


def test_failures_are_the_servers_own():
    found = measure(requests([200, 422, 500, 503, 413], [1, 1, 90, 90, 1]))
    assert (found.requests, found.failures) == (5, 2)


def test_latency_is_that_of_what_was_answered():
    found = measure(requests([200] * 100 + [503], [*range(1, 101), 10_000]))
    assert (found.p50_ms, found.p95_ms, found.p99_ms) == pytest.approx((50.5, 95.05, 99.01))


def test_without_requests_there_are_no_percentiles():
    found = measure(requests([], []))
    assert (found.requests, found.failures, found.p99_ms) == (0, 0, None)
    assert measure(requests([500], [1])).p50_ms is None


def test_days_count_from_the_epoch():
    assert requests([200] * 3, [1] * 3).days.tolist() == [0, 1, 2]
