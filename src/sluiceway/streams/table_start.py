"""Table starts: what a source's table has, for a stream that begins."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from sluiceway.artifacts.dataset_version import KNOWN_TIME
from sluiceway.artifacts.event_landing import LandedPartition
from sluiceway.plans.corrections import KNOWN
from sluiceway.streams.decoding import OFFSET
from sluiceway.streams.stored_frame import stored_frame

PIECE_ROWS = 200_000


@dataclass(frozen=True, slots=True)
class TableStart:
    """What a source's table has, as its store scans it, and what of its topic's partitions is among that.

    Partitions of which nothing is are left out.
    """

    rows: pl.LazyFrame
    kinds: Mapping[str, str]
    landed: tuple[LandedPartition, ...] = ()

    @classmethod
    def nothing(cls) -> "TableStart":
        """A table of which nothing is known."""
        return cls(pl.LazyFrame(schema={KNOWN_TIME: pl.Datetime("us", "UTC")}), {})

    def newest(self, now: int) -> int | None:
        """Tell when what is known by now became known last; both in microseconds since the epoch."""
        known = self.rows.select(pl.col(KNOWN_TIME).dt.timestamp("us").alias(KNOWN)).filter(pl.col(KNOWN) <= now)
        newest = known.max().collect(engine="streaming").item()
        return newest if isinstance(newest, int) else None

    def pieces(self) -> Iterator[pl.DataFrame]:
        """Read the rows some at a time, as ``stored_frame``; numbered from above, where no message's offset is."""
        number = sys.maxsize
        for piece in self.rows.collect_batches(chunk_size=PIECE_ROWS, maintain_order=False, engine="streaming"):
            frame = stored_frame(piece, self.kinds)
            offsets = pl.int_range(number - len(frame), number, dtype=pl.Int64, eager=True)
            yield frame.with_columns(offsets.alias(OFFSET))
            number -= len(frame)
