from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from sluiceway.declare.spec import Acceptance
from sluiceway.observe.drift import feature_drift, prediction_drift

WIND = "origin_weather__latest_wind"
USUAL = Acceptance()


@pytest.fixture
def drift_of(reference):
    """The drift of each column after some of the reference's columns were changed."""

    def measure(acceptance=USUAL, **columns):
        features = reference.rows.features.with_columns(**{WIND if n == "wind" else n: v for n, v in columns.items()})
        found = feature_drift(replace(reference.rows, features=features), reference, acceptance)
        return {each.column: each for each in found}

    return measure


def noise(reference, scale):
    return pl.Series(np.random.default_rng(1).normal(0, scale, len(reference.rows)).astype(np.float32))


def test_the_reference_itself_is_stable(drift_of):
    found = drift_of()
    assert {each.verdict for each in found.values()} == {"stable"}
    assert {each.psi for each in found.values()} == {0.0}
    assert {name: each.test for name, each in found.items()} == {"carrier": "chi2", "distance": "ks", WIND: "ks"}


def test_a_shifted_column_drifts_and_no_other(drift_of):
    found = drift_of(distance=pl.col("distance") + 300)
    assert {name: each.verdict for name, each in found.items()} == {
        "carrier": "stable",
        "distance": "drift",
        WIND: "stable",
    }
    moved = found["distance"]
    assert moved.psi > 0.2 > moved.noise_floor
    assert moved.p_adjusted < 0.01
    assert 0 < moved.js < 1
    assert (moved.then.split()[1], moved.now.split()[1]) == ("672", "972")


def test_what_moves_for_certain_but_little_is_told_apart(drift_of, reference):
    little = drift_of(distance=pl.col("distance") + 45)["distance"]
    assert (little.verdict, little.p_adjusted < 0.01, little.psi < 0.2) == ("moved", True, True)
    floor = Acceptance(drift_practical_floor=0.2)
    assert drift_of(floor, distance=pl.col("distance") + 45)["distance"].verdict == "negligible"


def test_strict_takes_the_bare_p_value(drift_of):
    strict = Acceptance(strict_drift=True)
    assert drift_of(strict, distance=pl.col("distance") + 45)["distance"].verdict == "drift"
    assert drift_of(strict)["distance"].verdict == "stable"


def test_a_seasonal_column_may_move_as_far_as_it_did_but_no_further(drift_of, reference):
    some, all_of_it = drift_of(wind=pl.col(WIND) + 3)[WIND], drift_of(wind=pl.col(WIND) + 100)[WIND]
    assert (some.verdict, all_of_it.verdict) == ("seasonal", "drift")
    assert 0.2 < some.psi < some.limit == reference.limits[WIND] < all_of_it.psi


def test_lost_values_are_told(drift_of):
    lost = pl.when(pl.int_range(pl.len()) % 3 == 0).then(float("nan")).otherwise("distance").cast(pl.Float32)
    found = drift_of(distance=lost)["distance"]
    assert found.verdict == "drift"
    assert (found.reference_missing, round(found.missing, 2)) == (0.0, 0.33)
    assert "missing" in found.now


def test_under_200_rows_nothing_is_said(reference):
    few = reference.rows.take(np.arange(199))
    changed = replace(few, features=few.features.with_columns(distance=pl.col("distance") * 9))
    assert {each.verdict for each in feature_drift(changed, reference, Acceptance())} == {"inconclusive"}
    none = reference.rows.take(np.arange(0))
    assert {(each.verdict, each.psi) for each in feature_drift(none, reference, Acceptance())} == {
        ("inconclusive", None)
    }


def test_predictions_are_compared_like_a_column(reference):
    same = prediction_drift(reference.rows, reference, Acceptance())
    moved = prediction_drift(
        replace(reference.rows, probability=reference.rows.probability**0.5), reference, Acceptance()
    )
    assert (same.column, same.verdict) == ("probability", "stable")
    assert (moved.verdict, moved.psi > 0.2) == ("drift", True)
