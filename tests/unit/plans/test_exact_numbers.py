"""The engine's casts, asked of the engine."""

import math
import struct
from fractions import Fraction

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sluiceway as sw
from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.plans.exact_numbers import as_double, exact_parts
from sluiceway.plans.partials import partials_of
from sluiceway.plans.spread import deviation_of, deviation_sql, split

ENGINE = DuckdbEngine(threads=1)
LARGE = 2.0**96
NUMBERS = st.floats(-LARGE, LARGE, exclude_min=True, exclude_max=True) | st.floats(-4, 4) | st.floats(-1e-25, 1e-25)
# near halves of a unit in the last place, where rounding twice shows
WHOLES = st.integers(-(2**127) + 1, 2**127 - 1) | st.builds(
    lambda bits, shift, near, sign: sign * min((bits << shift >> 54) + near, 2**127 - 1),
    st.integers(2**53, 2**54 - 1),
    st.integers(54, 125),
    st.integers(-2, 2),
    st.sampled_from([1, -1]),
)


def bits(value):
    return struct.pack(">d", value)


def asked(expression, values, kind):
    table = pa.table({"place": range(len(values)), "v": pa.array(values, kind)})
    return ENGINE.query(f"SELECT {expression} AS answer FROM t ORDER BY place", {"t": table}).column(0).to_pylist()


@given(st.lists(WHOLES, min_size=1, max_size=200))
@settings(max_examples=30, deadline=None)
def test_a_whole_number_becomes_the_double_that_the_engine_makes_of_it(values):
    wanted = asked("CAST(CAST(v AS HUGEINT) AS DOUBLE)", [str(value) for value in values], pa.string())
    assert [bits(as_double(value)) for value in values] == [bits(value) for value in wanted]


@given(st.lists(NUMBERS, min_size=1, max_size=200))
@settings(max_examples=30, deadline=None)
def test_a_double_splits_as_the_engine_splits_it(values):
    _, *sums = partials_of([sw.sum("v", over="1h")], {"v": "number"})
    whole, fraction = (partial.of_rows.replace("sum(", "(", 1) for partial in sums)
    parts = asked(f"CAST(({whole}) AS VARCHAR) || ' ' || CAST(({fraction}) AS VARCHAR)", values, pa.float64())
    assert [f"{whole} {fraction}" for whole, fraction in map(exact_parts, values)] == parts


SMALL = 2.0**47
SPREAD = st.floats(-SMALL, SMALL, exclude_min=True, exclude_max=True) | st.sampled_from(
    [1e9, 1e9 + 1, 0.999999, 1.000001]
)


def sums_of(values):
    parts = [split(value) for value in values]
    products = [(1, w, u, w * w, w * u, u * u) for w, u in parts]
    return tuple(map(sum, zip(*products, strict=True)))


@given(st.lists(st.lists(SPREAD | st.integers(-5, 5).map(float), min_size=1, max_size=20), min_size=1, max_size=20))
@settings(max_examples=60, deadline=None)
def test_a_deviation_is_the_one_that_the_engine_computes_to_the_bit(samples):
    columns = list(zip(*map(sums_of, samples), strict=True))
    table = pa.table({f"c{place}": pa.array(map(str, column)) for place, column in enumerate(columns)})
    sql = deviation_sql(*(f"CAST(c{place} AS HUGEINT)" for place in range(6)))
    got = ENGINE.query(f"SELECT {sql} AS answer FROM t", {"t": table}).column(0).to_pylist()
    assert got == [deviation_of(*sums_of(values)) for values in samples]


@given(st.lists(SPREAD, min_size=2, max_size=50))
@settings(max_examples=200, deadline=None)
def test_a_deviation_is_right_however_small_it_is_beside_the_mean(values):
    mean = sum(map(Fraction, values)) / len(values)
    wanted = math.sqrt(sum((Fraction(value) - mean) ** 2 for value in values) / (len(values) - 1))
    assert deviation_of(*sums_of(values)) == pytest.approx(wanted, rel=1e-9, abs=2.0**-46)
