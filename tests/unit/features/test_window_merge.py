"""Windows over many panes, and sums past 64 bits, against plain Python."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.thoroughness import examples

import sluiceway as sw
from sluiceway.features.window_merge import merge_windows, points_of
from sluiceway.plans.window_groups import window_groups

KINDS = {"e": "text", "x": "integer", "y": "number"}
WIDE = pa.decimal128(38, 0)
OVERS = {"5m": 1, "65m": 13, "3h": 36}
PLACES = st.tuples(st.sampled_from("abc"), st.integers(-60, 60))
SUMS = st.none() | st.integers(-(10**37), 10**37)
LEAST = st.none() | st.floats(-1e300, 1e300) | st.integers(-3, 3).map(float)


def view():
    made = [make for over in OVERS for make in (sw.sum("x", over=over), sw.min("y", over=over), sw.max("y", over=over))]
    counts = [sw.count(over=over) for over in OVERS]
    source = sw.Source("facts", sql="unused", event_time="t")
    return sw.FeatureView("v", entity="e", source=source, every="5m", features=made + counts)


def group():
    (only,) = window_groups(view())
    return only


def table(panes):
    sums, least, greatest = zip(*panes.values(), strict=True) if panes else ((), (), ())
    return pa.table(
        {
            "e": pa.array([entity for entity, _ in panes], pa.string()),
            "_pane": pa.array([pane for _, pane in panes], pa.int64()),
            ":rows": pa.array([1] * len(panes), pa.int64()),
            "x:count": pa.array([value is not None for value in sums], pa.bool_()).cast(pa.int64()),
            "x:whole": pa.array([None if value is None else Decimal(value) for value in sums], WIDE),
            "y:min": pa.array(least, pa.float64()),
            "y:max": pa.array(greatest, pa.float64()),
        }
    )


@given(panes=st.dictionaries(PLACES, st.tuples(SUMS, LEAST, LEAST), max_size=60), points=st.lists(PLACES, unique=True))
@settings(max_examples=examples(60), deadline=None)
def test_every_window_holds_the_panes_that_end_where_the_point_begins(panes, points):
    asked = [("d", 0), *points]
    given_points = pa.table(
        {"e": [entity for entity, _ in asked], "_pane": [pane for _, pane in asked], "_end": [0] * len(asked)}
    )
    merged = merge_windows(group(), KINDS, panes=table(panes), points=given_points).to_pylist()
    assert sorted((row["e"], row["_pane"]) for row in merged) == sorted(asked)
    for row in merged:
        for over, width in OVERS.items():
            held = range(row["_pane"] - width, row["_pane"])
            inside = [panes[row["e"], pane] for pane in held if (row["e"], pane) in panes]
            assert row[f"{over}_:rows"] == len(inside)
            assert row[f"{over}_x:whole"] == sum(total for total, _, _ in inside if total is not None)
            assert row[f"{over}_y:min"] == min((least for _, least, _ in inside if least is not None), default=None)
            assert row[f"{over}_y:max"] == max((most for _, _, most in inside if most is not None), default=None)


def test_points_are_the_panes_of_predictions_each_once_rounded_down_also_before_1970():
    minutes = [-1, 0, 4, 5, None, 7]
    at = [None if m is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=m) for m in minutes]
    spine = pa.table({"e": ["a", "a", "a", "a", "a", None], "_at": pa.array(at, pa.timestamp("us", "UTC"))})
    points = points_of(group(), spine).to_pylist()
    assert sorted(point["_pane"] for point in points) == [-1, 0, 1]


STORED_AS = pa.list_(pa.struct([("known", pa.int64()), ("event", pa.int64()), ("value", pa.float64())]))
TOLD = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.sampled_from([-1.0, 0.0, 2.5])), max_size=4)


@given(
    panes=st.dictionaries(PLACES, st.none() | TOLD, max_size=40),
    points=st.lists(PLACES, unique=True),
    by_event=st.booleans(),
    count=st.integers(1, 5),
)
@settings(max_examples=examples(40), deadline=None)
def test_the_last_values_of_a_window_are_those_of_all_its_panes(panes, points, by_event, count):
    source = sw.Source("facts", sql="unused", event_time="t")
    settings = {"windows": "event_time", "lateness": "5m"} if by_event else {}
    features = [sw.last_n("x", n=count, over=over) for over in OVERS]
    (group,) = window_groups(sw.FeatureView("v", "e", source, features, every="5m", **settings))
    if not by_event:  # a later pane holds what became known later
        panes = {
            (entity, pane): told and [(known + 4 * pane, *rest) for known, *rest in told]
            for (entity, pane), told in panes.items()
        }
    kept = {place: told and sorted(told, reverse=True)[:count] for place, told in panes.items()}
    named = [
        told and [dict(zip(("known", "event", "value"), each, strict=True)) for each in told] for told in kept.values()
    ]
    table = pa.table(
        {
            "e": pa.array([entity for entity, _ in kept], pa.string()),
            "_pane": pa.array([pane for _, pane in kept], pa.int64()),
            f"x:last:{count}": pa.array(named, STORED_AS),
        }
    )
    asked = pa.table({"e": [e for e, _ in points], "_pane": [pane for _, pane in points], "_end": [0] * len(points)})
    asked = asked.cast(pa.schema([("e", pa.string()), ("_pane", pa.int64()), ("_end", pa.int64())]))
    for row in merge_windows(group, KINDS, panes=table, points=asked).to_pylist():
        for over, width in OVERS.items():
            held = range(row["_pane"] - width, row["_pane"])
            inside = [each for pane in held for each in panes.get((row["e"], pane)) or ()]
            found = [tuple(each.values()) for each in row[f"{over}_x:last:{count}"] or ()]
            assert found == sorted(inside, reverse=True)[:count]
