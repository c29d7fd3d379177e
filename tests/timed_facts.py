"""Facts with two times, a few minutes around 1970, and views that ask everything of them."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
from hypothesis import strategies as st

import sluiceway as sw
from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_derived import MemoryDerived
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.artifacts.dataset_version import DatasetVersion, RestoreReport
from sluiceway.features.large_sources import LargeSources
from sluiceway.features.point_in_time import Facts

ENGINE = DuckdbEngine(threads=2)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # so that windows reach to both sides of it
TIME = pa.timestamp("us", "UTC")
MINUTE = 60_000_000
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


def bits(table):
    return table.sort_by("_row" if "_row" in table.column_names else "e").to_pylist()


def row(known, x, *, event=None, key=None, e="a", y=None):
    return {"key": key, "e": e, "code": "a", "x": x, "y": y, "event": known if event is None else event, "known": known}
