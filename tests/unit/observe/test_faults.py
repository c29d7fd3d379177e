from dataclasses import replace

import numpy as np
import pytest

from sluiceway.observe.drill import drawn
from sluiceway.observe.faults import faults
from sluiceway.observe.traffic import Requests

from .conftest import SPEC


@pytest.fixture(scope="module")
def planted(reference):
    """Each fault by the kind of alert it must raise, planted into the same rows; also those rows."""
    rows = drawn(reference, np.random.default_rng(0))
    requests = Requests(rows.at, np.full(len(rows), 200), np.full(len(rows), 1000))
    found = {
        fault.name: (fault, *fault.plant(rows, requests, np.random.default_rng(1)))
        for fault in faults(reference, SPEC.sla)
    }
    return found, rows, requests


def changed_columns(before, after):
    return [name for name in before.columns if not before[name].equals(after[name])]


def test_every_kind_of_alarm_is_tried_and_the_control_is_first(reference):
    expected = [fault.expected.partition(":")[0] for fault in faults(reference, SPEC.sla)]
    assert expected[0] == ""
    assert set(expected[1:]) == {"data_drift", "prediction_drift", "performance", "cost", "errors", "latency"}


def test_no_fault_changes_anything_but_what_it_says(planted):
    found, rows, requests = planted
    for fault, changed, traffic in found.values():
        columns = changed_columns(rows.features, changed.features)
        assert columns == ([fault.column] if fault.column else []), fault.name
        kind = fault.expected.partition(":")[0]
        assert np.array_equal(changed.outcome, rows.outcome) == (kind not in {"performance", "cost"})
        assert np.array_equal(changed.probability, rows.probability) == (kind != "prediction_drift")
        assert np.array_equal(traffic.status, requests.status) == (kind != "errors")
        assert np.array_equal(traffic.latency_us, requests.latency_us) == (kind != "latency")


def test_no_seasonal_column_is_chosen_and_texts_only_for_new_values(planted, reference):
    columns = [fault.column for fault, *_ in planted[0].values() if fault.column]
    assert columns == ["distance", "distance", "distance", "carrier"]


def test_the_strongest_come_first_and_inputs_change_their_unit(reference):
    unseasonal = replace(
        reference, seasonal=frozenset(), strength={"origin_weather__latest_wind": 0.9, "distance": 0.8}
    )
    chosen = {fault.name: fault.column for fault in faults(unseasonal, SPEC.sla) if fault.column}
    assert list(chosen.values()) == ["origin_weather__latest_wind", "distance", "distance", "carrier"]


def test_a_share_of_the_values_is_lost_renamed_or_turned(planted):
    found, rows, _ = planted
    size = len(rows)
    lost = found["30% of its values lost"][1].features["distance"].is_nan().mean()
    renamed = found["30% of its values renamed"][1].features["carrier"].str.ends_with(" (new)").mean()
    assert (lost, renamed) == (pytest.approx(0.3, abs=0.03), pytest.approx(0.3, abs=0.03))
    turned = found["20% of the right answers turned wrong"][1].outcome != rows.outcome
    right = (rows.probability >= SPEC.threshold) == (rows.outcome > 0)
    assert (turned & ~right).sum() == 0
    assert turned.sum() / right.sum() == pytest.approx(0.2, abs=0.03)
    assert (found["outcomes told the wrong way round"][1].outcome == 1 - rows.outcome).sum() == size


def test_columns_that_never_vary_are_not_chosen(reference):
    same = reference.rows.features.with_columns(distance=np.float32(7)).cast(
        {"distance": reference.rows.features.schema["distance"]}
    )
    flat = replace(reference, rows=replace(reference.rows, features=same))
    assert [fault.column for fault in faults(flat, SPEC.sla) if fault.column] == ["carrier"]


def test_a_lax_promise_has_more_requests_fail(reference):
    names = [fault.name for fault in faults(reference, replace(SPEC.sla, success_rate=0.98))]
    assert "40% of the requests failed" in names
