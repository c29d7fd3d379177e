from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from tests import bundles

from sluiceway.declare.spec import Monitoring
from sluiceway.observe.columns import compare, profile_of
from sluiceway.observe.rows import DAY_US, Rows
from sluiceway.observe.seasons import daily_counts, seasonal_columns, seasonal_limits

WIND = "origin_weather__latest_wind"


def daily(days, a_day=300, seed=0):
    """Rows whose wind drifts upwards day by day; no rows on the third day."""
    rng = np.random.default_rng(seed)
    day = np.repeat([each for each in range(days) if each != 2], a_day)
    wind = pl.Series((rng.normal(size=day.size) - day / 10).astype(np.float32))
    return Rows(day * DAY_US, pl.DataFrame({WIND: wind}), np.empty(0), np.empty(0))


@pytest.mark.parametrize(
    ("named", "columns"),
    [((), []), (("origin_weather",), [WIND]), ((WIND,), [WIND]), (("distance", "carrier"), ["carrier", "distance"])],
)
def test_a_view_stands_for_its_columns(named, columns):
    assert seasonal_columns(Monitoring(seasonal=named), bundles.made(b"")) == columns


def test_the_limit_is_the_stretch_that_moved_furthest():
    earlier = daily(40)
    profile = profile_of(pl.Series(np.random.default_rng(9).normal(size=3000).astype(np.float32)))
    found = seasonal_limits(earlier, {WIND: profile}, observe=Monitoring(window="10d"), least=0.2)[WIND]
    plain = []
    for start in range(0, 31, 7):
        inside = (earlier.days >= start) & (earlier.days < start + 10)
        plain.append(compare(profile, earlier.features[WIND].filter(pl.Series(inside))).stability.index)
    assert found == pytest.approx(max(plain))
    assert found == plain[-1] > 1


def test_no_limit_is_below_the_specs():
    profile = profile_of(daily(40).features[WIND])
    limits = seasonal_limits(daily(40, seed=3), {WIND: profile}, observe=Monitoring(window="40d"), least=0.2)
    assert limits == {WIND: 0.2}


def test_with_little_or_nothing_learnt_from_before_the_specs_limit_stands():
    few, none = daily(2, a_day=50), daily(2).take(np.zeros(600, dtype=bool))
    profile = profile_of(pl.Series(np.arange(900.0), dtype=pl.Float32))
    for earlier in (few, none):
        assert seasonal_limits(earlier, {WIND: profile}, observe=Monitoring(), least=0.2) == {WIND: 0.2}


def test_every_row_is_counted_on_its_day():
    earlier = daily(9, a_day=20)
    profile = profile_of(earlier.features[WIND])
    counts = daily_counts(profile, earlier, WIND)
    assert counts.sum(axis=1).tolist() == [20, 20, 0, *[20] * 6]
    assert (counts.sum(axis=0) == profile.counts).all()
    later = replace(earlier, at=earlier.at + 700 * DAY_US)
    assert (daily_counts(profile, later, WIND) == counts).all()
