"""Columns: the few facts about each column that guesses go by."""

from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from sluiceway.declare.files import DEFAULT_NULLS
from sluiceway.plans.quoting import quoted
from sluiceway.plans.table_digest import columns_of, normalise
from sluiceway.start.safe_names import bare


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """One column of a sample: its kind (see ``artifacts.table_ref``), its values, and what is counted of them.

    ``distinct`` counts values without missing ones; NaN counts as missing. ``sql`` reads the column, and takes the
    texts in ``spelled_missing``, such as NA, for missing ones, as ``values`` does.
    """

    name: str
    kind: str
    values: pl.Series
    missing: int
    distinct: int
    spelled_missing: tuple[str, ...] = ()

    @property
    def sql(self) -> str:
        """The SQL that reads it from the data."""
        sql = bare(quoted(self.name))
        for text in self.spelled_missing:
            sql = f"nullif({sql}, '{text}')"
        return sql

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.values)

    @property
    def there(self) -> int:
        """How many rows have a value."""
        return self.rows - self.missing

    @property
    def is_unique(self) -> bool:
        """Whether every row has a value, and no two the same."""
        return self.missing == 0 and self.distinct == self.rows

    @property
    def rows_a_value(self) -> float:
        """How many rows share a value, on average."""
        return self.there / self.distinct if self.distinct else 0.0

    def present(self) -> pl.Series:
        """The values that are there."""
        there = self.values.drop_nulls()
        return there.drop_nans() if self.kind == "number" else there


LONGEST_CODE = 3
Facts = dict[str, ColumnFacts]


def facts_of(table: pa.Table) -> Facts:
    """Count every column.

    Raises:
        SourceError: a column has a type that no source can have, or two share a name.
    """
    kinds = {column.name: column.type for column in columns_of(table)}
    frame = pl.DataFrame(pl.from_arrow(normalise(table)))
    return {name: facts_of_column(name, kind, frame[name]) for name, kind in kinds.items()}


def facts_of_column(name: str, kind: str, values: pl.Series) -> ColumnFacts:
    """Count one column."""
    spelled = missing_words(values) if kind == "text" else ()
    if spelled:
        values = values.set(values.is_in(list(spelled)), None)
    there = values.drop_nulls()
    there = there.drop_nans() if kind == "number" else there
    return ColumnFacts(name, kind, values, len(values) - len(there), there.n_unique(), spelled)


def missing_words(texts: pl.Series) -> tuple[str, ...]:
    """Find the texts that spell "missing", as R and pandas write it; in a column of short codes NA may be one of them.

    >>> missing_words(pl.Series(["male", "female", "NA"])), missing_words(pl.Series(["DE", "NA", "US"]))
    (('NA',), ())
    """
    there = texts.drop_nulls().unique()
    found = tuple(word for word in DEFAULT_NULLS if word and (there == word).any())
    others = there.filter(~there.is_in(list(found)))
    longest = others.str.len_chars().max()
    return found if isinstance(longest, int) and longest > LONGEST_CODE else ()
