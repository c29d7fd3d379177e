"""What only the join in memory could get wrong: ties, entities of every kind, rows that ask for nothing."""

import math
from datetime import UTC, datetime, timedelta

import polars as pl
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.thoroughness import examples

import sluiceway as sw
from sluiceway.features.latest_join import latest_join
from sluiceway.features.stored_facts import StoredFacts

TIME = pa.timestamp("us", "UTC")
KINDS = {"e": "integer", "n": "number", "s": "text", "b": "boolean"}
TYPES = {"e": pa.int64(), "n": pa.float64(), "s": pa.string(), "b": pa.bool_()}


def moment(minutes):
    return None if minutes is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)


def table(rows, times):
    names = [name for name in TYPES if rows and name in rows[0]]
    columns = {name: pa.array([row[name] for row in rows], TYPES[name]) for name in names}
    return pa.table(columns | {name: pa.array([moment(row[name]) for row in rows], TIME) for name in times})


def join(facts, asked, *, ttl=None, entity="e", cutoff=100):
    source = sw.Source("facts", sql="unused", event_time="t", known_time="k")
    features = [sw.latest(name) for name in ("n", "s", "b")]
    view = sw.FeatureView("v", entity=entity, source=source, ttl=ttl, features=features)
    spine = table(asked, ["_at"]).append_column("_row", pa.array(range(len(asked)), pa.int64()))
    whole = table(facts, ["_event_time", "_known_time"])
    source_rows = pa.concat_tables([whole.slice(start, 7) for start in range(0, len(facts), 7)])  # as stores read them
    made = latest_join(view, KINDS, spine=spine, source=source_rows, cutoff=cutoff * 60_000_000)
    stored = StoredFacts(pl.DataFrame(pl.from_arrow(whole)).lazy())
    assert latest_join(view, KINDS, spine=spine, source=stored, cutoff=cutoff * 60_000_000).equals(made)
    return {row.pop("_row"): tuple(row.values()) for row in made.to_pylist()}


def fact(event, known, n=1.0, s="x", b=True, e=1):
    return {"e": e, "n": n, "s": s, "b": b, "_event_time": event, "_known_time": known}


def greatest(values):
    """Order as the features are promised: missing least, NaN above every number."""
    missing = [(value is None, value != value, value) for value in values]  # noqa: PLR0124 - only NaN differs from itself
    return tuple((not absent, no_number, 0 if absent or no_number else value) for absent, no_number, value in missing)


SMALL = st.integers(0, 3)
FACTS = st.lists(
    st.builds(
        fact, SMALL, st.none() | SMALL, st.sampled_from([None, 0.5, 2.0, math.nan]), st.sampled_from([None, "", "é"]),
        st.sampled_from([None, False, True]), st.sampled_from([None, 1, 2]),
    ),
    min_size=1, max_size=25,
)  # fmt: skip


@given(facts=FACTS, ttl=st.none() | st.integers(1, 3))
@settings(max_examples=examples(150), deadline=None)
def test_ties_go_to_the_greatest_event_then_known_then_other_columns(facts, ttl):
    asked = [{"e": e, "_at": at} for e in (1, 2, 3, None) for at in (None, 0, 1, 2, 3)]
    got = join(facts, asked, ttl=f"{ttl}m" if ttl else None, cutoff=2)
    assert sorted(got) == list(range(len(asked)))
    for row, wanted in enumerate(asked):
        known = [
            one
            for one in facts
            if None not in {one["e"], one["_known_time"], wanted["_at"]}
            and one["e"] == wanted["e"]
            and one["_known_time"] <= min(2, wanted["_at"])
        ]
        newest = max(
            known,
            key=lambda one: (one["_event_time"], one["_known_time"], greatest((one["b"], one["n"], one["s"]))),
            default=None,
        )
        if newest is None or (ttl and wanted["_at"] - newest["_event_time"] > ttl):
            assert got[row] == (None, None, None)
        else:
            number = None if newest["n"] is None or math.isnan(newest["n"]) else newest["n"]
            truth = None if newest["b"] is None else str(newest["b"]).lower()
            assert got[row] == (number, newest["s"], truth)


def test_entities_may_be_texts_and_truths_together():
    facts = [fact(1, 1, 1.0, "x", True), fact(2, 2, 2.0, "x", False), fact(3, 3, 3.0, "y", True)]
    asked = [{"s": s, "b": b, "_at": 9} for s, b in (("x", True), ("x", False), ("y", False), (None, True))]
    assert [join(facts, asked, entity=("s", "b"))[row][0] for row in range(4)] == [1.0, 2.0, None, None]


def test_numbers_are_rounded_as_a_model_takes_them_and_what_it_cannot_take_is_missing():
    asked = [{"e": 1, "_at": 9}]
    values = [0.1, 1e39, -math.inf, 2.0**25 + 1]
    assert [join([fact(1, 1, value)], asked)[0][0] for value in values] == [0.10000000149011612, None, None, 2.0**25]


def test_facts_in_any_order_give_the_same():
    facts = [fact(event, event + event % 3, float(event), e=event % 4) for event in range(40)]
    asked = [{"e": number % 5, "_at": 50 - number} for number in range(50)]
    whole = join(facts, asked)
    assert whole == join(facts[::-1], asked)
    assert whole[4] == (None, None, None)
    assert whole[1] == (37.0, "x", "true")
