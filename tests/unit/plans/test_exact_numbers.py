"""The engine's casts, asked of the engine."""

import struct

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.plans.exact_numbers import as_double, exact_parts
from sluiceway.plans.partials import exact_sum

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
    whole, fraction = (partial.of_rows.replace("sum(", "(", 1) for partial in exact_sum("v", "v"))
    parts = asked(f"CAST(({whole}) AS VARCHAR) || ' ' || CAST(({fraction}) AS VARCHAR)", values, pa.float64())
    assert [f"{whole} {fraction}" for whole, fraction in map(exact_parts, values)] == parts
