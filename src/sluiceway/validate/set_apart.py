"""Rows set apart: what a version holds in quarantine, to be looked at."""

from collections.abc import Collection

from sluiceway.artifacts.dataset_version import BROKEN_RULES, DatasetVersion
from sluiceway.artifacts.example_rows import ExampleRows
from sluiceway.ports.table_store import TableStore
from sluiceway.validate.examples import as_examples
from sluiceway.validate.masking import masked_rows
from sluiceway.validate.source_table import one_zero


def rows_set_apart(
    dataset: DatasetVersion, source: str, *, tables: TableStore, hidden: Collection[str], most: int
) -> ExampleRows:
    """Show the first rows in quarantine, all their columns, the rules they break first; hidden columns are masked."""
    ref = dataset.quarantined(source)
    if ref is None:
        return ExampleRows()
    names = [BROKEN_RULES, *(name for name in ref.column_names if name != BROKEN_RULES)]
    first = one_zero(tables.scan(ref).select(names)).sort(names, nulls_last=True).head(most)
    return masked_rows(as_examples(first.collect(engine="streaming")), hidden)
