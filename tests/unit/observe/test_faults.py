from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sluiceway.observe.columns import compare, profile_of
from sluiceway.observe.drill import drawn
from sluiceway.observe.faults import faults
from sluiceway.observe.traffic import Requests

from .conftest import SPEC

OF_COLUMNS = {"shift", "loss", "unit", "renaming"}


@pytest.fixture(scope="module")
def planted(reference):
    """Each fault by the kind of alert it must raise, planted into the same rows; also those rows."""
    rows = drawn(reference, np.random.default_rng(0))
    requests = Requests(rows.at, np.full(len(rows), 200), np.full(len(rows), 1000))
    found = {
        fault.name: (fault, *fault.plant(rows, requests, np.random.default_rng(1))) for fault in faults(reference, SPEC)
    }
    return found, rows, requests


def changed_columns(before, after):
    return [name for name in before.columns if not before[name].equals(after[name])]


def test_every_kind_of_alarm_is_tried_and_the_control_is_first(reference):
    expected = [fault.expected.partition(":")[0] for fault in faults(reference, SPEC)]
    assert expected[0] == ""
    assert set(expected[1:]) == {
        "data_drift",
        "prediction_drift",
        "performance",
        "cost",
        "errors",
        "latency",
        "staleness",
        "coverage",
    }


def test_no_fault_changes_anything_but_what_it_says(planted):
    found, rows, requests = planted
    for fault, changed, traffic in found.values():
        columns = changed_columns(rows.features, changed.features)
        kind = fault.expected.partition(":")[0]
        moved = {"data_drift": [fault.column], "coverage": ["origin_weather__latest_wind"]}
        assert columns == moved.get(kind, []), fault.name
        read = {"staleness": ["behind:origin_weather"], "coverage": ["read:origin_weather"]}
        assert changed_columns(rows.views, changed.views) == read.get(kind, []), fault.name
        assert np.array_equal(changed.outcome, rows.outcome) == (kind not in {"performance", "cost"})
        assert np.array_equal(changed.probability, rows.probability) == (kind != "prediction_drift")
        assert np.array_equal(traffic.status, requests.status) == (kind != "errors")
        assert np.array_equal(traffic.latency_us, requests.latency_us) == (kind != "latency")


def test_no_seasonal_column_is_chosen_and_texts_only_for_new_values(planted, reference):
    columns = [fault.column for fault, *_ in planted[0].values() if fault.id in OF_COLUMNS]
    assert columns == ["distance", "distance", "distance", "carrier"]


def test_the_strongest_come_first_and_inputs_change_their_unit(reference):
    unseasonal = replace(
        reference, seasonal=frozenset(), strength={"origin_weather__latest_wind": 0.9, "distance": 0.8}
    )
    chosen = {fault.name: fault.column for fault in faults(unseasonal, SPEC) if fault.id in OF_COLUMNS}
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
    assert [fault.column for fault in faults(flat, SPEC) if fault.column and fault.id in OF_COLUMNS] == [
        "carrier",
        "carrier",
    ]


def with_column(reference, name, values):
    """The reference with another column in place of one of its own."""
    series = pl.Series(name, values, dtype=reference.rows.features.schema[name])
    rows = replace(reference.rows, features=reference.rows.features.with_columns(series))
    return replace(reference, rows=rows, profiles={**reference.profiles, name: profile_of(series)})


def columns_planted(reference, fault):
    return [(each.name, each.column, each.not_applicable) for each in faults(reference, SPEC) if each.id == fault]


def test_where_much_is_missing_more_is_lost_until_it_shows(reference):
    rng = np.random.default_rng(9)
    some = np.where(rng.random(len(reference.rows)) < 0.4, np.nan, rng.normal(9, 1, len(reference.rows)))
    texts = with_column(reference, "carrier", np.where(rng.random(len(reference.rows)) < 0.4, "", "UA"))
    assert columns_planted(with_column(texts, "distance", some), "loss") == [("60% of its values lost", "distance", "")]


def test_a_fault_that_no_column_shows_is_not_planted_and_says_why(reference):
    spread = np.random.default_rng(0).lognormal(0.0, 1.5, len(reference.rows))
    assert columns_planted(with_column(reference, "distance", spread), "unit") == [
        ("unit", "", "in none of 1 columns would its PSI clear 0.2")
    ]
    gone = replace(reference, seasonal=frozenset(reference.profiles))
    assert {each.not_applicable for each in faults(gone, SPEC) if each.expected.startswith("data_drift")} == {
        "the model has no column for it"
    }


@given(
    st.floats(0.0, 0.95), st.floats(0.05, 3.0), st.floats(-3.0, 5.0), st.floats(0.0, 0.6), st.floats(0.0, 0.6),
    st.integers(0, 9),
)  # fmt: skip
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_columns_are_like_a_fault_that_is_planted_moves_its_own(
    reference, missing, spread, centre, rare, unnamed, seed
):
    rng, size = np.random.default_rng(seed), len(reference.rows)
    numbers = np.where(rng.random(size) < missing, np.nan, np.exp(rng.normal(centre, spread, size)))
    names = np.where(rng.random(size) < rare, rng.integers(0, 2000, size).astype(str), "UA")
    changed = with_column(reference, "distance", numbers)
    changed = with_column(changed, "carrier", np.where(rng.random(size) < unnamed, "", names))
    rows = drawn(changed, rng)
    for fault in faults(changed, SPEC):
        if fault.column and fault.id in OF_COLUMNS:
            planted, _ = fault.plant(rows, None, rng)
            found = compare(changed.profiles[fault.column], planted.features[fault.column])
            assert found.stability.exceeds(SPEC.acceptance.max_psi), fault.name


def test_a_lax_promise_has_more_requests_fail(reference):
    names = [fault.name for fault in faults(reference, replace(SPEC, sla=replace(SPEC.sla, success_rate=0.98)))]
    assert "40% of the requests failed" in names
