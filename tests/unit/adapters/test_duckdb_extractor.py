"""DuckDB files are read as they are typed, and a query has no way out of them."""

from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb
import pytest

from sluiceway.adapters.every_extractor import EveryExtractor
from sluiceway.artifacts.landing import Bound
from sluiceway.core.errors import SourceError
from sluiceway.declare.database import query, table
from sluiceway.ports.extractor import Since

MOMENT = datetime(2020, 1, 2, 1, 4, 5, 123456, tzinfo=UTC)
KEPT = {
    "BIGINT": ("9007199254740993", 9007199254740993),
    "HUGEINT": ("5", Decimal(5)),
    "DECIMAL(12,3)": ("12.345", Decimal("12.345")),
    "BOOLEAN": ("true", True),
    "DATE": ("'2020-02-29'", date(2020, 2, 29)),
    "TIMESTAMP": ("'2020-01-02 01:04:05.123456'", MOMENT.replace(tzinfo=None)),
    "TIMESTAMPTZ": ("'2020-01-02 03:04:05.123456+02'", MOMENT),
    "TIMESTAMP_NS": ("'2020-01-02 01:04:05.123456789'", MOMENT.replace(tzinfo=None)),
    "INTEGER[]": ("[1, NULL]", [1.0, None]),
    "VARCHAR[]": ("['a', NULL]", '["a",null]'),
    "STRUCT(a INTEGER)": ("{'a': 1}", '{"a":1}'),
    "BLOB": ("'\\x00\\xFF'", "00ff"),
    "UUID": ("'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
}


@pytest.fixture
def extractor(tmp_path):
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
        connection.execute("CREATE TABLE held AS SELECT i AS id, i / 2 AS half FROM range(300000) t(i)")
    return EveryExtractor(tmp_path, {})


def read(extractor, origin, since=None):
    with extractor.read(origin, since) as extraction:
        batches = list(extraction.batches)
    return [row for batch in batches for row in batch.to_pylist()], batches


@pytest.mark.parametrize("kind", KEPT)
def test_a_type_is_kept_with_its_missing_values(extractor, kind):
    written, value = KEPT[kind]
    rows, _ = read(extractor, query("duckdb:///shop.duckdb", f"SELECT {written}::{kind} AS x UNION ALL SELECT NULL"))
    assert sorted((row["x"] for row in rows), key=lambda each: each is None) == [value, None]


@pytest.mark.parametrize(
    "value", [MOMENT, MOMENT.replace(tzinfo=None), date(2020, 1, 2), Decimal("1.5"), 1.5, 3, "it's"]
)
def test_every_kind_of_bound_is_compared_as_what_it_is(extractor, value):
    kind = {datetime: "TIMESTAMPTZ" if getattr(value, "tzinfo", None) else "TIMESTAMP", date: "DATE"}.get(type(value))
    kind = kind or {Decimal: "DECIMAL(5,2)", float: "DOUBLE", int: "INTEGER", str: "VARCHAR"}[type(value)]
    text = str(value).replace("'", "''")
    origin = query("duckdb:///shop.duckdb", f"SELECT '{text}'::{kind} AS at", cursor="at")
    with extractor.read(origin) as extraction:
        schema = extraction.schema
    assert len(read(extractor, origin, Since(Bound.of(value), schema))[0]) == 1
    counted = extractor.probe(origin, Bound.of(value))
    assert (counted.rows, counted.at, counted.beyond) == (1, 1, 0)


def test_rows_come_in_batches(extractor):
    rows, batches = read(extractor, table("duckdb:///shop.duckdb", "held"))
    assert len(rows) == 300_000
    assert max(batch.num_rows for batch in batches) <= 70_000


def test_a_query_reaches_no_other_file(extractor, tmp_path):
    (tmp_path / "secret.csv").write_text("a\n1\n")
    with pytest.raises(SourceError, match="disabled"):
        read(extractor, query("duckdb:///shop.duckdb", f"SELECT * FROM read_csv('{tmp_path / 'secret.csv'}')"))
