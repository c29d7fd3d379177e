"""Feature views refuse what could not be computed as known at a moment."""

import re
from datetime import timedelta

import pytest

import sluiceway as sw
from sluiceway.core.errors import DeclarationError
from sluiceway.declare.feature_builders import (
    count,
    count_distinct,
    derived,
    deviation,
    latest,
    maximum,
    mean,
    minimum,
    total,
)
from sluiceway.declare.feature_view import FeatureView
from sluiceway.declare.files import files
from sluiceway.declare.request_view import RequestView
from sluiceway.declare.source import Source

LANDINGS = Source("landings", files("a.csv"), key="flight_id", event_time="landed_at")


def view(**changes):
    settings = {"name": "delays", "entity": "carrier", "source": LANDINGS, "features": [mean("d", over="1h")]} | changes
    return FeatureView(**settings)


def test_all_that_is_wrong_with_a_view_is_told_at_once():
    with pytest.raises(DeclarationError) as refused:
        view(name="de lays", every="soon", features=[mean("d d", over="1h"), latest("e e")])
    told = str(refused.value)
    assert [part in told for part in ("'de lays'", "every: 'soon' is not a duration", "d d", "e e")] == [True] * 4
    with pytest.raises(DeclarationError) as refused:
        view(every="7m", features=[mean("d", over="1h"), count(over="2h")])
    assert [problem.message.count("is not a multiple of every='7m'") for problem in refused.value.problems] == [1, 1]


def test_all_that_is_wrong_with_a_request_view_is_told_at_once():
    with pytest.raises(DeclarationError) as refused:
        RequestView(**{"a b": "hour(", "c d": "1"})
    assert len(refused.value.problems) == 3


def test_a_view_on_a_timeless_source_is_refused_with_what_to_give():
    with pytest.raises(DeclarationError, match="has no event_time: what was known when cannot be told"):
        view(source=Source("airports", files("a.csv")))


def test_a_window_that_is_no_multiple_of_the_pane_is_refused():
    with pytest.raises(DeclarationError, match="over='1h' is not a multiple of every='7m'"):
        view(every="7m")


@pytest.mark.parametrize("features", [[], [mean("d", over="1h"), mean("d", over="1h")]])
def test_a_view_needs_features_each_name_once(features):
    with pytest.raises(DeclarationError, match=r"needs at least one feature|has .* twice"):
        view(features=features)


def test_two_features_of_one_column_may_differ_by_name():
    made = view(features=[mean("d", over="1h"), mean("d", over="1h", name="again")])
    assert made.columns == ("delays__mean_d_1h", "delays__again")


@pytest.mark.parametrize(("setting", "text"), [("every", "often"), ("ttl", "0h")])
def test_a_pane_or_ttl_that_is_no_duration_is_refused(setting, text):
    with pytest.raises(DeclarationError, match=f"view 'delays', {setting}: '{text}' is not a duration"):
        view(**{setting: text})


@pytest.mark.parametrize("make", [mean, total, minimum, maximum])
def test_a_window_that_is_no_duration_is_refused_by_its_aggregate(make):
    with pytest.raises(DeclarationError, match=r"\(d\): 'day' is not a duration"):
        make("d", over="day")


def test_features_are_named_after_what_they_are():
    made = [mean("d", over="1h"), count(over="24h"), latest("temp"), total("d", over="1h")]
    assert [feature.name for feature in made] == ["mean_d_1h", "count_24h", "latest_temp", "sum_d_1h"]
    assert [feature.is_window for feature in made] == [True, True, False, True]


def test_a_feature_name_with_two_underscores_is_refused():
    with pytest.raises(DeclarationError, match="feature name 'a__b' is not allowed"):
        latest("temp", name="a__b")


def test_words_about_a_view_do_not_change_its_digest():
    assert view().digest == view(owner="ops", description="Delays of an airline.", tags=["delays"]).digest
    described = mean("d", over="1h", description="How late.", unit="min", tags=["delays", "core"])
    assert view().digest == view(features=[described]).digest


