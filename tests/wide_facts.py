"""Facts as odd as can be, and views that ask everything of them: ties, missing values, duplicate keys, corrections."""

import math
import random
from datetime import UTC, datetime, timedelta

import pyarrow as pa
from hypothesis import strategies as st

import sluiceway as sw
from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.artifacts.dataset_version import DatasetVersion, RestoreReport
from sluiceway.features.point_in_time import Facts

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # so that windows reach to both sides of it
TIME = pa.timestamp("us", "UTC")
MINUTE = 60_000_000
KEYS = {"no key": None, "a fact's key": "key", "a series' key": "e", "a partial key": "code"}
NUMBERS = [
    0.1, -0.1, 1e3, -999.9, 0.25, 1e-30, -7e-45, 1e14 + 1 / 3, 2.0**52 + 0.5, 2.0**95 + 2.0**50, -(2.0**96), 1e300,
    math.inf, -math.inf, math.nan, 5e-324, 0.0, 2.0**47 - 2.0**-6,
]  # fmt: skip
INTEGERS = [0, 1, -1, 3, 2**31, -(2**53) - 1, 2**63 - 1, -(2**63), 123_456_789]
TEXTS = ["", "a", "b", "it's", "back\\slash", "Straße", "ΑΣ", " \u00a0x\t", "日本", "`tick`", '"quote"', "%_"]
TEXTS += ["[0.1,-2e3]", " [1e400, -1e-400]\n", "[1,null]", "[1,2]\u2028", "[1,2,3]", "[]"]
MINUTES = st.integers(-40, 40)


def moment(minutes):
    return EPOCH + timedelta(minutes=minutes)


def rows_drawn(**sizes):
    """Rows of facts: few entities and keys, so that much ties and much is corrected."""
    columns = {
        "key": st.none() | st.integers(0, 4),
        "e": st.none() | st.sampled_from("ab"),
        "code": st.none() | st.sampled_from(TEXTS),
        "x": st.none() | st.integers(-3, 3) | st.sampled_from(INTEGERS),
        "y": st.none() | st.sampled_from(NUMBERS) | st.floats(-1e6, 1e6),
        "flag": st.none() | st.booleans(),
        "event": MINUTES,
        "known": MINUTES,
    }
    return st.lists(st.fixed_dictionaries(columns), **sizes)


ASKED = st.lists(st.tuples(st.none() | st.sampled_from("abc"), st.none() | MINUTES), min_size=6, max_size=30)


def world(seed):
    """Rows and questions drawn from a seed: wide at once, where drawing from little to much would take many worlds."""
    noise = random.Random(seed)

    def some(values):
        return noise.choice([None, *values])

    rows = [
        {
            "key": some(range(30)),
            "e": some("ab"),
            "code": some(TEXTS),
            "x": some([*range(-3, 4), *INTEGERS]),
            "y": some([*NUMBERS, *(noise.uniform(-1e6, 1e6) for _ in range(9))]),
            "flag": some([True, False]),
            "event": noise.randrange(-40, 40),
            "known": noise.randrange(-40, 40),
        }
        for _ in range(120)
    ]
    return rows, [(some("abc"), some(range(-40, 41))) for _ in range(60)]


def wide_view(key, entity=("e",), ttl=None, overs=("10m", "15m"), **more):
    """A view with every kind of feature, most of them over each of some windows."""
    source = sw.Source("facts", sql="unused", key=key, event_time="t", known_time="k")
    columns = [
        (sw.mean, "x"),
        (sw.sum, "x"),
        (sw.min, "x"),
        (sw.max, "y"),
        (sw.mean, "y"),
        (sw.sum, "y"),
        (sw.mean, "flag"),
    ]
    windows = [make(column, over=over) for over in overs for make, column in columns]
    counts = [sw.count(over="10m"), sw.count("code", over="15m"), sw.count("y", over="10m")]
    latest = [sw.latest("x"), sw.latest("y"), sw.latest("code")]
    features = [*windows, *counts, *latest, *more.pop("features", ())]
    return sw.FeatureView("v", entity=entity, source=source, every="5m", ttl=ttl, features=features, **more)


def interpreting(engine):
    """Have Spark interpret its plans."""
    engine.session().conf.set("spark.sql.codegen.wholeStage", "false")
    engine.session().conf.set("spark.sql.codegen.factoryMode", "NO_CODEGEN")
    return engine


def table_of(rows):
    kinds = {
        "key": pa.int64(),
        "e": pa.string(),
        "code": pa.string(),
        "x": pa.int64(),
        "y": pa.float64(),
        "flag": pa.bool_(),
    }
    columns = {name: pa.array([row[name] for row in rows], kind) for name, kind in kinds.items()}
    return pa.table(
        columns
        | {
            "_event_time": pa.array([moment(row["event"]) for row in rows], TIME),
            "_known_time": pa.array([moment(row["known"]) for row in rows], TIME),
        }
    )


def facts_of(rows, cutoff=40):
    tables = MemoryTables()
    ref = tables.write("sources/facts", table_of(rows))
    dataset = DatasetVersion((), (ref,), RestoreReport(0.0, 0, 0, 0, ()))
    return Facts(dataset, tables, DuckdbEngine(threads=1), cutoff * MINUTE)


def spine_of(asked):
    return pa.table(
        {
            "_row": pa.array(range(len(asked)), pa.int64()),
            "_at": pa.array([at if at is None else moment(at) for _, at in asked], TIME),
            "e": pa.array([entity for entity, _ in asked], pa.string()),
            "code": pa.array(["a" for _ in asked], pa.string()),
        }
    )
