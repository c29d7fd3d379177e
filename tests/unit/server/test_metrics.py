"""Counters, and how the processes of one server tell theirs together."""

import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from sluiceway.artifacts.rollout_state import RolloutState, Served
from sluiceway.server.metrics import Metrics

STATE = RolloutState("live", Served("v1", "model", "b", "k", "s"), 7, datetime(2024, 1, 1, tzinfo=UTC), "x", share=0.25)


def told(text):
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_what_is_counted_is_told_by_class_of_status_version_and_arm():
    metrics = Metrics()
    metrics.count([(200, "v1", "champion", 300), (201, "v1", "champion", 300)])
    metrics.count([(422, "", "", 200_000)])
    metrics.count_rows("v1", "champion", 3)
    metrics.count_fallback("v2")
    metrics.count_load_failure()
    metrics.show(STATE)
    found = told(metrics.text())
    assert found["sluiceway_requests_total", "2xx", "champion", "v1"] == 2
    assert found["sluiceway_requests_total", "", "", "4xx"] == 1
    assert found["sluiceway_rows_total", "champion", "v1"] == 3
    assert found["sluiceway_fallbacks_total", "v2"] == 1
    assert found["sluiceway_load_failures_total",] == 1
    assert (found["sluiceway_rollout_sequence",], found["sluiceway_rollout_share",]) == (7, 0.25)
    assert found["sluiceway_request_seconds_bucket", "0.0005"] == 2
    assert found["sluiceway_request_seconds_count",] == 3


def test_the_newest_that_was_read_of_a_view_and_what_was_missing_are_told():
    metrics = Metrics()
    for through_us in (5_000_000, 7_500_000, 6_000_000):
        metrics.show_known_through("delays", through_us)
    metrics.count_missing(Counter({"delays__mean": 2, "wind": 1}))
    metrics.count_missing(Counter({"wind": 1}))
    found = told(metrics.text())
    assert found["sluiceway_view_known_through_seconds", "delays"] == 7.5
    assert (
        found["sluiceway_features_missing_total", "delays__mean"],
        found["sluiceway_features_missing_total", "wind"],
    ) == (2, 2)


@given(st.lists(st.integers(0, 10**8) | st.sampled_from([0, 100, 200, 500, 1000, 5_000_000]), max_size=30))
@settings(deadline=None, max_examples=30)
def test_latencies_counted_together_are_counted_as_each_by_itself(latencies_us):
    together, apart = Metrics(), Metrics()
    together.count([(200, "v1", "champion", latency_us) for latency_us in latencies_us])
    for latency_us in latencies_us:
        apart._latency.observe(latency_us / 1e6)
    of_latency = [
        {
            key: value
            for key, value in told(each.text()).items()
            if key[0].startswith("sluiceway_request_seconds") and not key[0].endswith(("created", "sum"))
        }
        for each in (together, apart)
    ]
    assert of_latency[0] == of_latency[1]
    sums = [told(each.text())["sluiceway_request_seconds_sum",] for each in (together, apart)]
    assert sums[0] == pytest.approx(sums[1])


def test_strangers_are_counted_and_make_no_latency_look_better():
    metrics = Metrics()
    metrics.count_stranger()
    found = told(metrics.text())
    assert found["sluiceway_requests_total", "", "", "4xx"] == 1
    assert found["sluiceway_request_seconds_count",] == 0


def test_two_servers_of_one_process_count_apart():
    one, other = Metrics(), Metrics()
    one.count_load_failure()
    assert told(other.text())["sluiceway_load_failures_total",] == 0


def test_processes_that_share_a_folder_are_told_together(tmp_path):
    code = (
        "import sys\n"
        "from sluiceway.server.metrics import Metrics\n"
        "from tests.unit.server.test_metrics import STATE\n"
        "from dataclasses import replace\n"
        "metrics = Metrics()\n"
        "metrics.count([(200, 'v1', 'champion', 1000)])\n"
        "metrics.show(replace(STATE, sequence=int(sys.argv[1])))\n"
        "print('counted', flush=True)\n"
        "input()\n"
        "sys.stdout.buffer.write(metrics.text())\n"
    )
    environment = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PATH": ""}
    both = [
        subprocess.Popen(
            [sys.executable, "-c", code, sequence],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for sequence in ("3", "4")
    ]
    assert [process.stdout.readline() for process in both] == [b"counted\n"] * 2
    texts = [process.communicate(b"\n", timeout=30)[0] for process in both]
    assert told(texts[0])["sluiceway_requests_total", "2xx", "champion", "v1"] == 2
    assert told(texts[0])["sluiceway_rollout_sequence",] == 3, "of several workers the one that lags is told"
