"""A live view against the batch plan: the same bits, whatever became known when, and whenever one looks."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sluiceway as sw
from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_online import MemoryOnline
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.artifacts.dataset_version import DatasetVersion, RestoreReport
from sluiceway.core.errors import MisuseError
from sluiceway.features.materialise import packed
from sluiceway.features.point_in_time import Facts, features_at, features_now
from sluiceway.online.live_view import LiveView
from sluiceway.online.reader import OnlineReader
from sluiceway.plans.latest import latest_features
from sluiceway.plans.packed_value import pack_key, unpack_value
from sluiceway.plans.served_view import served

ENGINE = DuckdbEngine(threads=2)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # so that windows reach to both sides of it
TIME = pa.timestamp("us", "UTC")
SECOND = 1_000_000
MINUTE = 60 * SECOND
KEYS = [None, "key", "e", "code", ("e", "key")]  # a fact's, a series', a partial one


BY_EVENT = {"windows": "event_time", "lateness": "5m"}


def view_for(key, *, entity, ttl, kinds, fresh, by_event):
    source = sw.Source("facts", sql="unused", key=key, event_time="t", known_time="k")
    windows = [
        sw.count(over="1m"), sw.mean("x", over="2m"), sw.sum("x", over="1m"), sw.max("x", over="3m"),
        sw.sum("y", over="1m"), sw.min("y", over="2m"), sw.mean("y", over="3m"), sw.count("y", over="3m"),
        sw.mean("flag", over="2m"), sw.max("flag", over="1m"), sw.count("code", over="2m"), sw.max("y", over="1m"),
        sw.count("w", over="2m"),
    ]  # fmt: skip
    where = {"where": "x > 0 or code = 'a'"}
    windows += [
        sw.std("x", over="2m"), sw.std("y", over="3m"), sw.std("flag", over="2m"),
        sw.count(over="2m", name="n", **where),
        sw.min("y", over="2m", name="low", **where), sw.mean("x", over="1m", name="some", **where),
        sw.std("y", over="1m", name="spread", **where), sw.count_distinct("x", over="2m"),
        sw.count_distinct("code", over="3m", name="codes", **where), sw.count_distinct("flag", over="1m"),
        sw.last_n("x", n=3, over="2m"), sw.last_n("y", n=2, over="3m"), sw.last_n("flag", n=1, over="1m"),
        sw.last_n("y", n=2, over="2m", name="some_ys", **where),
        sw.derived("ratio", "coalesce(sum_x_1m, 1) / nullif(n, 0)"),
        sw.derived("step", "last_3_x_2m_0 - last_3_x_2m_1"),
    ]  # fmt: skip
    if fresh:
        windows += [
            sw.count(over="1m", fresh=True), sw.sum("y", over="2m", fresh=True), sw.max("x", over="1m", fresh=True),
            sw.mean("x", over="2m", fresh=True, name="fresh_some", **where),
            sw.last_n("y", n=2, over="1m", fresh=True),
            sw.derived("change", "count_1m_fresh - count_1m"),
        ]  # fmt: skip
    latest = [
        sw.latest("x"), sw.latest("code"), sw.latest("y"), sw.latest("flag"), sw.latest("v", size=2),
        sw.latest("w", size=2),
    ]  # fmt: skip
    mixed = [each for each in (*latest[:2], *windows, *latest[2:]) if not each.is_latest or "latest" in kinds]
    features = [each for each in mixed if each.is_latest or "window" in kinds]
    return sw.FeatureView(
        "v", entity=entity, source=source, every="1m", ttl=ttl, features=features, **(BY_EVENT if by_event else {})
    )


def moment(seconds):
    return EPOCH + timedelta(seconds=seconds)


def facts_of(rows, cutoff):
    kinds = {
        "key": pa.int64(),
        "e": pa.string(),
        "code": pa.string(),
        "x": pa.int64(),
        "y": pa.float64(),
        "v": pa.string(),
        "w": pa.list_(pa.float64()),
    }
    columns = {name: pa.array([row[name] for row in rows], kind) for name, kind in kinds.items()}
    columns |= {"flag": pa.array([row["flag"] for row in rows], pa.bool_())}
    times = {name: [None if row[name] is None else moment(row[name]) for row in rows] for name in ("event", "known")}
    columns |= {f"_{name}_time": pa.array(values, TIME) for name, values in times.items()}
    tables = MemoryTables()
    ref = tables.write("sources/facts", pa.table(columns))
    return Facts(DatasetVersion((), (ref,), RestoreReport(0.0, 0, 0, 0, ())), tables, ENGINE, cutoff * SECOND)


def live_of(facts, view):
    return LiveView(view, facts.kinds_for(view), facts.rows(view))


SECONDS = st.integers(-240, 240) | st.integers(-4, 4).map(lambda minute: 60 * minute)
NUMBERS = st.sampled_from([0.1, -0.1, 1e3, -999.9, 0.25, 1e-30, -1e-300, 1e18, -7.3e28, 1e29, 3.4028235e38, 1e39])
VECTORS = st.sampled_from(
    ["[0.1,2]", " [ -3e-2 ,\n1e39]", "[null,1]", "[1]", "[]", "no list", "[1e400,-0.0]", "[[1],2]", "[NaN,7]"]
)
MEMBERS = st.none() | st.sampled_from([0.1, -0.0, 0.0, 1e39, -7e-3, float("nan"), float("inf"), 16777217.0])
LISTS = st.lists(MEMBERS, min_size=2, max_size=2) | st.lists(MEMBERS, max_size=3)
ROW = st.fixed_dictionaries(
    {
        "key": st.none() | st.integers(0, 3),
        "e": st.none() | st.sampled_from("ab"),
        "code": st.none() | st.sampled_from("ab"),
        "x": st.none() | st.integers(-3, 3) | st.sampled_from([2**53 + 1, -(2**62) - 1, 16777217]),
        "y": st.none() | st.integers(-3, 3).map(float) | NUMBERS | st.sampled_from([float("nan"), float("inf")]),
        "flag": st.none() | st.booleans(),
        "v": st.none() | VECTORS,
        "w": st.none() | LISTS,
        "event": st.none() | SECONDS,
        "known": st.none() | SECONDS,
    }
)
ROWS = st.lists(ROW, max_size=24)
VIEWS = st.builds(
    view_for,
    st.sampled_from(KEYS),
    entity=st.sampled_from([("e",), ("e", "code")]),
    ttl=st.none() | st.integers(1, 300).map(lambda ttl: f"{ttl}s"),
    kinds=st.sampled_from([("window",), ("latest",), ("window", "latest")]),
    fresh=st.booleans(),
    by_event=st.booleans(),
)
ENTITIES = [(e, code) for e in ("a", "b", "c", None) for code in ("a", None)]


def read(reader, at):
    """Read every entity as of a moment."""
    entities = {"e": [e for e, _ in ENTITIES], "code": [code for _, code in ENTITIES]}
    return [row.features for row in reader.read(entities, now_us=at * SECOND)]


def offline(facts, view, moments):
    """Compute every entity at each of some moments by the batch plan."""
    asked = [(at, *entity) for at in moments for entity in ENTITIES]
    spine = pa.table(
        {
            "_row": pa.array(range(len(asked)), pa.int64()),
            "_at": pa.array([moment(at) for at, _, _ in asked], TIME),
            "e": pa.array([e for _, e, _ in asked], pa.string()),
            "code": pa.array([code for _, _, code in asked], pa.string()),
        }
    )
    rows = features_at(facts, view, spine).sort_by("_row").drop_columns(["_row"]).to_pylist()
    return [rows[place : place + len(ENTITIES)] for place in range(0, len(rows), len(ENTITIES))]


def put(online, live, changes, to):
    """Bring a store up to date as a driver would."""
    if live.went_back:
        online.replace(live.digest, live.snapshot(to * SECOND), snapshot="again")
    else:
        assert online.write(live.digest, changes) == len(changes)


@given(view=VIEWS, rows=ROWS, first=SECONDS, moments=st.lists(SECONDS, min_size=3, max_size=12))
@settings(max_examples=30, deadline=None)
def test_at_any_moment_the_store_reads_what_the_batch_plan_computes(view, rows, first, moments):
    moments = sorted({at for at in moments if at >= first} | {first})
    facts, online = facts_of(rows, 300), MemoryOnline()
    live, reader = live_of(facts, view), OnlineReader([served(view)], online, now_us=lambda: 0)
    online.replace(live.digest, live.snapshot(first * SECOND), snapshot="first")
    for at, wanted in zip(moments, offline(facts, view, moments), strict=True):
        put(online, live, live.advance(at * SECOND), at)
        assert read(reader, at) == wanted


@given(view=VIEWS, rows=ROWS)
@settings(max_examples=30, deadline=None)
def test_values_change_when_it_is_said_that_they_may_and_never_in_between(view, rows):
    facts, online = facts_of(rows, 800), MemoryOnline()
    live, reader = live_of(facts, view), OnlineReader([served(view)], online, now_us=lambda: 0)
    got, last = {}, {}
    while (change := live.next_change_us) is not None:
        got[change // SECOND - 1] = read(reader, change // SECOND - 1)
        assert live.advance(change - 1) == []
        changes = live.advance(change)
        for key, value in changes:
            told = unpack_value(value)
            old, last[key] = last.get(key), told
            assert told.written == change
            changed = old is None or told.features != old.features
            assert changed or (bool(latest_features(view)) and told[:2] != old[:2])
        put(online, live, changes, change // SECOND)
        got[change // SECOND] = read(reader, change // SECOND)
    assert list(got.values()) == offline(facts, view, list(got))


@given(view=VIEWS, rows=ROWS, before=SECONDS, at=SECONDS)
@settings(max_examples=30, deadline=None)
def test_a_snapshot_is_what_stage_four_materialises_byte_by_byte(view, rows, before, at):
    facts = facts_of(rows, at)
    live = live_of(facts_of(rows, 300), view)
    live.advance(min(before, at) * SECOND)
    wanted = packed(features_now(facts, view), view, cutoff=facts.cutoff, written=facts.cutoff)
    got = live.snapshot(facts.cutoff)
    assert dict(got) == dict(wanted)
    assert len(dict(got)) == len(got)


def row(known, x, *, event=None, key=None, e="a"):
    event = known if event is None else event
    unknown = dict.fromkeys(("y", "flag", "v", "w"))
    return {"key": key, "e": e, "code": "a", "x": x, **unknown, "event": event, "known": known}


def features(live, to):
    return {key: unpack_value(value).features for key, value in live.advance(to * SECOND)}


def simple(rows, *features, key=None, ttl=None):
    source = sw.Source("facts", sql="unused", key=key, event_time="t", known_time="k")
    return live_of(facts_of(rows, 9999), sw.FeatureView("v", "e", source, features, every="1m", ttl=ttl))


A, B = pack_key(["a"]), pack_key(["b"])


def test_a_fact_enters_a_window_at_the_next_step_and_leaves_when_over_has_passed():
    live = simple([row(10, 5)], sw.count(over="2m"), sw.mean("x", over="2m"))
    assert live.next_change_us == 60 * SECOND
    assert features(live, 59) == {}
    assert features(live, 60) == {A: [1.0, 5.0]}
    assert live.next_change_us == 180 * SECOND
    assert features(live, 179) == {}
    assert features(live, 180) == {A: [0.0, None]}
    assert live.next_change_us is None


def test_a_latest_fact_counts_from_the_very_moment_it_is_known():
    live = simple([row(10, 5), row(70, 6)], sw.latest("x"))
    assert live.next_change_us == 10 * SECOND
    assert features(live, 10) == {A: [5.0]}
    assert features(live, 69) == {}
    assert features(live, 70) == {A: [6.0]}


def test_a_correction_moves_a_fact_from_one_entity_to_another():
    rows = [row(10, 5, key=1), row(70, 7, key=1, e="b")]
    live = simple(rows, sw.count(over="5m"), sw.max("x", over="5m"), key="key")
    assert features(live, 60) == {A: [1.0, 5.0]}
    assert features(live, 120) == {A: [0.0, None], B: [1.0, 7.0]}


def test_a_newest_fact_that_is_corrected_away_leaves_the_one_before_it_and_the_store_must_be_replaced():
    rows = [row(5, 1, key=1), row(10, 2, key=2), row(70, 3, key=2, e="b")]
    live, online = simple(rows, sw.latest("x"), key="key"), MemoryOnline()
    online.replace(live.digest, live.snapshot(10 * SECOND), snapshot="first")
    changes = live.advance(70 * SECOND)
    assert live.went_back
    assert online.write(live.digest, changes) == 1  # the store keeps the newer stamp
    online.replace(live.digest, live.snapshot(70 * SECOND), snapshot="again")
    assert not live.went_back
    assert [unpack_value(value).features for value in online.read(live.digest, [A, B])] == [[1.0], [3.0]]


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)], ids=["as they come", "backwards"])
def test_of_facts_with_equal_times_the_one_with_the_greater_other_columns_counts_in_whatever_order_they_come(order):
    rows = [row(10, None, key=1), row(10, 4, key=1), row(10, 3, key=1)]
    live = simple(rows[order], sw.sum("x", over="1m"), sw.count(over="1m"), sw.latest("x"), key="key")
    assert features(live, 60) == {A: [4.0, 1.0, 4.0]}
    live = simple([{**each, "key": None} for each in rows[order]], sw.latest("x"))
    assert features(live, 60) == {A: [4.0]}


def test_a_value_says_when_it_was_written_and_what_it_knows():
    live = simple([row(10, 5)], sw.count(over="2m"))
    (value,) = [unpack_value(value) for _, value in live.advance(100 * SECOND)]
    assert (value.event_time, value.known_through, value.written) == (60 * SECOND,) * 3
    live = simple([row(10, 5, event=4)], sw.latest("x"))
    (value,) = [unpack_value(value) for _, value in live.advance(100 * SECOND)]
    assert (value.event_time, value.known_time, value.known_through, value.written) == tuple(
        at * SECOND for at in (4, 10, 10, 10)
    )


def test_a_long_step_gives_what_many_short_ones_give():
    rows = [row(7 * place, place % 5, e="ab"[place % 2]) for place in range(200)]
    wanted = [sw.sum("x", over="3m"), sw.max("x", over="3m")]
    slow, fast = simple(rows, *wanted), simple(rows, *wanted)
    for to in range(0, 1200, 60):
        slow.advance(to * SECOND)
    fast.advance(60 * SECOND)
    assert dict(slow.snapshot(1200 * SECOND)) == dict(fast.snapshot(1200 * SECOND))


def test_it_does_not_go_back_in_time():
    live = simple([row(10, 5)], sw.latest("x"))
    live.advance(20 * SECOND)
    with pytest.raises(MisuseError, match="cannot go back"):
        live.advance(19 * SECOND)
