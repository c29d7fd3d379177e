"""Window merge: panes merged over each window, at each point that is asked for, in memory.

Panes lie sorted by entity and time, so a window is a stretch of them, found by bisection. Sums, being exact, subtract:
the running sum at the stretch's end less the one at its start. Least and greatest values do not; they are taken of two
overlapping runs of 2**k panes that cover the stretch. Of hashes and last values the panes are gone through one by one.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from sluiceway.plans import last_values
from sluiceway.plans.distinct import KEPT
from sluiceway.plans.moments_sql import length
from sluiceway.plans.partials import Partial
from sluiceway.plans.window_groups import WindowGroup, over_column

Places = npt.NDArray[np.int64]

ENTITY = ":entity"  # no column has such a name
AT_ONCE = 1_000_000  # panes looked at in one go
WIDE = pl.Decimal(38, 0)  # how 128-bit integers travel; 10**38 is reached by no fewer than 10**9 greatest numbers


def points_of(group: WindowGroup, spine: pa.Table) -> pa.Table:
    """List what is asked for, each point once.

    A point is an entity, ``_pane``, the step of ``every`` that a prediction falls into, and ``_end``, before which a
    fact must be known to count there, microseconds since the epoch.
    """
    entities = group.view.entities
    present = pl.all_horizontal(pl.col(name).is_not_null() for name in (*entities, "_at"))
    at = pl.col("_at").to_physical()
    pane = at // group.every
    end = at + 1 if group.follows else pane * group.every
    asked = pl.DataFrame(pl.from_arrow(spine.select([*entities, "_at"]))).filter(present)
    return asked.select(*entities, pane.alias("_pane"), end.alias("_end")).unique().to_arrow()


def merge_windows(group: WindowGroup, kinds: Mapping[str, str], *, panes: pa.Table, points: pa.Table) -> pa.Table:
    """Merge every partial over every window of whole panes that ends where a point's pane begins.

    Args:
        group: Which window features are wanted.
        kinds: Each source column's kind.
        panes: Entities, ``_pane`` and the partials (see ``plans.window_frames``), in any order.
        points: Entities, ``_pane`` and ``_end``.
    """
    kept, asked = pl.DataFrame(pl.from_arrow(panes)), pl.DataFrame(pl.from_arrow(points))
    stretches = _Stretches(group.view.entities, kept, asked)
    merged = stretches.points.select(*group.view.entities, "_pane", "_end").get_columns()
    ends = stretches.places(back=0)
    for over, partials in group.partials(kinds).items():
        starts = stretches.places(back=length(over) // group.every)
        for partial in partials:
            values = kept.get_column(partial.name).gather(stretches.order)
            column = _merged(partial, values, starts, ends, by_event=group.by_event)
            merged.append(column.alias(over_column(over, partial.name)))
    return pl.DataFrame(merged).to_arrow()


class _Stretches:
    """Where in sorted panes a stretch of time begins, found by one integer that grows with entity and time.

    Entities are numbered as they are asked for; panes of others are left out. Only numbers are sorted: the order of
    the panes is told, by which one column after another is put in order.
    """

    def __init__(self, entities: Sequence[str], panes: pl.DataFrame, points: pl.DataFrame) -> None:
        points = points.with_columns(pl.col(name).cast(panes.schema[name]) for name in entities)
        numbers = points.select(entities).unique().with_row_index(ENTITY)
        times = panes.get_column("_pane")
        self._first = int(times.min() or 0)  # type: ignore[arg-type]  # whole numbers
        self._span = int(times.max() or 0) - self._first + 2  # type: ignore[arg-type]
        place = pl.col(ENTITY).cast(pl.Int64) * self._span + pl.col("_pane") - self._first
        whose = panes.select(*entities, "_pane").join(numbers, on=entities, how="left", maintain_order="left")
        places = whose.select(place).to_series()
        self.order = places.arg_sort(nulls_last=True).head(len(places) - places.null_count())
        self._keys = places.gather(self.order).to_numpy()
        self.points = points.join(numbers, on=entities).sort(ENTITY, "_pane")  # bisection is several times faster so

    def places(self, *, back: int) -> Places:
        """Give for each point the place of its entity's first pane no earlier than ``back`` panes before it."""
        times = np.clip(self.points.get_column("_pane").to_numpy() - back - self._first, 0, self._span - 1)
        keys = self.points.get_column(ENTITY).to_numpy().astype(np.int64) * self._span + times
        found: Places = np.searchsorted(self._keys, keys)
        return found