def test_a_digest_is_what_it_was_when_there_was_less_to_declare():
    made = view(features=[mean("d", over="1h"), latest("temp", name="warm")], ttl="3h")
    assert made.digest == "9a4f4d637b8f024faa85c373066f1596600b1997fee35f7008ffde9575568e7b"


@pytest.mark.parametrize(
    ("words", "told"),
    [({"tags": "delays"}, "must be a list of texts"), ({"tags": ["a", "a"]}, "each once"), ({"unit": 3}, "unit=3")],
)
def test_words_that_are_none_are_refused(words, told):
    with pytest.raises(DeclarationError, match=told):
        mean("d", over="1h", **words)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "other"},
        {"entity": "origin"},
        {"every": "10m"},
        {"ttl": "3h"},
        {"features": [mean("d", over="2h")]},
        {"source": Source("landings", files("b.csv"), key="flight_id", event_time="landed_at")},
        {"source": Source("landings", files("a.csv"), key="id", event_time="landed_at")},
        {"source": Source("landings", files("a.csv"), key="flight_id", event_time="landed_at", known_time="seen")},
    ],
)
def test_any_change_of_meaning_changes_the_digest(changes):
    assert view(**changes).digest != view().digest


MEANINGS = [
    [count(over="1h", where="d > 3", name="n")], [count(over="1h", fresh=True, name="n")],
    [count(over="1h", where="d > 4", name="n")], [deviation("d", over="1h", name="n")],
    [count_distinct("d", over="1h", name="n")], [mean("d", over="1h"), derived("n", "mean_d_1h + 1")],
    [mean("d", over="1h"), derived("n", "mean_d_1h + 2")],
]  # fmt: skip


def test_what_is_added_to_a_feature_changes_the_digest_and_how_it_is_spelt_does_not():
    plain = view(features=[count(over="1h", name="n")]).digest
    digests = [view(features=features).digest for features in MEANINGS]
    assert len({plain, *digests}) == 1 + len(MEANINGS)
    assert view(features=[count(over="1h", where="(d>3)", name="n")]).digest == digests[0]
    by_event = {"windows": "event_time", "lateness": "10m"}
    assert view(**by_event).digest not in {view().digest, view(**by_event | {"lateness": "5m"}).digest}


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (lambda: count(over="1h", where="d > 3"), "say what this is of, as in name="),
        (lambda: count(over="1h", where="d >", name="n"), "expression 'd >'"),
        (lambda: view(windows="arrival"), "windows='arrival' must be 'known_time' or 'event_time'"),
        (lambda: view(windows="event_time"), "are given together, or not at all"),
        (lambda: view(lateness="5m"), "are given together, or not at all"),
        (lambda: view(features=[mean("d", over="1h"), derived("n", "mean_d_2h")]), "did you mean 'mean_d_1h'"),
        (lambda: view(features=[derived("n", "mean_d_1h"), mean("d", over="1h")]), "feature before it"),
        (lambda: view(features=[derived("n", "1 + 1")]), "has only derived features"),
        (lambda: view(ttl="1h", features=[latest("d"), derived("n", "latest_d * 2")]), "compute it in a RequestView"),
    ],
)
def test_what_could_not_be_computed_is_refused_with_what_to_do(made, told):
    with pytest.raises(DeclarationError, match=re.compile(re.escape(told), re.IGNORECASE)):
        made()


def test_a_feature_knows_the_columns_that_it_comes_of():
    made = [mean("d", over="1h", where="c = 'a'", name="m"), latest("e"), derived("x", "m + 1"), derived("y", "X * 2")]
    built = view(features=made)
    assert [sorted(built.reads(feature)) for feature in made] == [["c", "d"], ["e"], ["c", "d"], ["c", "d"]]


