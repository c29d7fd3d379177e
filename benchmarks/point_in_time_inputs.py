"""What the point-in-time benchmarks are about: predictions and two tables of facts, as Parquet in the order of time.

Everything here is importable without Sluiceway, so that peers in environments of their own read the same.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

SIZES = {"S": (10_000, 100_000, 10_000), "M": (100_000, 1_000_000, 100_000), "L": (1_000_000, 10_000_000, 1_000_000)}
COLUMNS = {"first": [f"a{number}" for number in range(10)], "second": [f"b{number}" for number in range(5)]}
TTL_DAYS = {"first": 2, "second": 7}
SPAN = 60 * 86_400_000_000
START = 1_750_000_000_000_000
TIME = pa.timestamp("us", "UTC")


def make(folder: Path, size: str, *, facts_an_id: int = 100) -> None:
    """Write ``spine``, ``first`` and ``second``; 2 % of the predictions are of ids without facts."""
    spine_rows, *fact_rows = SIZES[size]
    draw, ids = np.random.default_rng(7), fact_rows[0] // facts_an_id
    folder.mkdir(parents=True, exist_ok=True)
    for name, count in zip(COLUMNS, fact_rows, strict=True):
        times = pa.array(np.sort(draw.integers(0, SPAN, count)) + START).cast(TIME)
        columns = {"id": pa.array(draw.integers(0, ids, count)), "at": times}
        for column in COLUMNS[name]:
            values = draw.standard_normal(count).astype(np.float32).astype(float)  # which models take unchanged
            columns[column] = pa.array(values, mask=draw.random(count) < 0.01)
        pq.write_table(pa.table(columns), folder / f"{name}.parquet", compression="zstd")
    who = pa.array(draw.integers(0, int(ids * 1.02), spine_rows))
    at = pa.array(draw.integers(0, SPAN, spine_rows) + START).cast(TIME)
    pq.write_table(pa.table({"_row": pa.array(range(spine_rows)), "id": who, "at": at}), folder / "spine.parquet")


def spine_of(folder: Path) -> pa.Table:
    """Read the predictions."""
    return pq.read_table(folder / "spine.parquet")