def _merged(partial: Partial, values: pl.Series, starts: Places, ends: Places, *, by_event: bool) -> pl.Series:
    if partial.merge == "SUM":
        return _sums(values, starts, ends)
    if partial.merge == "DISTINCT":
        return _kept(values, starts, ends, keep=lambda each: each.unique().sort().head(KEPT), kind=pl.List(pl.UInt64))
    if partial.merge == "LAST":
        return _last(values, starts, ends, size=partial.size, by_event=by_event)
    there = _sums(values.is_not_null().cast(pl.Int64), starts, ends)
    found = _extremes(values, starts, ends, least=partial.merge == "MIN")
    return pl.select(pl.when(there > 0).then(found)).to_series()


def _sums(values: pl.Series, starts: Places, ends: Places) -> pl.Series:
    exact = (values.to_physical() if values.dtype == WIDE else values.cast(pl.Int64)).fill_null(strategy="zero")
    running = pl.concat([pl.Series([0], dtype=exact.dtype), exact.cum_sum()])
    return (running.gather(ends) - running.gather(starts)).cast(WIDE if values.dtype == WIDE else pl.Int64)


def _last(values: pl.Series, starts: Places, ends: Places, *, size: int, by_event: bool) -> pl.Series:
    """Keep the last values of each stretch; where panes are of known_time, the last panes that have any suffice."""
    places = np.concatenate([[0], (values.list.len().fill_null(0) > 0).cast(pl.Int64).cum_sum().to_numpy()])
    starts, ends = places[starts], places[ends]
    if not by_event:
        starts = np.maximum(starts, ends - size)
    there = values.cast(last_values.STORED).filter(values.list.len() > 0)
    return _kept(there, starts, ends, keep=lambda each: each.sort(descending=True).head(size), kind=last_values.STORED)


def _kept(
    values: pl.Series, starts: Places, ends: Places, *, keep: Callable[[pl.Expr], pl.Expr], kind: pl.List
) -> pl.Series:
    """Keep some of what the lists of each stretch hold, a share of the stretches at a time."""
    found = [pl.Series(dtype=kind)]
    widths = np.maximum(ends - starts, 0).cumsum()
    cuts = [0, *np.searchsorted(widths, range(AT_ONCE, int(widths[-1]) if len(widths) else 0, AT_ONCE)), len(starts)]
    for begin, end in pairwise(cuts):
        points = pl.DataFrame({"start": starts[begin:end], "end": ends[begin:end]}).with_row_index("point")
        panes = points.filter(pl.col("start") < pl.col("end")).select(
            "point", pl.int_ranges("start", "end").alias("pane")
        )
        each = panes.explode("pane").select("point", values.gather(panes.get_column("pane").explode()).alias("each"))
        kept = each.explode("each").drop_nulls().group_by("point").agg(keep(pl.col("each")))
        found.append(points.join(kept, on="point", how="left", maintain_order="left").get_column("each"))
    return pl.concat([part.cast(kind) for part in found])


def _extremes(values: pl.Series, starts: Places, ends: Places, *, least: bool) -> pl.Series:
    better: Any = np.minimum if least else np.maximum
    runs = values.fill_null(strategy="max" if least else "min").to_numpy()  # what never wins
    counts = ends - starts
    found = np.zeros(len(starts), dtype=runs.dtype)
    for doubling in range(int(counts.max(initial=0)).bit_length()):
        width = 1 << doubling
        mine = (counts >= width) & (counts < 2 * width)
        found[mine] = better(runs[starts[mine]], runs[ends[mine] - width])
        runs = better(runs[:-width], runs[width:])
    return pl.Series(found)
