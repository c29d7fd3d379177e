"""Marked join: ``plans.latest`` over one part of a layout, by bisection.

Each prediction knows where its entity's rows are. The last of them known by its moment is found by halving, all
predictions at once; that row's mark is the newest fact.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from sluiceway.artifacts.dataset_version import EVENT_TIME, KNOWN_TIME
from sluiceway.declare.feature_view import FeatureView
from sluiceway.features.fact_layout import MARK, ROWS, START
from sluiceway.features.latest_join import values_at
from sluiceway.plans.moments_sql import length

Whole = npt.NDArray[np.int64]


def marked_join(
    view: FeatureView, kinds: Mapping[str, str], *, spine: pa.Table, source: pa.Table, cutoff: int
) -> pa.Table:
    """Give ``_row`` and the view's latest features for every row of the spine, in its order.

    Args:
        view: Whose latest features to compute; no fact of its source may be superseded (see ``plans.latest``).
        kinds: Each source column's kind.
        spine: ``_row``, ``_at``, ``_start`` and ``_rows`` (see ``fact_layout``).
        source: A part of a layout.
        cutoff: Microseconds since the epoch; nothing known later is looked at.
    """
    asked = pl.DataFrame(pl.from_arrow(spine.select(["_row", "_at", START, ROWS])))
    at = asked.get_column("_at").to_physical()
    moments = at.fill_null(0).to_numpy()
    starts = asked.get_column(START).to_numpy()
    counts = np.where(at.is_null().to_numpy(), 0, asked.get_column(ROWS).to_numpy())
    last = _last_known(_whole(source, KNOWN_TIME), np.minimum(moments, cutoff), starts, starts + counts)
    found = last >= starts
    places = _whole(source, MARK)[np.where(found, last, 0)] if source.num_rows else np.zeros_like(last)
    if view.ttl and source.num_rows:
        found &= moments - _whole(source, EVENT_TIME)[places] <= length(view.ttl)
    chosen = pl.Series(places).cast(pl.UInt32).to_frame("p").select(pl.when(pl.lit(pl.Series(found))).then("p"))
    facts = pl.DataFrame(pl.from_arrow(source, rechunk=False))
    return asked.select("_row").hstack(values_at(view, kinds, facts, chosen.to_series())).to_arrow()


def _last_known(known: Whole, moments: Whole, starts: Whole, ends: Whole) -> Whole:
    """Give the place of the last row in ``[start, end)`` known by each moment; the one before ``start`` if none is."""
    low, high = starts.copy(), ends.copy()
    for _ in range(int((ends - starts).max(initial=0)).bit_length()):
        middle = (low + high) >> 1
        is_known = known[np.minimum(middle, len(known) - 1)] <= moments
        open_still = low < high
        low = np.where(open_still & is_known, middle + 1, low)
        high = np.where(open_still & ~is_known, middle, high)
    return low - 1


def _whole(table: pa.Table, name: str) -> Whole:
    column = table.column(name)
    if not len(column):
        return np.zeros(0, np.int64)
    values = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    kind = pa.int32() if pa.types.is_int32(values.type) else pa.int64()
    found: Whole = values.cast(kind).to_numpy()
    return found
