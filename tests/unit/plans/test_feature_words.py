"""Definitions in words."""

from dataclasses import replace

import pytest

import sluiceway as sw
from sluiceway.declare.feature import Feature
from sluiceway.plans.feature_words import definition, window_words

LANDINGS = sw.Source("landings", sql="unused", key="id", event_time="landed_at")
VIEW = sw.FeatureView("delays", ("carrier", "tail"), LANDINGS, [sw.count(over="1h")])
ABOUT = "of landings by carrier, tail"


@pytest.mark.parametrize(
    ("feature", "words", "window"),
    [
        (Feature("count", over="1h"), f"number of rows over the last 1h, {ABOUT}, in steps of 5m", "1h"),
        (Feature("count", "x", "1h"), f"number of present x over the last 1h, {ABOUT}, in steps of 5m", "1h"),
        (Feature("std", "x", "2h"), f"standard deviation of x over the last 2h, {ABOUT}, in steps of 5m", "2h"),
        (Feature("sum", "x", "1h", fresh=True), f"sum of x over the last 1h, {ABOUT}, up to the moment", "1h"),
        (
            Feature("max", "x", "1h", given_name="worst", where="x > 3"),
            f"greatest x over the last 1h, {ABOUT} where x > 3, in steps of 5m",
            "1h",
        ),
        (
            sw.last_n("x", n=3, over="1h"),
            f"last 3 values of x, the newest first, over the last 1h, {ABOUT}, in steps of 5m",
            "1h",
        ),
        (Feature("latest", "gate"), f"latest gate, {ABOUT}", "latest"),
        (sw.latest("gate"), f"latest gate, {ABOUT}", "latest"),
        (sw.latest("face", size=8), f"latest face, its 8 numbers, {ABOUT}", "latest"),
        (Feature("derived", given_name="r", expression="a / b"), "a / b, of the view's other features", "derived"),
    ],
)
def test_a_feature_is_said_as_one_would_say_it(feature, words, window):
    assert definition(VIEW, feature) == words
    assert window_words(VIEW, feature) == window


def test_a_ttl_is_said():
    view = replace(VIEW, ttl="3h", features=[sw.latest("gate")])
    assert definition(view, view.features[0]).endswith(", missing once it is older than 3h")
    assert window_words(view, view.features[0]) == "latest, ttl 3h"
