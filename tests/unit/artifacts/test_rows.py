"""Rows are cut at the same places in whatever pieces they come."""

from unittest.mock import patch

import hypothesis.strategies as st
import pyarrow as pa
from hypothesis import given, settings

from sluiceway.artifacts.rows import BATCH_BYTES, BATCH_ROWS, TOGETHER, Rows, in_batches


@settings(max_examples=80, deadline=None)
@given(sizes=st.lists(st.integers(0, 40), max_size=8), most=st.sampled_from([4, 8]))
def test_every_batch_but_the_last_has_a_multiple_of_what_is_worked_on_together(sizes, most):
    ends = [sum(sizes[: place + 1]) for place in range(len(sizes))]
    pieces = [
        pa.table({"x": pa.array(range(end - size, end), pa.int64())}) for size, end in zip(sizes, ends, strict=True)
    ]
    with patch("sluiceway.artifacts.rows.TOGETHER", 4), patch("sluiceway.artifacts.rows.BATCH_ROWS", most):
        batches = list(in_batches(pieces))
    assert [value for batch in batches for value in batch.column(0).to_pylist()] == list(range(sum(sizes)))
    assert all(0 < batch.num_rows <= most for batch in batches)
    assert all(batch.num_rows % 4 == 0 for batch in batches[:-1])


def test_batches_of_wide_rows_are_short():
    wide = pa.table({f"c{place}": pa.array(range(10_000), pa.int64()) for place in range(1000)})
    batches = list(Rows.of(wide).batches())
    assert {batch.num_rows for batch in batches[:-1]} == {TOGETHER}
    assert max(batch.nbytes for batch in batches) <= 1.1 * BATCH_BYTES
    narrow = pa.table({"x": pa.array(range(BATCH_ROWS + 1), pa.int64())})
    assert [batch.num_rows for batch in Rows.of(narrow).batches()] == [BATCH_ROWS, 1]


def test_columns_without_values_stand_beside_the_others():
    rows = Rows.of(pa.table({"x": [1, 2]}))
    for each in (rows, Rows(rows.schema, rows.num_rows, rows.read)):
        wider = each.beside({"gone": pa.string()})
        assert wider.table().to_pydict() == {"x": [1, 2], "gone": [None, None]}
        assert wider.table(["gone"]).to_pydict() == {"gone": [None, None]}
