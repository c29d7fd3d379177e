"""Row tallies: which rows there are, whatever their order, and which rows one side has more than another."""

import polars as pl
import pyarrow as pa

from sluiceway.plans.table_digest import normalise

SEEDS = (11, 23)
MODULUS = 2**64


def _hashes(table: pa.Table, seed: int) -> pl.Series:
    frame = pl.DataFrame(pl.from_arrow(normalise(table).rename_columns([str(n) for n in range(table.num_columns)])))
    floats = [name for name, kind in frame.schema.items() if kind.is_float()]
    frame = frame.with_columns(
        [pl.when(pl.col(name) == 0).then(0.0).otherwise(pl.col(name)).alias(name) for name in floats]
    )
    return frame.hash_rows(seed)


class RowTally:
    """Identifies a multiset of rows while they stream past: their number, and two sums of 64-bit hashes.

    Rows are compared as tables hold them. Two different multisets meet with a chance of about 2⁻¹²⁸. The hash is
    polars' own, which another release of polars may change: then equal rows look changed, once.
    """

    def __init__(self) -> None:
        self.rows = 0
        self._sums = [0] * len(SEEDS)

    def add(self, batch: pa.RecordBatch | pa.Table) -> None:
        """Count the rows of a batch in."""
        table = pa.table(batch) if isinstance(batch, pa.RecordBatch) else batch
        self.rows += table.num_rows
        for place, seed in enumerate(SEEDS):
            # the sum of 64-bit numbers wraps around by itself
            self._sums[place] = (self._sums[place] + int(_hashes(table, seed).to_numpy().sum(dtype="u8"))) % MODULUS

    @property
    def text(self) -> str:
        """The multiset so far, in one word."""
        return f"polars-{pl.__version__}:{self.rows}:" + ":".join(f"{total:016x}" for total in self._sums)


def without(rows: pa.Table, known: pa.Table) -> pa.Table:
    """Return the rows that ``known`` has not, each as often as it comes more often; in their order.

    Both have the same columns. Rows are compared as tables hold them.
    """
    if not known.num_rows or not rows.num_rows:
        return rows
    new, old = _numbered(rows), _numbered(known)
    kept = new.with_row_index("place").join(old, on=["one", "two", "turn"], how="anti").sort("place")
    return rows.take(kept["place"].to_arrow())


def _numbered(table: pa.Table) -> pl.DataFrame:
    """Number equal rows from 0 on, so that three of them are three."""
    frame = pl.DataFrame({"one": _hashes(table, SEEDS[0]), "two": _hashes(table, SEEDS[1])})
    return frame.with_columns(pl.int_range(pl.len()).over("one", "two").alias("turn"))


class SeenRows:
    """Remembers the rows that came, 16 bytes each, so that a row that comes again is noticed."""

    def __init__(self) -> None:
        self._seen = pl.DataFrame({"one": [], "two": []}, schema={"one": pl.UInt64, "two": pl.UInt64})

    def only_new(self, table: pa.Table) -> pa.Table:
        """Return the rows that did not come before, nor earlier in this table; in their order."""
        if not table.num_rows:
            return table
        frame = pl.DataFrame({"one": _hashes(table, SEEDS[0]), "two": _hashes(table, SEEDS[1])})
        first = frame.with_row_index("place").unique(["one", "two"], keep="first", maintain_order=True)
        new = first.join(self._seen, on=["one", "two"], how="anti", maintain_order="left")
        self._seen = pl.concat([self._seen, new.select("one", "two")])
        return table.take(new["place"].to_arrow())
