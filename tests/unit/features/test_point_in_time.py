"""Every plan against one brute force in plain Python that sees only what was known."""

import math
import struct
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from unittest.mock import patch

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sluiceway as sw
from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_derived import MemoryDerived
from sluiceway.adapters.memory_online import MemoryOnline
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.artifacts.dataset_version import DatasetVersion, RestoreReport
from sluiceway.features.large_sources import LargeSources
from sluiceway.features.materialise import materialise
from sluiceway.features.point_in_time import Facts, features_at, features_now
from sluiceway.features.time_audit import changed_features
from sluiceway.online.reader import OnlineReader
from sluiceway.plans.packed_value import PackedValue, pack_key, pack_value
from sluiceway.plans.served_view import served

ENGINE = DuckdbEngine(threads=2)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # so that windows reach to both sides of it
TIME = pa.timestamp("us", "UTC")
MINUTE = 60_000_000
EVERY, OVERS = 5, {"10m": 10, "15m": 15}
COLUMNS = ("code", "e", "key", "w", "x", "y")
SHORT = [(sw.mean, "x"), (sw.max, "x"), (sw.mean, "y")]
LONG = [(sw.count, "x"), (sw.sum, "y"), (sw.min, "y"), (sw.std, "x"), (sw.std, "y"), (sw.count_distinct, "x")]
BY_EVENT = {"windows": "event_time", "lateness": "5m"}
WHERE = "x > 0 and code = 'a'"
KEYS = {"no key": None, "a fact's key": "key", "a series' key": "e", "a partial key": "code"}


def view_for(key, entity=("e",), ttl=None, kinds=("window", "latest"), by_event=False):
    source = sw.Source("facts", sql="unused", key=key, event_time="t", known_time="k")
    short = [sw.count(over="10m"), *(make(column, over="10m") for make, column in SHORT)]
    long = [sw.count(over="15m"), *(make(column, over="15m") for make, column in LONG)]
    some = [sw.count(over="15m", where=WHERE, name="some"), sw.max("y", over="10m", where=WHERE, name="most")]
    some += [sw.last_n("y", n=3, over="15m"), sw.last_n("y", n=1, over="10m", where=WHERE, name="last_some")]
    fresh = [
        sw.count(over="10m", fresh=True), sw.mean("y", over="10m", fresh=True), sw.min("x", over="15m", fresh=True),
        sw.std("y", over="10m", fresh=True), sw.count_distinct("code", over="15m", fresh=True),
        sw.sum("x", over="15m", where="y < 0", fresh=True, name="fresh_some"),
        sw.last_n("x", n=2, over="10m", fresh=True),
    ]  # fmt: skip
    windows = [*short, fresh[0], *some, *long, *fresh[1:]]
    ratio = sw.derived("ratio", "coalesce(sum_y_15m, 0.5) / nullif(count_10m, 0)") if not ttl else None
    windows += [ratio, sw.derived("half", "ratio / 2")] if ratio and "window" in kinds else []
    features = (windows if "window" in kinds else []) + (
        [sw.latest("x"), sw.latest("code"), sw.latest("w", size=2)] if "latest" in kinds else []
    )
    return sw.FeatureView(
        "v", entity=entity, source=source, every="5m", ttl=ttl, features=features, **(BY_EVENT if by_event else {})
    )


def moment(minutes):
    return EPOCH + timedelta(minutes=minutes)


def laid_out():
    """Take every source for a large one, in parts of a few rows."""
    return LargeSources(MemoryDerived(), from_rows=0, part_rows=4, keep_answers=True)


def facts_of(rows, cutoff, large=None):
    table = pa.table(
        {
            "key": pa.array([row["key"] for row in rows], pa.int64()),
            "e": pa.array([row["e"] for row in rows], pa.string()),
            "code": pa.array([row["code"] for row in rows], pa.string()),
            "w": pa.array([row.get("w") for row in rows], pa.list_(pa.float64())),
            "x": pa.array([row["x"] for row in rows], pa.int64()),
            "y": pa.array([row["y"] for row in rows], pa.float64()),
            "_event_time": pa.array([moment(row["event"]) for row in rows], TIME),
            "_known_time": pa.array([moment(row["known"]) for row in rows], TIME),
        }
    )
    tables = MemoryTables()
    ref = tables.write("sources/facts", table)
    dataset = DatasetVersion((), (ref,), RestoreReport(0.0, 0, 0, 0, ()))
    return Facts(dataset, tables, ENGINE, cutoff * MINUTE, large=large or LargeSources())


