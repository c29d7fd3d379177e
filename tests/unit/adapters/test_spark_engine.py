"""On Spark: the same rows as DuckDB's, to the bit, for every kind of feature and every function of expressions."""

import math
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.expression_rows import COLUMNS, GOLDEN, SCHEMA
from tests.wide_facts import KEYS, facts_of, spine_of, table_of, wide_view, world

import sluiceway as sw
from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.artifacts.rows import Rows
from sluiceway.core.errors import MisuseError
from sluiceway.declare.expression import parse_expression
from sluiceway.declare.expression_sql import sql_of
from sluiceway.features.point_in_time import Facts, features_at, features_now
from sluiceway.plans.derived import with_columns
from sluiceway.plans.spark_sql import spark_sql

pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
FEW = {"deadline": None, "phases": [Phase.generate], "suppress_health_check": list(HealthCheck), "database": None}
WHERE = "contains(lower(code), 'a') OR x % 2 = -1 OR round(y, 1) > 0.2"
MORE = [
    sw.std("x", over="15m"),
    sw.std("y", over="10m", where="flag", name="spread_flagged"),
    sw.max("x", over="15m", fresh=True),
    sw.count(over="10m", where=WHERE, name="odd"),
    sw.count_distinct("code", over="15m"),
    sw.derived("per_fact", "sum_y_10m / nullif(count_10m, 0)"),
    sw.last_n("x", n=3, over="15m"),
    sw.last_n("y", n=2, over="10m", where="flag", name="last_flagged"),
    sw.last_n("flag", n=1, over="10m", fresh=True),
    sw.latest("code", size=2, name="pair"),
]


@pytest.fixture
def compiled(spark):
    """Plans compiled to Java, as Spark does by itself."""
    conf, names = spark.session().conf, ("spark.sql.codegen.wholeStage", "spark.sql.codegen.factoryMode")
    before = {name: conf.get(name) for name in names}
    conf.set("spark.sql.codegen.wholeStage", "true")
    conf.set("spark.sql.codegen.factoryMode", "CODEGEN_ONLY")
    yield spark
    for name, value in before.items():
        conf.set(name, value)


def elsewhere(facts, engine):
    return Facts(facts.dataset, facts.tables, facts.engine, facts.cutoff, elsewhere=engine)


def same(left, right):
    if isinstance(left, float) and isinstance(right, float):
        return (math.isnan(left) and math.isnan(right)) or math.isclose(left, right, rel_tol=1e-12)
    return left == right


@pytest.mark.parametrize("named", KEYS)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=1, **FEW)
def test_a_view_on_spark_has_the_rows_that_duckdb_makes(spark, named, seed):
    rows, asked = world(seed)
    by_event = named in {"a fact's key", "no key"}
    windows = {"windows": "event_time", "lateness": "5m"} if by_event else {}
    entity = ("e", "code") if named == "a partial key" else ("e",)
    view = wide_view(
        KEYS[named], entity, ttl=None if named == "no key" else "9m", features=MORE, overs=("10m",), **windows
    )
    facts, spine = facts_of(rows), spine_of(asked)
    there = elsewhere(facts, spark)
    got = features_at(there, view, spine).sort_by("_row").to_pylist()
    assert got == features_at(facts, view, spine).sort_by("_row").to_pylist()
    order = [(name, "ascending") for name in view.entities]
    assert features_now(there, view).sort_by(order).to_pylist() == features_now(facts, view).sort_by(order).to_pylist()


def test_compiled_plans_give_the_same(compiled):
    view = wide_view("key", ttl="9m", features=[MORE[0], MORE[5]], overs=("10m",))
    every = {"code": "a", "flag": True}
    rows = [
        every | {"key": n % 3, "e": "ab"[n % 2], "x": n - 5, "y": n / 7, "event": n, "known": n + n % 4}
        for n in range(12)
    ]
    facts, spine = facts_of(rows), spine_of([("a", 7), ("b", 12), ("c", 12), (None, 3), ("a", 30)])
    got = features_at(elsewhere(facts, compiled), view, spine).sort_by("_row").to_pylist()
    assert got == features_at(facts, view, spine).sort_by("_row").to_pylist()


