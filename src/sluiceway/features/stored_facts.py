"""Stored facts: a source's rows that stay where they are stored, asked column by column.

A join needs entities and times of all rows, and values of the few rows that matched. Those are read afterwards, one
column at a time, so that no two are held whole.
"""

import polars as pl

from sluiceway.artifacts.table_ref import TableRef
from sluiceway.declare.feature_view import FeatureView
from sluiceway.plans.corrections import fact_columns
from sluiceway.plans.derived import derived_features
from sluiceway.plans.window_groups import window_groups

FROM_BYTES = 256 << 20  # below, holding all is quicker and takes little


class StoredFacts:
    """Answers ``select`` as a frame of all the rows would, where every expression is of columns that it names."""

    def __init__(self, rows: pl.LazyFrame) -> None:
        self._rows = rows
        self.schema = rows.collect_schema()

    def select(self, *expressions: pl.Expr) -> pl.DataFrame:
        """Read the columns of one expression, compute it, let them go, and so on."""
        return pl.concat([self._one(expression) for expression in expressions], how="horizontal")

    def _one(self, expression: pl.Expr) -> pl.DataFrame:
        names = list(dict.fromkeys(expression.meta.root_names()))
        held = self._rows.select(names).collect(engine="streaming") if names else pl.DataFrame()
        return held.select(expression)


def is_asked_by_column(view: FeatureView, ref: TableRef) -> bool:
    """Tell whether a view needs nothing but latest values, never the versions of a fact, of much that is stored."""
    keys = set(view.source.keys)
    if window_groups(view) or derived_features(view) or (keys and keys != set(view.entities)):
        return False
    return ref.rows * 8 * (len(fact_columns(view)) + 2) >= FROM_BYTES