def spine_of(asked):
    return pa.table(
        {
            "_row": pa.array(range(len(asked)), pa.int64()),
            "_at": pa.array([moment(at) for _, at in asked], TIME),
            "e": pa.array([entity for entity, _ in asked], pa.string()),
            "code": pa.array(["a" for _ in asked], pa.string()),
        }
    )


def order(row):
    return (
        row["known"],
        row["event"],
        *((False, 0) if row[name] is None else (True, members(row[name])) for name in COLUMNS),
    )


def members(numbers):
    """Order a list by its numbers, a missing one greatest; other values are what they are."""
    if not isinstance(numbers, list):
        return numbers
    return [(each is None or math.isnan(each), 0.0 if each is None or math.isnan(each) else each) for each in numbers]


def told_of(numbers):
    """Give what two features take of a list: what float32 has of two finite numbers, nothing of another size."""
    fitting = numbers if numbers is not None and len(numbers) == 2 else [None, None]
    return [None if each is None or not abs(each) < 3.5e38 else single(each) for each in fitting]


def newest_versions(rows, key, entity):
    kept, versions = [], {}
    for row in rows:
        value = row.get(key) if key else None
        if value is None:
            kept.append(row)
            continue
        identity = (value, row["event"]) if key in entity else value
        if identity not in versions or order(row) > order(versions[identity]):
            versions[identity] = row
    return kept + list(versions.values())


def brute_force(rows, key, entity, ttl, asked, at, by_event=False):
    """Compute one prediction's features from nothing but what was known."""
    time = "event" if by_event else "known"
    mine = dict(zip(entity, (asked, "a"), strict=False))
    end = math.floor(at / EVERY) * EVERY
    found = {}

    def of_entity(several):
        return [row for row in several if all(row[name] == value and value is not None for name, value in mine.items())]

    known = [row for row in rows if row["known"] <= at]
    current = of_entity(newest_versions(known, key, entity))
    before = known if by_event else [row for row in rows if row["known"] < end]
    standing = of_entity(newest_versions(before, key, entity))
    for over, minutes in OVERS.items():
        told = aggregates([row for row in standing if end - minutes <= row[time] < end], over)
        found |= told if of_entity(before) else dict.fromkeys(told)
        told = aggregates([row for row in current if end - minutes <= row[time] <= at], over, fresh=True)
        found |= told if of_entity(known) else dict.fromkeys(told)
    if not ttl:
        count, total = found["v__count_10m"], found["v__sum_y_15m"]
        found["v__ratio"] = (0.5 if total is None else single(total)) / count if count else None
        found["v__half"] = None if found["v__ratio"] is None else single(found["v__ratio"]) / 2
    newest = max(current, key=lambda row: (row["event"], *order(row)), default=None)
    late = newest is None or (ttl is not None and at - newest["event"] > ttl)
    found |= {f"v__latest_w_{place}": each for place, each in enumerate(told_of(None if late else newest["w"]))}
    return found | {"v__latest_x": None if late else newest["x"], "v__latest_code": None if late else newest["code"]}


def aggregates(inside, over, *, fresh=False):
    """Compute every feature of one window."""
    xs, ys = ([row[name] for row in inside if row[name] is not None] for name in "xy")
    some = [row for row in inside if row["x"] is not None and row["x"] > 0 and row["code"] == "a"]
    low = [row["x"] for row in inside if row["y"] is not None and row["y"] < 0 and row["x"] is not None]
    found = {
        f"count_{over}": len(inside), f"count_x_{over}": len(xs), f"mean_x_{over}": average(xs),
        f"sum_y_{over}": float(sum(map(Fraction, ys))) if ys else None, f"mean_y_{over}": average(ys),
        f"min_y_{over}": min(ys, default=None), f"max_x_{over}": max(xs, default=None), f"std_x_{over}": spread(xs),
        f"std_y_{over}": spread(ys), f"min_x_{over}": min(xs, default=None),
        f"count_distinct_x_{over}": len(set(xs)),
        f"count_distinct_code_{over}": len({row["code"] for row in inside} - {None}),
    }  # fmt: skip
    if fresh:
        named = (
            {"fresh_some": sum(low) if low else None}
            if over == "15m"
            else last(inside, "x", f"last_2_x_{over}_fresh", 2)
        )
        return {f"v__{name}_fresh": value for name, value in found.items()} | {f"v__{n}": v for n, v in named.items()}
    ys = [row["y"] for row in some if row["y"] is not None]
    most = {"most": max(ys, default=None), **last(some, "y", "last_some", 1)}
    named = {"some": len(some), **last(inside, "y", f"last_3_y_{over}", 3)} if over == "15m" else most
    return {f"v__{name}": value for name, value in (found | named).items()}


