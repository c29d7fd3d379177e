"""What every runner of plans promises: the rows that the batch plans make, to the bit."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest
from tests.wide_facts import facts_of, spine_of, wide_view

import sluiceway as sw
from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.core.errors import SourceError
from sluiceway.features.point_in_time import Facts, features_at, features_now

ROWS = [
    {"key": n % 4 or None, "e": "ab"[n % 2], "code": "xyz"[n % 3], "x": n - 5, "y": n / 7, "flag": n % 2 == 0}
    | {"event": n, "known": n + n % 4}
    for n in range(16)
]


@pytest.fixture(
    params=[
        "duckdb",
        pytest.param(
            "spark",
            marks=[
                pytest.mark.spark,
                pytest.mark.filterwarnings("ignore::FutureWarning"),
                pytest.mark.filterwarnings("ignore::ResourceWarning"),
            ],
        ),
    ]
)
def runner(request):
    return DuckdbEngine() if request.param == "duckdb" else request.getfixturevalue("spark")


def test_views_computed_elsewhere_are_those_computed_here(runner):
    view = wide_view("key", ttl="9m", features=[sw.derived("twice", "count_10m * 2")])
    here, spine = facts_of(ROWS), spine_of([("a", 7), ("b", 12), ("c", 12), (None, 3), ("a", 30), ("b", None)])
    there = Facts(here.dataset, here.tables, here.engine, here.cutoff, elsewhere=runner)
    got = features_at(there, view, spine).sort_by("_row")
    assert got.to_pylist() == features_at(here, view, spine).sort_by("_row").to_pylist()
    now = features_now(there, view).sort_by("e")
    assert now.to_pylist() == features_now(here, view).sort_by("e").to_pylist()


def test_types_are_those_that_tables_are_stored_with(runner):
    noon = datetime(2013, 7, 1, 12, tzinfo=UTC)
    table = pa.table({"i": [1], "x": [0.5], "s": ["a"], "f": [True], "t": pa.array([noon], pa.timestamp("us", "UTC"))})
    got = runner.query('SELECT "i", "x", "s", "f", "t" FROM things', {"things": table})
    assert got.to_pylist() == table.to_pylist()
    assert [field.type for field in got.schema] == [field.type for field in table.schema]


def test_what_does_not_fit_stops_the_statement(runner):
    with pytest.raises(SourceError, match=r"(?i)overflow"):
        runner.query('SELECT "x" + "x" AS twice FROM t', {"t": pa.table({"x": [2**62]})})


def test_what_is_no_statement_stops_in_words(runner):
    with pytest.raises(SourceError):
        runner.query("SELECT missing FROM t", {"t": pa.table({"x": [1]})})
