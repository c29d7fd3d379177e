"""Broken marks: which rows of an Arrow table break a rule about their own values."""

import polars as pl
import pyarrow as pa

from sluiceway.core.errors import SourceError
from sluiceway.declare.expectation import Expectation
from sluiceway.plans.broken_rows import breaking
from sluiceway.plans.dangling import dangling
from sluiceway.plans.table_digest import columns_of


def broken_marks(rule: Expectation, table: pa.Table, keys: pa.Table | None = None) -> pa.BooleanArray:
    """Mark each row true that breaks the rule, false that keeps it, null where the rule says nothing.

    Args:
        rule: About the rows' own values, but no condition over whole rows.
        table: The rows.
        keys: What a ``reference`` refers to, a column for each that refers.

    Raises:
        SourceError: the table lacks a column, or it is of a type that the rule cannot judge.
    """
    kinds = {column.name: column.type for column in columns_of(table)}
    absent = [name for name in rule.about if name not in kinds]
    if absent:
        raise SourceError(f"{rule.name}: there is no column {absent[0]!r}; there is: {', '.join(kinds)}")
    used = {name: kinds[name] for name in rule.about}
    frame = pl.DataFrame(table.select(list(used)))
    try:
        broken = breaking(rule, kinds[rule.about[0]]) if keys is None else dangling(used, pl.DataFrame(keys))[0]
        marks = frame.select(broken.alias("broken")).to_series()
    except (pl.exceptions.PolarsError, ValueError) as error:
        said = ", ".join(f"{name!r} is {kind}" for name, kind in used.items())
        raise SourceError(f"{rule.name}: column {said}: {error}") from None
    return pa.array(marks.to_list() if marks.dtype == pl.Null else marks.to_arrow(), pa.bool_())