def test_an_empty_request_view_is_refused_with_an_example():
    with pytest.raises(DeclarationError, match="needs at least one expression, as in RequestView"):
        RequestView()


def test_a_request_feature_that_is_no_expression_is_refused():
    with pytest.raises(DeclarationError, match="expression 'hour\\('"):
        RequestView(hour="hour(")


def test_a_request_view_knows_its_columns_and_what_they_use():
    made = RequestView(hour="hour(at)", far="distance > 1000")
    assert made.columns == ("hour", "far")
    assert made.parsed()["far"].columns == {"distance"}


def test_how_far_behind_a_view_may_be_is_declared_or_follows_from_what_makes_it_worthless():
    hours = timedelta(hours=1)
    assert view(fresh_within="2h").may_be_behind == 2 * hours
    both = [mean("d", over="3h"), mean("d", over="1h")]
    assert view(features=both, every="5m").may_be_behind == timedelta(minutes=65)
    assert view(features=[latest("d")], ttl="3h").may_be_behind == 3 * hours
    assert view(features=[latest("d"), mean("d", over="24h")], ttl="3h").may_be_behind == 3 * hours
    assert view(features=[latest("d")]).may_be_behind is None
    assert view(features=[mean("d", over="1h")], ttl="10m").may_be_behind == timedelta(minutes=65)  # windows do not age


def test_how_fresh_a_view_must_be_served_changes_no_value_and_no_digest():
    assert view(fresh_within="2h").digest == view().digest


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (lambda: view(fresh_within="soon"), "fresh_within: 'soon' is not a duration"),
        (lambda: view(fresh_within=3600), "fresh_within: 3600 is not a duration"),
        (
            lambda: view(fresh_within="1m"),
            "fresh_within='1m' is shorter than every='5m', by which its windows may always",
        ),
    ],
)
def test_a_freshness_that_cannot_be_kept_is_refused(declare, message):
    with pytest.raises(DeclarationError, match=re.escape(message)):
        declare()


def test_what_does_not_wait_for_a_step_may_be_fresher_than_one():
    assert view(features=[mean("d", over="1h", fresh=True)], fresh_within="1m").may_be_behind == timedelta(minutes=1)
    assert view(features=[latest("d")], fresh_within="1m").may_be_behind == timedelta(minutes=1)


def test_a_feature_of_several_numbers_has_a_column_for_each_side_by_side():
    source = sw.Source("landings", sql="unused", key="id", event_time="landed_at")
    features = [
        sw.count(over="1h"),
        sw.last_n("delay", n=2, over="1h"),
        sw.derived("step", "last_2_delay_1h_0 - last_2_delay_1h_1"),
    ]
    view = sw.FeatureView("v", "carrier", source, features)
    assert view.columns == ("v__count_1h", "v__last_2_delay_1h_0", "v__last_2_delay_1h_1", "v__step")
    assert view.columns_of(features[1]) == view.columns[1:3]
    assert view.reads(features[2]) == {"delay"}


def test_how_many_numbers_a_feature_has_is_part_of_the_digest():
    source = sw.Source("landings", sql="unused", key="id", event_time="landed_at")
    digests = {
        sw.FeatureView("v", "carrier", source, [sw.last_n("delay", n=n, over="1h", name="last")]).digest for n in (1, 2)
    }
    assert len(digests) == 2


def test_a_column_of_one_feature_is_not_the_name_of_another():
    source = sw.Source("landings", sql="unused", key="id", event_time="landed_at")
    with pytest.raises(DeclarationError, match="has 'a_1' twice"):
        sw.FeatureView("v", "carrier", source, [sw.last_n("x", n=2, over="1h", name="a"), sw.latest("y", name="a_1")])


@pytest.mark.parametrize("n", [0, -1, 2.0, True, 4097])
def test_a_number_of_last_values_that_cannot_be_is_refused(n):
    with pytest.raises(DeclarationError, match="must be a whole number from 1 to 4096"):
        sw.last_n("x", n=n, over="1h")
