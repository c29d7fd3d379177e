"""Broken marks: which rows of an Arrow table break a rule about their own values."""

import polars as pl
import pyarrow as pa

from sluiceway.core.errors import SourceError
from sluiceway.declare.expectation import Expectation
from sluiceway.plans.broken_rows import breaking
from sluiceway.plans.table_digest import columns_of


def broken_marks(rule: Expectation, table: pa.Table, keys: pa.ChunkedArray | None = None) -> pa.BooleanArray:
    """Mark each row true that breaks the rule, false that keeps it, null where the rule says nothing.

    Args:
        rule: As ``plans.broken_rows.breaking`` takes it.
        table: The rows.
        keys: What a ``reference`` refers to.

    Raises:
        SourceError: the table lacks the column, or it is of a type that the rule cannot judge.
    """
    kinds = {column.name: column.type for column in columns_of(table)}
    name = rule.column or ""
    if name not in kinds:
        raise SourceError(f"{rule.name}: there is no column {name!r}; there is: {', '.join(kinds)}")
    frame = pl.DataFrame(table.select([name]))
    known = None if keys is None else pl.Series(pl.from_arrow(keys))
    try:
        marks = frame.select(breaking(rule, kinds[name], known).alias("broken")).to_series()
    except (pl.exceptions.PolarsError, ValueError) as error:
        raise SourceError(f"{rule.name}: column {name!r} is {kinds[name]}: {error}") from None
    return pa.array(marks.to_list() if marks.dtype == pl.Null else marks.to_arrow(), pa.bool_())
