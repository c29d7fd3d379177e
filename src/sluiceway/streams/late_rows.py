"""Late rows: those whose pane was closed by what had come before them in their partition."""

import polars as pl

from sluiceway.plans.corrections import KNOWN


def late_marks(rows: pl.DataFrame, *, time: str, watermark: int | None, every: int, lateness: int) -> pl.Series:
    """Mark the rows that are late for panes of one length; all durations in microseconds.

    A row's pane is closed when the greatest ``known_time`` before the row has passed its end by ``lateness``: that
    depends on the partition's order alone, and not on how it was cut into batches.

    Args:
        rows: A partition's rows in order.
        time: The column that panes are of.
        watermark: The greatest ``known_time`` before them; ``None`` at the beginning.
        every: The panes' length.
        lateness: How long a pane stays open after its end.
    """
    before = rows.get_column(KNOWN).cum_max().shift(1, fill_value=watermark)
    if watermark is not None:
        before = before.clip(lower_bound=watermark)
    end = (rows.get_column(time) // every + 1) * every
    return (end + lateness <= before).fill_null(value=False)