def test_many_different_values_are_estimated_the_same(spark):
    view = wide_view(None, overs=(), features=[sw.count_distinct("x", over="15m")])
    every = {"key": None, "e": "a", "code": "a", "y": None, "flag": None, "event": 0, "known": 0}
    facts, spine = facts_of([every | {"x": number * 7} for number in range(3000)]), spine_of([("a", 5), ("b", 5)])
    got = features_at(elsewhere(facts, spark), view, spine).sort_by("_row").to_pylist()
    assert got == features_at(facts, view, spine).sort_by("_row").to_pylist()
    assert 2700 < got[0]["v__count_distinct_x_15m"] < 3300


REFUSED = {
    text for text, _, _ in GOLDEN if "cast(" in text.lower() or "::" in text or text.startswith("concat(s, i, x")
}


def golden_columns():
    """Every golden row beside the others: its expression over columns of its own, their types and values."""
    for number, (text, given_values, wanted) in enumerate(GOLDEN):
        names = {name: f"c{number}_{name}" for name in COLUMNS}
        sql = sql_of(with_columns(parse_expression(text).tree, names))
        fields = {names[name]: pa.array([given_values.get(name)], SCHEMA.field(name).type) for name in COLUMNS}
        yield text, sql, fields, wanted


def runs_on_spark(sql, table):
    try:
        spark_sql(f"SELECT {sql} AS a FROM one", {name: COLUMNS[name.partition("_")[2]] for name in table.column_names})
    except MisuseError:
        return False
    return True


def test_every_function_means_on_spark_what_it_does_in_duckdb(spark):
    kept = [each for each in golden_columns() if runs_on_spark(each[1], pa.table(each[2]))]
    refused = {text for text, _, _ in GOLDEN} - {text for text, *_ in kept}
    assert refused <= REFUSED
    shown = ", ".join(f"{sql} AS r{number}" for number, (_, sql, _, _) in enumerate(kept))
    table = pa.table({name: values for _, _, fields, _ in kept for name, values in fields.items()})
    got = spark.query(f"SELECT {shown} FROM one", {"one": table}).to_pylist()[0]
    duckdb = DuckdbEngine().query(f"SELECT {shown} FROM one", {"one": table}).to_pylist()[0]
    wrong = {}
    for number, (text, *_) in enumerate(kept):
        mine, theirs = got[f"r{number}"], duckdb[f"r{number}"]
        if hasattr(mine, "tzinfo"):
            mine, theirs = mine.replace(tzinfo=None), theirs.replace(tzinfo=None)
        if not same(mine, theirs):
            wrong[text] = (mine, theirs)
    assert wrong == {}


def test_every_letter_changes_its_case_as_in_duckdb(spark):
    letters = pa.table({"s": [chr(code) for code in range(1, 0x1F000) if not 0xD800 <= code < 0xE000]})
    sql = 'SELECT "s", lower("s") AS a, upper("s") AS b, trim("s") AS c FROM t'
    sql = f'{sql} WHERE lower("s") <> "s" OR upper("s") <> "s" OR trim("s") <> "s"'
    got, wanted = spark.query(sql, {"t": letters}), DuckdbEngine().query(sql, {"t": letters})
    assert sorted(map(str, got.to_pylist())) == sorted(map(str, wanted.to_pylist()))


def test_files_are_read_by_spark_itself(spark, tmp_path):
    table = table_of([{"key": 1, "e": "a", "code": "x", "x": 4, "y": 0.5, "flag": True, "event": 0, "known": 1}])
    pq.write_table(table, tmp_path / "part.parquet")
    rows = replace(Rows.of(table), read=None, held=None, files=(str(tmp_path / "part.parquet"),))
    got = spark.query('SELECT "e", epoch_us(_known_time) AS k FROM source', {"source": rows})
    assert got.to_pylist() == [{"e": "a", "k": 60_000_000}]
