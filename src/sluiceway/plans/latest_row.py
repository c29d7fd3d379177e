"""Latest rows: of the rows with one key, the last."""

import polars as pl
import pyarrow as pa


def latest_rows(table: pa.Table, keys: tuple[str, ...], cursor: str) -> pa.Table:
    """Keep, of the rows with equal keys, the one with the largest cursor, the later of two alike; in their order."""
    places = [str(place) for place in range(len(keys))]
    columns = dict(zip([*places, "cursor"], (pl.from_arrow(table[name]) for name in (*keys, cursor)), strict=True))
    frame = pl.DataFrame(columns).with_row_index("row")
    last = frame.sort("cursor", "row", nulls_last=False).unique(places, keep="last", maintain_order=True)
    return table.take(last["row"].sort().to_arrow())