def last(rows, column, name, count):
    """Give the last values of a column, the newest first."""
    told = [(row["known"], row["event"], row[column]) for row in rows if row[column] is not None]
    values = [value for _, _, value in sorted(told, reverse=True)] + [None] * count
    return {f"{name}_{place}": values[place] for place in range(count)}


def spread(values):
    if len(values) < 2:
        return None
    mean = sum(map(Fraction, values)) / len(values)
    return math.sqrt(sum((Fraction(value) - mean) ** 2 for value in values) / (len(values) - 1))


def single(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def average(values):
    return float(sum(map(Fraction, values)) / len(values)) if values else None


def agree(got, wanted):
    if isinstance(got, str) or got is None or wanted is None:
        return got == wanted
    return math.isclose(got, wanted, rel_tol=1e-6, abs_tol=1e-3 if abs(wanted) < 1e-3 else 0)


def assert_same(got, wanted, view):
    for name in view.columns:
        assert agree(got[name], wanted[name]), (name, got[name], wanted[name])


MINUTES = st.integers(-30, 30)
MEMBERS = st.none() | st.sampled_from([0.1, -0.0, 0.0, 1e39, -7e-3, float("nan"), float("inf"), 3.0])
LISTS = st.lists(MEMBERS, min_size=2, max_size=2) | st.lists(MEMBERS, max_size=3)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "key": st.none() | st.integers(0, 4),
            "e": st.none() | st.sampled_from("ab"),
            "code": st.none() | st.sampled_from("ab"),
            "x": st.none() | st.integers(-3, 3),
            "y": st.none() | st.sampled_from([0.1, -0.1, 1e3, -999.9, 0.25]),
            "w": st.none() | LISTS,
            "event": MINUTES,
            "known": MINUTES,
        }
    ),
    max_size=20,
)
ASKED = st.lists(st.tuples(st.none() | st.sampled_from("abc"), MINUTES), min_size=6, max_size=30)


@pytest.mark.parametrize("entity", [("e",), ("e", "code")], ids=["one column", "two columns"])
@pytest.mark.parametrize("named", KEYS)
@given(rows=ROWS, asked=ASKED, ttl=st.none() | st.integers(1, 20), by_event=st.booleans())
@settings(max_examples=6, deadline=None)
def test_features_are_what_plain_python_makes_of_what_was_known(named, entity, rows, asked, ttl, by_event):
    view = view_for(KEYS[named], entity, ttl=f"{ttl}m" if ttl else None, by_event=by_event)
    got = features_at(facts_of(rows, 30), view, spine_of(asked)).to_pylist()
    for row in got:
        who, at = asked[row["_row"]]
        assert_same(row, brute_force(rows, KEYS[named], entity, ttl, who, at, by_event), view)
    assert sorted(row["_row"] for row in got) == list(range(len(asked)))


def bits(table):
    return table.sort_by("_row" if "_row" in table.column_names else "e").to_pylist()


