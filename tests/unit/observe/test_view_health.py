from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluiceway.artifacts.health_report import ALERT, WARNING
from sluiceway.declare.spec import Acceptance
from sluiceway.observe.rows import Rows
from sluiceway.observe.view_alerts import view_alerts
from sluiceway.observe.view_health import view_health
from sluiceway.observe.watched_views import Usual, WatchedView

HOUR = 3_600_000_000
WEATHER = WatchedView("weather", ("temp",), timedelta(hours=2), {"temp": Usual(100, 10_000)})
ACCEPTANCE = Acceptance()


def rows(size, *, stale=0, gone=0, unread=0, behind=True):
    """So many rows, of which some came when the view was three hours behind, or lack the temperature."""
    ages = [3 * HOUR] * stale + [HOUR] * (size - stale)
    views = pl.DataFrame({
        "behind:weather": pl.Series(ages if behind else [None] * size, dtype=pl.Int64),
        "read:weather": [False] * unread + [True] * (size - unread),
    })  # fmt: skip
    features = pl.DataFrame({"temp": np.r_[np.full(gone, np.nan), np.ones(size - gone)].astype(np.float32)})
    return Rows(np.arange(size), features, np.full(size, 0.5), np.full(size, np.nan), views=views)


def found(some, view=WEATHER):
    (health,) = view_health(some, [view], ACCEPTANCE)
    return health


def told(some, view=WEATHER):
    return [(each.severity, each.kind, each.subject) for each in view_alerts([found(some, view)], ACCEPTANCE)]


def test_a_view_that_keeps_up_and_is_full_is_silent():
    health = found(rows(1000, stale=10, gone=20, unread=5))
    assert (health.freshness, health.coverage) == ("fresh", "full")
    assert (health.stale, health.unread, health.missing, health.usual) == (0.01, 0.005, 0.02, 0.01)
    assert (health.within_s, health.behind_s) == (7200, 3600)
    assert told(rows(1000, stale=10, gone=20)) == []


def test_a_stale_view_alerts_once_it_is_certain():
    assert told(rows(1000, stale=51)) == [(WARNING, "staleness", "weather")]
    assert told(rows(1000, stale=80)) == [(ALERT, "staleness", "weather")]
    (alert,) = view_alerts([found(rows(1000, stale=80))], ACCEPTANCE)
    assert (alert.measured, alert.limit) == (0.08, 0.05)
    assert "nothing that was read of it was newer than 2h" in alert.message
    assert "it was behind by more than 3h" in alert.message


def test_values_that_went_missing_alert_and_name_the_column():
    assert told(rows(1000, gone=65)) == [(ALERT, "coverage", "weather")]
    (alert,) = view_alerts([found(rows(1000, gone=65, unread=60))], ACCEPTANCE)
    assert alert.message.replace("\u202f", " ").replace("\xa0", " ") == (
        "weather lost values: 6.5 % of the rows lack temp, 1 % did; of 6 % the store had no value"
    )
    assert (alert.measured, alert.limit) == (0.065, pytest.approx(0.06))


def test_what_is_too_small_to_matter_is_no_fall_however_certain():
    assert told(rows(100_000, gone=5_900)) == []
    assert found(rows(100_000, gone=5_900)).p_adjusted < 1e-9


def test_what_may_be_chance_is_no_fall_however_large():
    half = replace(WEATHER, usual={"temp": Usual(100, 200)})
    assert found(rows(200, gone=112), half).coverage == "full"


def test_more_values_than_usual_are_no_fall():
    assert found(rows(1000), replace(WEATHER, usual={"temp": Usual(5_000, 10_000)})).coverage == "full"


def test_under_200_rows_nothing_is_said():
    health = found(rows(199, stale=199, gone=199))
    assert (health.freshness, health.coverage, told(rows(199, stale=199, gone=199))) == ("inconclusive",) * 2 + ([],)
    assert told(rows(200, stale=200, gone=200)) == [(ALERT, "staleness", "weather"), (ALERT, "coverage", "weather")]
    empty = found(rows(0))
    assert (empty.freshness, empty.coverage, empty.stale, empty.unread) == ("inconclusive", "inconclusive", None, None)


def test_a_view_without_a_limit_is_never_stale_and_its_age_is_told_all_the_same():
    health = found(rows(1000, stale=1000), replace(WEATHER, within=None))
    assert (health.freshness, health.stale, health.behind_s) == ("unlimited", None, 3 * 3600)
    assert told(rows(1000, stale=1000), replace(WEATHER, within=None)) == []


def test_where_nothing_was_ever_read_freshness_cannot_be_told():
    health = found(rows(1000, behind=False, unread=1000))
    assert (health.freshness, health.stale, health.behind_s, health.unread) == ("inconclusive", None, None, 1.0)


def test_all_columns_at_once_tell_what_none_of_them_tells_alone():
    """Each column is missing in half of the rows, never together; now in a tenth of them both are."""
    size = 4000
    first, second = np.arange(size) % 2 == 0, np.arange(size) % 2 == 1
    second[: size // 5] = first[: size // 5]
    features = pl.DataFrame({"a": np.where(first, np.nan, 1.0), "b": np.where(second, np.nan, 1.0)})
    view = WatchedView(
        "v", ("a", "b"), None, {"a": Usual(5000, 10_000), "b": Usual(5000, 10_000), "any value": Usual(0, 10_000)}
    )
    some = Rows(np.arange(size), features, np.full(size, 0.5), np.full(size, np.nan))
    (health,) = view_health(some, [view], ACCEPTANCE)
    assert (health.column, health.coverage, health.missing) == ("any value", "fell", 0.1)
    (alert,) = view_alerts([health], ACCEPTANCE)
    assert "lack any value of it" in alert.message


@given(st.integers(200, 3000), st.integers(0, 3000), st.integers(0, 3000))
def test_more_trouble_is_never_less_alarming(size, one, other):
    few, many = sorted((min(one, size), min(other, size)))
    before, after = (
        {kind for severity, kind, _ in told(rows(size, stale=each, gone=each)) if severity == ALERT}
        for each in (few, many)
    )
    assert before <= after
