"""Facts of a topic: views that ask everything of them, rows as messages, and what the batch plan says of them."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa
from hypothesis import strategies as st

import sluiceway as sw
from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.artifacts.dataset_version import DatasetVersion, RestoreReport
from sluiceway.features.materialise import packed
from sluiceway.features.point_in_time import Facts, features_now
from sluiceway.plans.packed_value import unpack_value
from sluiceway.plans.window_groups import window_features

ENGINE = DuckdbEngine(threads=2)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # so that windows reach to both sides of it
TIME = pa.timestamp("us", "UTC")
SECOND = 1_000_000
LATENESS, EVENT_LATENESS = 120, 60
KINDS = {
    "key": "integer", "e": "text", "code": "text", "x": "integer", "y": "number", "flag": "boolean",
    "v": "text", "w": "numbers", "t": "time", "k": "time",
}  # fmt: skip
ARROW = {
    "integer": pa.int64(), "text": pa.string(), "number": pa.float64(), "boolean": pa.bool_(),
    "numbers": pa.list_(pa.float64()),
}  # fmt: skip
IN_ONE_PARTITION = ("key", "code")  # keys whose facts move between entities


def view_for(key, *, entity, kinds, topic_key="e"):
    topic = sw.topic("facts", lateness=f"{LATENESS}s", key=topic_key, idle="10m")
    source = sw.Source("facts", sql="unused", key=key, event_time="t", known_time="k", stream=topic)
    windows = [
        sw.count(over="1m"), sw.mean("x", over="2m"), sw.sum("x", over="1m"), sw.max("x", over="3m"),
        sw.sum("y", over="1m"), sw.min("y", over="2m"), sw.mean("y", over="3m"), sw.count("y", over="3m"),
        sw.mean("flag", over="2m"), sw.max("flag", over="1m"), sw.count("code", over="2m"), sw.max("y", over="1m"),
        sw.count("w", over="2m"),
    ]  # fmt: skip
    where = {"where": "x > 0 or cast(code as bigint) > 3 or code = 'a'"}  # which breaks off wherever code is no number
    windows += [
        sw.std("x", over="2m"), sw.std("y", over="3m"), sw.count(over="2m", name="n", **where),
        sw.min("y", over="2m", name="low", **where), sw.mean("x", over="1m", name="some", **where),
        sw.std("y", over="1m", name="spread", **where), sw.count_distinct("x", over="2m"),
        sw.count_distinct("code", over="3m", name="codes", **where), sw.count_distinct("flag", over="1m"),
        sw.last_n("x", n=3, over="2m"), sw.last_n("y", n=2, over="3m"), sw.last_n("flag", n=1, over="1m"),
        sw.last_n("y", n=2, over="2m", name="some_ys", **where),
        sw.derived("ratio", "coalesce(sum_x_1m, 1) / nullif(n, 0)"),
        sw.derived("odd", "cast('a' || n as double)"), sw.derived("even", "coalesce(odd, 7) + cast(n as bigint)"),
        sw.derived("step", "last_3_x_2m_0 - last_3_x_2m_1"),
    ]  # fmt: skip
    windows = [freshened(each, number, key, kinds) for number, each in enumerate(windows)]
    latest = [
        sw.latest("x"), sw.latest("code"), sw.latest("y"), sw.latest("flag"), sw.latest("v", size=2),
        sw.latest("w", size=2),
    ]  # fmt: skip
    mixed = [each for each in (*latest[:2], *windows, *latest[2:]) if not each.is_latest or "latest" in kinds]
    features = [each for each in mixed if each.is_latest or set(kinds) & {"window", "fresh", "event"}]
    if "event" in kinds:  # some that reach what is late
        features += [sw.count(over="8m", name="many"), sw.sum("x", over="8m"), sw.max("x", over="8m")]
    times = {"windows": "event_time", "lateness": f"{EVENT_LATENESS}s"} if "event" in kinds else {}
    return sw.FeatureView("v", entity=entity, source=source, every="1m", features=features, **times)


def freshened(feature, number, key, kinds):
    """Let windows be fresh where asked: every other one, or all where the source has a key, or there are no others."""
    if "fresh" not in kinds or not feature.is_window or (number % 2 and "window" in kinds and key is None):
        return feature
    return replace(feature, fresh=True, given_name=feature.name)


def message(row):
    """Write a row as the messages of a topic are."""
    times = {name: None if row[at] is None else iso(row[at]) for name, at in (("t", "event"), ("k", "known"))}
    return json.dumps({name: row[name] for name in KINDS if name not in times} | times).encode()


def iso(seconds):
    return (EPOCH + timedelta(seconds=seconds)).isoformat()


def facts_of(rows, cutoff):
    columns = {name: pa.array([row[name] for row in rows], ARROW[KINDS[name]]) for name in KINDS if name not in "tk"}
    for name, at in (("_event_time", "event"), ("_known_time", "known")):
        values = [None if row[at] is None else EPOCH + timedelta(seconds=row[at]) for row in rows]
        columns[name] = pa.array(values, TIME)
    tables = MemoryTables()
    ref = tables.write("sources/facts", pa.table(columns))
    return Facts(DatasetVersion((), (ref,), RestoreReport(0.0, 0, 0, 0, ())), tables, ENGINE, cutoff * SECOND)


def batch_values(view, rows, *, wall=None, table=(), landed=()):
    """Compute what the batch plan says at the last moment that rows were known at, or later.

    What the ``table`` has counts however late it was, and what has ``landed`` in it, which is of this partition.
    """
    own, before, coming = (
        [row for row in keyed(view, mine) if row["known"] is not None and row["event"] is not None]
        for mine in (table, landed, rows)
    )
    timed = [*own, *before, *coming]
    if not timed:
        return {}
    newest = max(row["known"] for row in timed)
    reached = max((row["known"] for row in before), default=None)
    counting = [*own, *before, *counting_rows(view, coming, reached)]
    facts = facts_of(counting, newest if wall is None else max(newest, wall))
    made = packed(features_now(facts, view), view, cutoff=facts.cutoff, written=0)
    return compared(view, dict(made))


def keyed(view, rows):
    """Leave out what is no message for want of a key."""
    keys = (*view.source.keys, *view.source.stream.keys)
    return [row for row in rows if all(row[key] is not None for key in keys)]


def counting_rows(view, rows, before=None):
    """Leave out what is late by event_time where windows are of it: known longer after its pane than the view says."""
    kept = []
    for row in rows:
        end = (row["event"] // 60 + 1) * 60 + EVENT_LATENESS + LATENESS
        if view.lateness is None or before is None or end > before:
            kept.append(row)
        before = row["known"] if before is None else max(before, row["known"])
    return kept


def compared(view, values):
    """Tell what is served of those of whom anything is: the features, and in views without windows the newest's times.

    What was known through, and the stamps of windows, are those of the last change in a stream.
    """
    told = {key: unpack_value(value) for key, value in values.items()}
    stamped = not window_features(view)
    return {
        key: (value.features, (value.event_time, value.known_time) if stamped else None)
        for key, value in told.items()
        if any(each is not None for each in value.features)
    }


MEMBERS = st.none() | st.sampled_from([0.1, -0.0, 0.0, 1e39, -7e-3, 3])
LISTS = st.lists(MEMBERS, min_size=2, max_size=2) | st.lists(MEMBERS, max_size=3)
ROW = st.fixed_dictionaries(
    {
        "key": st.sampled_from([None, *[0, 1, 2, 3] * 2]),
        "e": st.sampled_from([None, *"ab" * 4]),
        "code": st.sampled_from([None, *"ab" * 2]),
        "x": st.none() | st.integers(-3, 3) | st.sampled_from([2**53 + 1, -(2**62) - 1, 16777217]),
        "y": st.none()
        | st.integers(-3, 3).map(float)
        | st.sampled_from([0.1, -0.1, 1e3, -999.9, 1e-30, -1e-300, 1e18, -7.3e28, 1e29, 3.4028235e38, 1e39]),
        "flag": st.none() | st.booleans(),
        "v": st.none() | st.sampled_from(["[0.1,2]", "[null,1e39]", "[1]", "no list"]),
        "w": st.none() | LISTS,
        "event": st.none() | st.integers(-240, 240),
        "known": st.none() | st.integers(-90, 90) | st.integers(-240, 240) | st.integers(-2, 2).map(lambda at: 60 * at),
        "delay": st.integers(0, LATENESS - 1),
    }
)
KEYS = [None, "key", "e", "code", ("e", "key")]
VIEWS = st.builds(
    view_for,
    st.sampled_from(KEYS),
    entity=st.sampled_from([("e",), ("e", "code")]),
    kinds=st.sampled_from(
        [
            ("window",),
            ("latest",),
            ("window", "latest"),
            ("fresh",),
            ("window", "fresh"),
            ("fresh", "latest"),
            ("event",),
            ("event", "latest"),
        ]
    ),
)


def row_at(known, *, e="a", key=None):
    """A row whose two times are one, in seconds; its key is its own unless one is given."""
    return {
        "key": 1000 * known + ord(e[-1]) if key is None else key,
        "e": e,
        "code": None,
        "x": 1,
        "y": None,
        "flag": None,
        "v": None,
        "w": None,
        "event": known,
        "known": known,
    }


def counting(*, windows=None, **more):
    topic = sw.topic("facts", lateness="60s", key="e", idle="10s", clock="wall")
    source = sw.Source("facts", sql="unused", event_time="t", known_time="k", stream=topic, **more)
    return sw.FeatureView("v", entity="e", source=source, every="1m", features=[sw.count(over="2m")], **(windows or {}))
