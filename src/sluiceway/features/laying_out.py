"""Laying out: from a stored source, in whatever order, to the parts of a ``FactLayout``, with little of it in memory.

The source is read once. Its rows go, in runs, to parts by a hash of their entity; then each part is put together and
sorted. The hash decides nothing but which entities share a part, and is nowhere written down.
"""

from collections.abc import Iterator
from itertools import pairwise

import polars as pl
import pyarrow as pa

from sluiceway.artifacts.dataset_version import EVENT_TIME, KNOWN_TIME
from sluiceway.core.errors import DamagedError
from sluiceway.declare.feature_view import FeatureView
from sluiceway.features.fact_layout import MARK, PART, ROWS, START, FactLayout, LayoutKeys, kept_layout, needed
from sluiceway.features.moved_facts import keys_that_move
from sluiceway.plans.corrections import fact_columns
from sluiceway.plans.list_columns import sort_key
from sluiceway.ports.derived_store import DerivedStore
from sluiceway.ports.engine import Engine
from sluiceway.ports.progress import Progress

PIECE_ROWS = 128 * 1024
PLACE = "_place"

Runs = list[list[tuple[int, int]]]  # by run, by part: start and rows


def laid_out(  # noqa: PLR0913 - what it reads, what it works with, where it puts it
    view: FeatureView,
    source: pl.LazyFrame,
    keys: LayoutKeys,
    *,
    rows: int,
    part_rows: int,
    derived: DerivedStore,
    engine: Engine,
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
        engine: Finds the facts that corrections move.
        progress: Told how far it is.
    """
    found = kept_layout(keys, derived)
    if found is not None:
        return found
    progress.say(f"laying out {view.source.name} by {', '.join(view.entities)}")
    facts = _facts(view, source)
    movers = keys_that_move(view, facts, rows=rows, engine=engine)
    parts = max(1, -(-rows // part_rows))
    runs, moved = _write_runs(view, facts, keys, parts=parts, run_rows=part_rows, movers=movers, derived=derived)
    indexes = []
    for number in range(parts):
        progress.advance(number, parts)
        indexes.append(_write_part(view, number, runs, keys, derived))
    progress.advance(parts, parts)
    derived.drop([keys.of_run(number) for number in range(len(runs))])
    derived.put(keys.moved, moved)
    index = _with_moved(view, pl.concat(indexes), moved).to_arrow().replace_schema_metadata({"parts": str(parts)})
    derived.put(keys.index, index)
    made = kept_layout(keys, derived)
    if made is None:
        raise DamagedError(f"{keys.stem} was removed from among the derived tables while it was made; run again")
    return made


def _facts(view: FeatureView, source: pl.LazyFrame) -> pl.LazyFrame:
    """Take what the view reads; a row without a time is no fact."""
    others = [name for name in fact_columns(view) if name not in view.entities]
    timed = source.filter(pl.col(EVENT_TIME).is_not_null() & pl.col(KNOWN_TIME).is_not_null())
    return timed.select(*view.entities, KNOWN_TIME, EVENT_TIME, *others)


def _write_runs(
    view: FeatureView,
    facts: pl.LazyFrame,
    keys: LayoutKeys,
    *,
    parts: int,
    run_rows: int,
    movers: pl.DataFrame,
    derived: DerivedStore,
) -> tuple[Runs, pa.Table]:
    """Put rows into runs, sorted by part; keep apart, in memory, the versions of facts that move."""
    runs: Runs = []
    apart: list[pl.DataFrame] = [pl.DataFrame(schema=facts.collect_schema())]
    for run in _runs(facts, run_rows):
        staying = run
        if len(movers):
            on = list(view.source.keys)
            apart.append(run.join(movers, on=on, how="semi"))
            staying = run.join(movers, on=on, how="anti")
        part = (pl.struct(*view.entities).hash(seed=0) % parts).cast(pl.Int64).alias(PART)
        ordered = staying.with_columns(part).sort(PART)
        ends = ordered.get_column(PART).search_sorted(pl.Series(range(parts + 1))).to_list()
        derived.put(keys.of_run(len(runs)), ordered.drop(PART).to_arrow())
        runs.append([(start, end - start) for start, end in pairwise(ends)])
    return runs, pl.concat(apart).to_arrow()


def _runs(facts: pl.LazyFrame, run_rows: int) -> Iterator[pl.DataFrame]:
    """Read the facts piece by piece, and join pieces to runs; one at least, so that the columns are known."""
    pending = [pl.DataFrame(schema=facts.collect_schema())]
    count = 0
    for piece in facts.collect_batches(chunk_size=PIECE_ROWS, maintain_order=False, engine="streaming"):
        pending.append(piece)
        count += len(piece)
        if count >= run_rows:
            yield pl.concat(pending)
            pending, count = [], 0
    if pending:
        yield pl.concat(pending)


def _write_part(view: FeatureView, number: int, runs: Runs, keys: LayoutKeys, derived: DerivedStore) -> pl.DataFrame:
    """Put a part together from the runs, sort it, and give its share of the index."""
    pieces = []
    for place, slices in enumerate(runs):
        start, rows = slices[number]
        pieces.append(needed(derived, keys.of_run(place)).slice(start, rows))
    part = _sorted(view, pl.DataFrame(pl.from_arrow(pa.concat_tables(pieces))))
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
