"""What Spark is given to run: never a value that is not known to be the same."""

import pyarrow as pa
import pytest
from tests.wide_facts import wide_view

import sluiceway as sw
from sluiceway.core.errors import MisuseError
from sluiceway.plans.plain_joins import plain_sql
from sluiceway.plans.spark_sql import column_kinds, spark_sql

KINDS = {"i": "integer", "x": "number", "s": "text", "t": "time", "f": "boolean"}


def value(sql):
    return spark_sql(f"SELECT {sql} AS a FROM t", KINDS).removeprefix("SELECT ").removesuffix(" AS a FROM t")


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ('"i" // nullif("i", 0)', "(`i` div nullif(`i`, 0L))"),
        ('"i" / 2', "(CAST(`i` AS DOUBLE) / CAST(2L AS DOUBLE))"),
        ('dayofweek("t")', "CAST(dayofweek(`t`) - 1 AS BIGINT)"),
        ('CAST("x" AS BIGINT)', "CAST(rint(`x`) AS BIGINT)"),
        ("'it''s \\'", "'it\\'s \\\\'"),
        ('count(*) FILTER (WHERE "f")', "count(*) FILTER (WHERE `f`)"),
        ('least("i")', "`i`"),
        (
            "max({'known': \"i\", 'event': \"i\", 'value': \"x\"}, 2)",
            "slice(sort_array(collect_list(named_struct('known', `i`, 'event', `i`, 'value', `x`)), false), 1, 2)",
        ),
        (
            'CAST("t" AS VARCHAR)',
            "CASE WHEN year(`t`) BETWEEN 1 AND 9999 OR `t` IS NULL THEN concat(CAST(`t` AS STRING), "
            "'+00') ELSE raise_error('a time before year 1 or after 9999 as text') END",
        ),
        ("-9223372036854775808", "(-9223372036854775808L)"),
    ],
)
def test_values_are_spelled_with_duckdbs_meaning(written, wanted):
    assert value(written) == wanted


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ('CAST("x" AS VARCHAR)', "CAST of number to text"),
        ('CAST("s" AS DOUBLE)', "CAST of text to number"),
        ('CAST("unknown" AS VARCHAR)', "CAST of a value of unknown kind to text"),
        ('sum("x")', "only sums of whole numbers of 128 bits are exact"),
        ("regexp_extract(\"s\", 'a+', 1)", "only lists of numbers"),
        ("string_split(\"s\", ';')", "only at commas"),
        ('max("x", 2)', "only facts with their times are kept"),
        ("{'known': \"i\"}", "only facts with their times are structs"),
        ('("x").value', "only facts have members"),
        ('"s"[1]', "are lists"),
        ('hash("s")', r"DuckDB's hash\(\)"),
        ("\"s\" LIKE 'a%'", "Like"),
        ('round("i", -19)', "past what 64 bits hold"),
        ("round(unknown)", "unknown kind"),
        ('sum("i") OVER (ROWS 3 PRECEDING)', "only sums|the frame"),
        ('CAST("i" AS DATE)', "CAST to DATE"),
    ],
)
def test_what_is_not_known_to_be_the_same_is_refused(written, why):
    with pytest.raises(MisuseError, match=why):
        value(written)


def test_statements_that_no_plan_holds_are_refused():
    with pytest.raises(MisuseError, match="Limit"):
        spark_sql("SELECT i FROM t LIMIT 3", KINDS)


def test_a_column_of_two_kinds_is_refused():
    tables = [pa.schema([("e", pa.string())]), pa.schema([("e", pa.int64())])]
    with pytest.raises(MisuseError, match="'e' is text in one table and integer in another"):
        column_kinds(tables)
    with pytest.raises(MisuseError, match="'i' is integer in one place and text in another"):
        spark_sql("SELECT 'a' AS i FROM t", KINDS)


def test_qualify_becomes_a_selection_from_a_selection():
    got = spark_sql("SELECT i, x FROM t QUALIFY row_number() OVER (PARTITION BY i ORDER BY x DESC) = 1", KINDS)
    assert got.startswith(
        "SELECT `i`, `x` FROM (SELECT i, x, (CAST(row_number() OVER (PARTITION BY i ORDER BY x DESC NUL"
    )
    assert got.endswith("AS _qualified_1 FROM t) AS _whole WHERE _qualified_1")


def test_a_deviation_is_written_without_repeats():
    view = wide_view("key", features=[sw.std("y", over="15m")])
    kinds = {"key": "integer", "e": "text", "code": "text", "x": "integer", "y": "number", "flag": "boolean"}
    sql = plain_sql(view, kinds, cutoff=0, corrected=True)
    times = dict.fromkeys(("_event_time", "_known_time", "_at"), "time")
    assert len(spark_sql(sql, kinds | times | {"_row": "integer"})) < 3 * len(sql)
