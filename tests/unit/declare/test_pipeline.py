"""Pipelines refuse labels without a common key, and names given twice."""

from datetime import UTC, datetime

import pytest

from sluiceway.core.errors import DeclarationError
from sluiceway.declare.feature_builders import mean
from sluiceway.declare.feature_view import FeatureView
from sluiceway.declare.files import files
from sluiceway.declare.pipeline import Label, Pipeline, Search, Split
from sluiceway.declare.request_view import RequestView
from sluiceway.declare.source import Source

SCHEDULE = Source("schedule", files("s.csv"), key="id", event_time="leaves_at")
LANDINGS = Source("landings", files("l.csv"), key="id", event_time="landed_at")


def label(**changes):
    settings = {"name": "late", "source": LANDINGS, "expression": "d > 30", "each": SCHEDULE, "at": "leaves_at"}
    return Label(**(settings | {"matures": "36h"} | changes))


def pipeline(*views):
    return Pipeline(spec="spec.yaml", views=views, label=label(), model=lambda trial: trial)


def delays(name="delays"):
    return FeatureView(name, entity="carrier", source=LANDINGS, features=[mean("d", over="1h")])


@pytest.mark.parametrize("key", [None, "other", ("id", "day")])
def test_a_label_needs_the_same_key_in_both_sources(key):
    each = Source("schedule", files("s.csv"), key=key, event_time="leaves_at")
    with pytest.raises(DeclarationError, match="sources 'landings' and 'schedule' must have the same key"):
        label(each=each)


def test_two_sources_without_keys_have_no_key_in_common():
    with pytest.raises(DeclarationError, match="must have the same key"):
        label(
            source=Source("landings", files("l.csv"), event_time="landed_at"),
            each=Source("schedule", files("s.csv"), event_time="leaves_at"),
        )


def test_a_label_told_by_a_timeless_source_is_refused():
    with pytest.raises(DeclarationError, match="has no event_time; say when it is known"):
        label(source=Source("landings", files("l.csv"), key="id"))


@pytest.mark.parametrize("change", [{"matures": "soon"}, {"expression": "d >"}, {"at": "now("}, {"name": "not ok"}])
def test_a_label_refuses_what_cannot_be_read(change):
    with pytest.raises(DeclarationError):
        label(**change)


def test_two_views_of_one_name_are_refused():
    with pytest.raises(DeclarationError, match="the names delays, delays__mean_d_1h are given twice"):
        pipeline(delays(), delays())


def test_a_request_feature_that_takes_a_views_name_is_refused():
    with pytest.raises(DeclarationError, match="the names delays are given twice"):
        pipeline(delays(), RequestView(delays="1 + 1"))


def test_views_are_told_apart_and_request_columns_gathered():
    made = pipeline(delays(), RequestView(hour="hour(at)"), RequestView(far="d > 9"))
    assert [view.name for view in made.feature_views] == ["delays"]
    assert list(made.request_columns) == ["hour", "far"]


@pytest.mark.parametrize("change", [{"trials": 0}, {"rows": 199}, {"folds": 1}])
def test_a_search_that_could_not_choose_is_refused(change):
    with pytest.raises(DeclarationError, match="trials >= 1, rows >= 200 and folds >= 2 must hold"):
        Search(**change)


@pytest.mark.parametrize("share", [0, 1, 1.5, -0.2, float("nan")])
def test_a_holdout_share_lies_between_0_and_1(share):
    with pytest.raises(DeclarationError, match="a holdout share lies between 0 and 1"):
        Split(holdout=share)


def test_a_holdout_is_a_share_a_duration_or_a_date():
    assert Split(holdout=0.3).holdout_start is None
    assert Split(holdout="61d").holdout_start is None
    assert Split(holdout="2013-09-01").holdout_start == datetime(2013, 9, 1, tzinfo=UTC)


@pytest.mark.parametrize("change", [{"holdout": "last autumn"}, {"gap": "a bit"}])
def test_a_split_refuses_what_is_neither_duration_nor_date(change):
    with pytest.raises(DeclarationError, match="is not a duration"):
        Split(**change)
