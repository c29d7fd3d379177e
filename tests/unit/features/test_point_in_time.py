"""Every plan against one brute force in plain Python that sees only what was known."""

import math

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.brute_force import assert_same, brute_force
from tests.thoroughness import examples
from tests.timed_facts import ASKED, KEYS, ROWS, facts_of, row, spine_of, view_for

import sluiceway as sw
from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.features.point_in_time import Facts, features_at, features_now
from sluiceway.features.time_audit import changed_features


@pytest.mark.parametrize("entity", [("e",), ("e", "code")], ids=["one column", "two columns"])
@pytest.mark.parametrize("named", KEYS)
@given(rows=ROWS, asked=ASKED, ttl=st.none() | st.integers(1, 20), by_event=st.booleans())
@settings(max_examples=examples(6), deadline=None)
def test_features_are_what_plain_python_makes_of_what_was_known(named, entity, rows, asked, ttl, by_event):
    view = view_for(KEYS[named], entity, ttl=f"{ttl}m" if ttl else None, by_event=by_event)
    got = features_at(facts_of(rows, 30), view, spine_of(asked)).to_pylist()
    for one in got:
        who, at = asked[one["_row"]]
        assert_same(one, brute_force(rows, KEYS[named], entity, ttl, who, at, by_event), view)
    assert sorted(one["_row"] for one in got) == list(range(len(asked)))


@pytest.mark.parametrize("named", KEYS)
@given(rows=ROWS, asked=ASKED, by_event=st.booleans())
@settings(max_examples=examples(4), deadline=None)
def test_the_audit_confirms_what_the_plans_compute(named, rows, asked, by_event):
    view, facts, spine = view_for(KEYS[named], ttl="9m", by_event=by_event), facts_of(rows, 30), spine_of(asked)
    assert changed_features(facts, view, spine, features_at(facts, view, spine)) == []


def test_the_audit_leaves_an_estimate_of_many_different_values_its_error():
    source = sw.Source("facts", sql="unused", event_time="t", known_time="k")
    view = sw.FeatureView("v", entity="e", source=source, every="5m", features=[sw.count_distinct("x", over="30m")])
    facts = facts_of([row(minute % 20, minute) for minute in range(5_000)], 30)
    spine = spine_of([("a", 30)])
    made = features_at(facts, view, spine)
    assert made.column(1).to_pylist() != [5_000.0]
    assert changed_features(facts, view, spine, made) == []
    wrong = made.set_column(1, made.column_names[1], pa.array([3_000.0]))
    assert changed_features(facts, view, spine, wrong) == [made.column_names[1]]


def ask(rows, at, *, key=None, ttl=None):
    view = view_for(key, ttl=ttl)
    return features_at(facts_of(rows, 100), view, spine_of([("a", at)])).to_pylist()[0]


def test_a_row_known_at_the_windows_end_is_out_and_one_at_its_start_is_in():
    got = ask([row(-99, 0), row(10, 1), row(20, 2)], 20)
    assert (got["v__count_10m"], got["v__max_x_10m"]) == (1, 1)


def test_an_entity_known_before_but_not_in_the_window_counts_nothing_and_an_unknown_one_is_missing():
    got = ask([row(-60, 1)], 20)
    assert (got["v__count_10m"], got["v__mean_x_10m"]) == (0, None)
    assert ask([row(21, 1)], 20)["v__count_10m"] is None


def test_a_late_fact_about_the_past_does_not_displace_a_newer_one():
    got = ask([row(5, 1), row(7, 2, event=3)], 8)
    assert got["v__latest_x"] == 1


def test_a_correction_counts_from_the_moment_it_is_known_and_not_before():
    rows = [row(2, 1, key=7), row(8, 3, key=7)]
    assert ask(rows, 6, key="key")["v__max_x_10m"] == 1
    assert ask(rows, 6, key="key")["v__latest_x"] == 1
    later = ask(rows, 10, key="key")
    assert (later["v__count_10m"], later["v__max_x_10m"], later["v__latest_x"]) == (1, 3, 3)


def test_the_predicted_row_never_feeds_its_own_features():
    mine = row(20, 3, key=1)  # known at landing, 20 minutes after the prediction at 0
    others = [row(-7, 1, key=2), row(-3, 1, key=3)]
    assert ask([*others, mine], 0, key="key") == ask(others, 0, key="key")


def test_the_audit_names_a_feature_that_saw_the_future():
    view, facts, spine = view_for("key"), facts_of([row(-7, 1), row(3, 2)], 30), spine_of([("a", 0)])
    honest = features_at(facts, view, spine)
    place = honest.schema.get_field_index("v__mean_x_10m")
    leaky = honest.set_column(place, "v__mean_x_10m", pa.array([1.5]))
    assert changed_features(facts, view, spine, leaky) == ["v__mean_x_10m"]


def test_sums_have_the_same_bits_on_any_number_of_threads_and_in_any_order():
    import random

    noise = random.Random(5)
    values = [noise.uniform(-1, 1) * 10 ** noise.randrange(-9, 14) for _ in range(5000)]
    rows = [row(noise.randrange(-100, 0), None, e="ab"[place % 2], y=value) for place, value in enumerate(values)]
    view, spine = view_for(None, kinds=("window",)), spine_of([(e, at) for e in "ab" for at in range(-90, 0, 5)])
    answers = []
    for threads in (1, 2, 4):
        facts = facts_of(noise.sample(rows, len(rows)), 100)
        facts = Facts(facts.dataset, facts.tables, DuckdbEngine(threads=threads), facts.cutoff)
        answers.append(features_at(facts, view, spine).sort_by("_row").to_pylist())
    assert answers[0] == answers[1] == answers[2]
    assert any(answer["v__sum_y_15m"] for answer in answers[0])


def test_values_that_are_no_numbers_are_missing():
    rows = [row(1, None, y=1e6 + 0.1), row(2, None, y=1e6 + 0.1), row(3, None, y=math.nan), row(3, None, y=math.inf)]
    assert ask(rows, 5)["v__mean_y_10m"] == 1000000.125  # float32


def test_snapshots_and_windows_take_separate_ways():
    view, facts = view_for("key"), facts_of([row(1, 1, key=1), row(2, 2, key=1), row(3, 5, key=2)], 30)
    got = features_now(facts, view).to_pylist()
    assert [(one["e"], one["v__latest_x"], one["v__count_15m"]) for one in got] == [("a", 5.0, 0.0)]
