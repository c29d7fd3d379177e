import math
import struct

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluiceway.plans.partials import single
from sluiceway.plans.single_precision import as_single

LARGEST = 3.4028234663852886e38
TIE = LARGEST + 2.0**103  # half a step beyond the largest float32
DOUBLES = st.floats() | st.floats(width=32) | st.sampled_from([LARGEST, TIE, math.nextafter(TIE, 0), -TIE, 1e-46, -0.0])
# around the places where an integer's own double lies halfway between two float32
TIES = st.tuples(st.integers(1, 2**24), st.integers(26, 38), st.integers(-3, 3)).map(
    lambda parts: ((2 * parts[0] + 1) << parts[1]) + parts[2]
)
INTEGERS = st.integers(-(2**63), 2**63 - 1) | TIES.filter(lambda whole: whole < 2**63) | st.integers(-(2**25), 2**25)


@pytest.fixture(scope="module")
def session():
    connection = duckdb.connect(config={"threads": 1})
    yield connection
    connection.close()


def in_duckdb(session, values, kind):
    session.register("numbers", pa.table({"x": pa.array(values, kind)}))
    return [found for (found,) in session.execute(f"SELECT {single('x')} FROM numbers").fetchall()]


def bits(value):
    return None if value is None else struct.pack("d", value)


@settings(max_examples=200, deadline=None)
@given(values=st.lists(DOUBLES, min_size=1, max_size=40))
def test_doubles_round_as_the_training_table_does(session, values):
    assert [bits(as_single(value)) for value in values] == [bits(v) for v in in_duckdb(session, values, pa.float64())]


@settings(max_examples=200, deadline=None)
@given(values=st.lists(INTEGERS, min_size=1, max_size=40))
def test_integers_round_once_as_the_training_table_does(session, values):
    assert [bits(as_single(value)) for value in values] == [bits(v) for v in in_duckdb(session, values, pa.int64())]


def test_an_integer_whose_double_lies_on_a_tie_is_not_rounded_twice():
    whole = (1 << 60) + (1 << 36) + 1  # its double drops the 1, and half to even would go down
    assert struct.unpack("f", struct.pack("f", float(whole)))[0] == 2.0**60
    assert as_single(whole) == 2.0**60 + 2.0**37


@pytest.mark.parametrize("value", [10**39, -(10**39), 10**308, 1 << 2000, math.nan, math.inf, TIE])
def test_what_no_float32_holds_is_missing(value):
    assert as_single(value) is None
