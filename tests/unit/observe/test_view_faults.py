from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from sluiceway.observe import watch
from sluiceway.observe.drill import drills
from sluiceway.observe.view_faults import view_faults
from sluiceway.observe.watched_views import Usual

from .conftest import SPEC

WIND = "origin_weather__latest_wind"


def planned(reference):
    faults = view_faults(reference, SPEC.acceptance, follows=frozenset())
    return [(fault.name, fault.column, fault.expected, fault.not_applicable) for fault in faults]


def test_one_view_grows_old_and_one_loses_its_entities(reference):
    assert planned(reference) == [
        (
            "30% of the requests found it twice as far behind as it may be",
            "origin_weather",
            "staleness: origin_weather",
            "",
        ),
        ("30% of its entities lost", "origin_weather", "coverage: origin_weather", ""),
    ]


def test_a_model_without_views_has_nothing_to_plant_into(reference):
    assert [(each[1], each[3]) for each in planned(replace(reference, views=()))] == [
        ("", "the model has no view"),
        ("", "no view is watched"),
    ]


def test_where_nothing_says_how_far_behind_a_view_may_be_none_grows_old(reference):
    (view,) = reference.views
    ageing, _ = planned(replace(reference, views=(replace(view, within=None),)))
    assert ageing[3] == "nothing says how far behind a view may be"


def test_where_much_was_missing_more_is_lost_and_where_all_may_be_nothing_shows(reference):
    (view,) = reference.views

    def emptying(share):
        usual = {WIND: Usual(int(share * len(reference.rows)), len(reference.rows))}
        return planned(replace(reference, views=(replace(view, usual=usual),)))[1]

    assert emptying(0.4)[0] == "60% of its entities lost"
    assert emptying(0.95)[3] == "in none of 1 views would values that are lost show"


def test_the_view_whose_columns_rank_best_goes_first(reference):
    (view,) = reference.views
    other = replace(view, name="another", columns=(), usual={})
    both = replace(reference, views=(other, view), rows=reference.rows)
    assert [each[1] for each in planned(both)] == ["origin_weather", "origin_weather"]


@pytest.mark.parametrize("kind", ["staleness", "coverage"])
def test_a_deaf_alarm_of_views_is_found_out(world, reference, monkeypatch, kind):
    """An alarm that never says anything of views does not do as it should, and only in the drill of its kind."""
    hear = watch.view_alerts
    monkeypatch.setattr(watch, "view_alerts", lambda *given: [each for each in hear(*given) if each.kind != kind])
    misbehaved = [each.expected for each in drills(reference, SPEC, world.predictor) if not each.behaved]
    assert misbehaved == [f"{kind}: origin_weather"]


def test_the_same_rows_lose_all_columns_of_a_view_and_their_reading(reference):
    _, fault = view_faults(reference, SPEC.acceptance, follows=frozenset())
    changed, _ = fault.plant(reference.rows, None, np.random.default_rng(1))
    gone = changed.features[WIND].is_nan().to_numpy()
    assert gone.mean() == pytest.approx(0.3, abs=0.03)
    assert ((~changed.views["read:origin_weather"]).to_numpy() == gone).all()


def test_a_limit_that_is_kept_is_what_drills_begin_with(reference):
    (view,) = reference.views
    assert view.within == timedelta(hours=2)
    assert reference.rows.views["behind:origin_weather"].unique().to_list() == [0.2 * 2 * 3_600_000_000]
