"""Laying out: from a stored source, in whatever order, to the parts of a ``FactLayout``, with little of it in memory.

The source is read once. Its rows go, in runs, to parts by a hash of their entity, and keys with entities to others
by a hash of the key, to find the facts that move; then each part is put together and sorted.
"""

from collections.abc import Iterator

import polars as pl
import pyarrow as pa

from sluiceway.artifacts.dataset_version import EVENT_TIME, KNOWN_TIME
from sluiceway.core.errors import DamagedError
from sluiceway.declare.feature_view import FeatureView
from sluiceway.features.dealt_rows import DealtRows
from sluiceway.features.fact_layout import MARK, PART, ROWS, START, FactLayout, LayoutKeys, kept_layout
from sluiceway.features.moved_facts import key_and_entity, keys_that_move, may_move
from sluiceway.features.stored_rows import sliced
from sluiceway.plans.corrections import fact_columns
from sluiceway.plans.list_columns import sort_key
from sluiceway.ports.derived_store import DerivedStore
from sluiceway.ports.progress import Progress

RUN_ROWS = 512 * 1024
PLACE = "_place"


def laid_out(
    view: FeatureView,
    source: pl.LazyFrame,
    keys: LayoutKeys,
    *,
    rows: int,
    part_rows: int,
    derived: DerivedStore,
    progress: Progress,
) -> FactLayout:
    """Find the layout of a view's source, or make it.

    Args:
        view: Whose columns and entities decide how facts are laid out.
        source: The source's rows.
        keys: Where the layout lies.
        rows: How many rows the source has.
        part_rows: About how many a part is to have.
        derived: Where parts are kept; it must keep what it is given.
        progress: Told how far it is.
    """
    found = kept_layout(keys, derived)
    if found is not None:
        return found
    progress.say(f"laying out {view.source.name} by {', '.join(view.entities)}")
    parts = max(1, -(-rows // part_rows))
    dealt = DealtRows(keys.of_run, by=view.entities, parts=parts, derived=derived)
    runs = _runs(view, source, rows=rows, run_rows=min(part_rows, RUN_ROWS))
    movers = _deal(view, runs, dealt, keys, parts=parts, derived=derived)
    indexes, apart = [], []
    for number in range(parts):
        progress.advance(number, parts)
        staying, moving = _told_apart(dealt.part(number), movers)
        indexes.append(_write_part(view, number, staying, keys, derived))
        apart.append(moving)
    progress.advance(parts, parts)
    dealt.drop()
    moved = pl.concat(apart).to_arrow()
    derived.put(keys.moved, moved)
    index = _with_moved(view, pl.concat(indexes), moved).to_arrow().replace_schema_metadata({"parts": str(parts)})
    derived.put(keys.index, index)
    made = kept_layout(keys, derived)
    if made is None:
        raise DamagedError(f"{keys.stem} was removed from among the derived tables while it was made; run again")
    return made


def _deal(
    view: FeatureView,
    runs: Iterator[pl.DataFrame],
    dealt: DealtRows,
    keys: LayoutKeys,
    *,
    parts: int,
    derived: DerivedStore,
) -> pl.DataFrame:
    """Deal facts out, and list the keys of those that move."""
    whose = DealtRows(keys.of_pairs, by=view.source.keys, parts=parts, derived=derived) if may_move(view) else None
    for run in runs:
        dealt.add(run)
        if whose:
            whose.add(run.select(key_and_entity(view)))
    if not whose:
        return pl.DataFrame()
    movers = pl.concat([keys_that_move(view, whose.part(number)) for number in range(parts)])
    whose.drop()
    return movers


def _runs(view: FeatureView, source: pl.LazyFrame, *, rows: int, run_rows: int) -> Iterator[pl.DataFrame]:
    """Read what the view reads, run by run; a row without a time is no fact."""
    others = [name for name in fact_columns(view) if name not in view.entities]
    for piece in sliced(source, rows, slice_rows=run_rows):
        timed = piece.filter(pl.col(EVENT_TIME).is_not_null() & pl.col(KNOWN_TIME).is_not_null())
        yield timed.select(*view.entities, KNOWN_TIME, EVENT_TIME, *others).collect(engine="streaming")


def _told_apart(part: pl.DataFrame, movers: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Tell the facts that stay in a part from all versions of those that move."""
    if movers.is_empty():
        return part, part.clear()
    on = movers.columns
    return part.join(movers, on=on, how="anti"), part.join(movers, on=on, how="semi")


def _write_part(
    view: FeatureView, number: int, facts: pl.DataFrame, keys: LayoutKeys, derived: DerivedStore
) -> pl.DataFrame:
    """Sort a part, keep it, and give its share of the index."""
    part = _sorted(view, facts)
    part = part.with_columns(_marks(view, part))
    derived.put(keys.of_part(number), part.to_arrow())
    return _index(view, part, number)


def _sorted(view: FeatureView, part: pl.DataFrame) -> pl.DataFrame:
    """Sort so that of rows that nothing but their columns tells apart the last one wins (see ``plans.latest``)."""
    first = [*view.entities, KNOWN_TIME, EVENT_TIME]
    ordered = part.sort(first, nulls_last=False)
    same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift(1)) for name in first)
    if not ordered.select(same.any()).item():
        return ordered
    by = [sort_key(name, dtype) for name, dtype in part.schema.items()]  # the others are in the order of their names
    return part.sort(by, nulls_last=False)


def _marks(view: FeatureView, part: pl.DataFrame) -> pl.Series:
    """Say for each row where the newest fact stands among its entity's rows up to it."""
    changes = [pl.col(name).ne_missing(pl.col(name).shift(-1)) for name in (*view.entities, KNOWN_TIME)]
    last = pl.any_horizontal(changes) | (pl.int_range(pl.len()) == pl.len() - 1)
    firsts = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(1)) for name in view.entities)
    numbered = part.select(
        firsts.cum_sum().alias("entity"), last.alias("last"), pl.col(EVENT_TIME).alias("event")
    ).with_row_index(PLACE)
    winners = numbered.filter("last")
    newest = winners.filter(pl.col("event") == pl.col("event").cum_max().over("entity")).select(PLACE)
    marked = numbered.select(PLACE).join(
        newest.with_columns(pl.col(PLACE).alias(MARK)), on=PLACE, how="left", maintain_order="left"
    )
    return marked.get_column(MARK).fill_null(strategy="forward").fill_null(0).cast(pl.Int32).alias(MARK)


def _index(view: FeatureView, part: pl.DataFrame, number: int) -> pl.DataFrame:
    there = pl.all_horizontal(pl.col(name).is_not_null() for name in view.entities)
    starts = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(1)) for name in view.entities)
    first = (pl.int_range(pl.len()) == 0) | starts
    begun = part.select(*view.entities).with_row_index(START).filter(first)
    ends = begun.get_column(START).shift(-1).fill_null(len(part))
    counted = begun.with_columns(
        pl.lit(number, pl.Int64).alias(PART),
        pl.col(START).cast(pl.Int64),
        (ends - begun.get_column(START)).cast(pl.Int64).alias(ROWS),
    )
    return counted.filter(there).select(*view.entities, PART, START, ROWS)


def _with_moved(view: FeatureView, index: pl.DataFrame, moved: pa.Table) -> pl.DataFrame:
    """Add entities that have no facts but such as lie apart."""
    entities = list(view.entities)
    apart = pl.DataFrame(pl.from_arrow(moved.select(entities))).drop_nulls().unique()
    nowhere = [pl.lit(0, pl.Int64).alias(name) for name in (PART, START, ROWS)]
    return pl.concat([index, apart.join(index, on=entities, how="anti").with_columns(nowhere)])
