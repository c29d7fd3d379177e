"""Rows of every kind that tables hold, with what is awkward about each."""

from datetime import UTC, datetime

import hypothesis.strategies as st
import pyarrow as pa

SCHEMA = pa.schema(
    [
        ("i", pa.int64()),
        ("f", pa.float64()),
        ("s", pa.string()),
        ("t", pa.timestamp("us", "UTC")),
        ("b", pa.bool_()),
        ("n", pa.list_(pa.float64())),
    ]
)
ROW = st.tuples(
    st.none() | st.integers(-3, 3) | st.integers(-(2**63), 2**63 - 1),
    st.none() | st.sampled_from([0.0, -0.0, 1.5, float("nan"), float("inf")]) | st.floats(),
    st.none() | st.sampled_from(["", "a", "ab", "b", "ü", "\0"]) | st.text(st.characters(codec="utf-8"), max_size=4),
    st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),
    st.none() | st.booleans(),
    st.none() | st.lists(st.none() | st.sampled_from([0.0, -0.0, 1.5, float("nan")]) | st.floats(), max_size=2),
)
ROWS = st.lists(ROW, max_size=12)


def table_of(rows):
    columns = list(zip(*rows, strict=True)) or [()] * len(SCHEMA)
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)], schema=SCHEMA
    )


def table_rows():
    """Enough rows for several batches, many of them alike."""
    return st.lists(ROW, max_size=40)