SHAPES = {
    "all features": {"kinds": ("window", "latest")},
    "by event": {"kinds": ("window", "latest"), "by_event": True},
    "latest ones": {"kinds": ("latest",)},
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("named", KEYS)
@given(rows=ROWS, asked=ASKED, cutoff=MINUTES, entity=st.sampled_from([("e",), ("e", "code")]))
@settings(max_examples=4, deadline=None)
def test_a_source_in_parts_gives_the_same_bits_as_one_that_is_held(named, shape, rows, asked, cutoff, entity):
    view = view_for(KEYS[named], entity, ttl="7m" if cutoff % 2 else None, **SHAPES[shape])
    held, spine = facts_of(rows, cutoff), spine_of(asked)
    parted = facts_of(rows, cutoff, laid_out())
    wanted = features_at(held, view, spine)
    assert bits(features_at(parted, view, spine)) == bits(wanted)
    assert bits(features_at(parted, view, spine)) == bits(wanted)  # from what was kept
    if entity == ("e",):
        assert bits(features_now(parted, view)) == bits(features_now(held, view))
    assert changed_features(parted, view, spine, wanted) == []


@pytest.mark.parametrize("named", KEYS)
@given(rows=ROWS, asked=ASKED, cutoff=MINUTES, entity=st.sampled_from([("e",), ("e", "code")]))
@settings(max_examples=4, deadline=None)
def test_a_source_asked_by_column_gives_the_same_bits_as_one_that_is_held(named, rows, asked, cutoff, entity):
    view = view_for(KEYS[named], entity, ttl="7m" if cutoff % 2 else None, kinds=("latest",))
    held, spine = facts_of(rows, cutoff), spine_of(asked)
    wanted = bits(features_at(held, view, spine))
    with patch("sluiceway.features.stored_facts.FROM_BYTES", 0):
        assert bits(features_at(held, view, spine)) == wanted


@pytest.mark.parametrize("named", KEYS)
@given(rows=ROWS, cutoff=MINUTES, ttl=st.none() | st.integers(1, 20), by_event=st.booleans())
@settings(max_examples=5, deadline=None)
def test_what_is_read_online_is_what_is_computed_offline_bit_by_bit(named, rows, cutoff, ttl, by_event):
    view = view_for(KEYS[named], ttl=f"{ttl}m" if ttl else None, by_event=by_event)
    facts, online = facts_of(rows, cutoff), MemoryOnline()
    materialise(facts, view, online, now=datetime(2026, 1, 1, tzinfo=UTC))
    asked = [(entity, cutoff) for entity in ("a", "b", "c", None)]
    reader = OnlineReader([served(view)], online, now_us=lambda: cutoff * MINUTE)
    read = reader.read({"e": [entity for entity, _ in asked]})
    for row in features_at(facts, view, spine_of(asked)).to_pylist():
        assert read[row.pop("_row")].features == row


@pytest.mark.parametrize("named", KEYS)
@given(rows=ROWS, asked=ASKED, by_event=st.booleans())
@settings(max_examples=4, deadline=None)
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


def row(known, x, *, event=None, key=None, e="a", y=None):
    return {"key": key, "e": e, "code": "a", "x": x, "y": y, "event": known if event is None else event, "known": known}


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


def test_what_is_computed_elsewhere_of_a_large_source_is_read_there_and_never_held():
    rows = [
        {"key": n % 3, "e": "ab"[n % 2], "code": "x", "x": n, "y": n / 7, "flag": True, "event": n, "known": n}
        for n in range(12)
    ]
    view, spine = view_for("key", ("e",), kinds=("window", "latest")), spine_of([("a", 5), ("b", 30), ("c", 9)])
    held, sources = facts_of(rows, 30), []

    class Elsewhere(DuckdbEngine):
        def query(self, sql, tables, *, in_order=False):
            sources.append(tables["source"])
            return super().query(sql, tables, in_order=in_order)

    there = replace(facts_of(rows, 30, laid_out()), elsewhere=Elsewhere())
    assert bits(features_at(there, view, spine)) == bits(features_at(held, view, spine))
    assert bits(features_now(there, view)) == bits(features_now(held, view))
    assert len(sources) == 3  # whether facts repeat is asked once
    assert [source.held for source in sources] == [None] * 3


def test_what_a_stream_wrote_before_anything_of_it_landed_stays():
    source = sw.Source("facts", sql="unused", event_time="t", known_time="k", stream=sw.topic("facts"))
    view = sw.FeatureView("v", "e", source, [sw.latest("x")], every="1m")
    facts, online = facts_of([], 5), MemoryOnline()
    streamed = pack_value(PackedValue(9 * MINUTE, 9 * MINUTE, 9 * MINUTE, 0, [1.0]))
    online.write(view.digest, [(pack_key(("new",)), streamed)])
    materialise(facts, view, online, now=datetime(2026, 1, 1, tzinfo=UTC))
    assert online.read(view.digest, [pack_key(("new",))]) == [streamed]
