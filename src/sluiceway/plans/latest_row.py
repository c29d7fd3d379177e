"""Latest rows: of the rows with one key, the last."""

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray


def latest_marks(table: pa.Table, keys: tuple[str, ...], cursor: str) -> NDArray[np.bool_]:
    """Mark, of the rows with equal keys, the one with the largest cursor, the later of two alike.

    Nothing but keys and cursor is looked at.
    """
    places = [str(place) for place in range(len(keys))]
    columns = dict(zip([*places, "cursor"], (pl.from_arrow(table[name]) for name in (*keys, cursor)), strict=True))
    frame = pl.DataFrame(columns).with_row_index("row")
    last = frame.sort("cursor", "row", nulls_last=False).unique(places, keep="last", maintain_order=True)
    marks = np.zeros(table.num_rows, np.bool_)
    marks[last["row"].to_numpy()] = True
    return marks
