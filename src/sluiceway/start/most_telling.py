"""The most telling columns: of very many, those that alone tell most of the outcome, by the earlier rows."""

from collections.abc import Sequence

import polars as pl
import pyarrow as pa

from sluiceway.plans.quoting import quoted
from sluiceway.ports.engine import Engine
from sluiceway.start.columns import Facts
from sluiceway.start.safe_names import bare
from sluiceway.start.suspects import ranks_alone
from sluiceway.start.time_of_rows import TimeOfRows

MOST_INPUTS = 200
EARLIER = 0.6  # the holdout is the last fifth, which must have no say in what is learnt


def most_telling(facts: Facts, truth: pl.Series, names: Sequence[str], *, earlier: pl.Series) -> set[str]:
    """Choose up to 200 of the names; the first, where too few outcomes are known earlier."""
    ranks = ranks_alone(facts, truth.set(~earlier, None), names=names)
    return set(list(ranks or names)[:MOST_INPUTS])


def earlier_rows(time: TimeOfRows, marked: Sequence[str], *, table: pa.Table, engine: Engine) -> pl.Series:
    """Tell which rows lie in the first three fifths, by their time or else by the random order of ``random_order``."""
    if time.chosen is not None:
        end = time.chosen.first + (time.chosen.last - time.chosen.first) * EARLIER
        return (time.chosen.values <= end).fill_null(value=False)
    found = engine.query(f"SELECT {random_order(marked)} FROM looked_at", {"looked_at": table}, in_order=True)
    places = pl.DataFrame(pl.from_arrow(found)).to_series().rank("ordinal")
    return pl.Series(places <= EARLIER * table.num_rows)


def random_order(marked: Sequence[str]) -> str:
    """Write what rows are ordered by, so that it is at random and yet always the same.

    >>> random_order(["age", "the sex"])
    'md5(CAST(row(age, "the sex") AS VARCHAR))'
    """
    return f"md5(CAST(row({', '.join(bare(quoted(name)) for name in marked)}) AS VARCHAR))"
