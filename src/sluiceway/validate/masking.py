"""Masking: values of sensitive columns are taken out of what was measured; counts stay."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from sluiceway.artifacts.example_rows import MASK, ExampleRows
from sluiceway.artifacts.promise import Hidden
from sluiceway.artifacts.validation_report import MEAN, QUANTILE, DriftCheck, RuleCheck
from sluiceway.core.errors import SluicewayError
from sluiceway.pages.histogram import Histogram
from sluiceway.plans.lineage import column_lineage, tables_read

Schemas = Mapping[str, Sequence[str]]


def masked_rows(shown: ExampleRows, hidden: Collection[str]) -> ExampleRows:
    """Mask the values of some columns; that one is missing may be seen."""
    names = {name.lower() for name in hidden}
    marks = [name.lower() in names for name in shown.columns]
    if not any(marks):
        return shown
    rows = tuple(
        tuple(MASK if mark and value is not None else value for mark, value in zip(marks, row, strict=True))
        for row in shown.rows
    )
    return replace(shown, rows=rows)


def masked_check(check: RuleCheck, hidden: Collection[str]) -> RuleCheck:
    """Mask a check's examples: the values of hidden columns in its rows, and all words about a rule on one of them."""
    names = {name.lower() for name in hidden}
    about = {name.lower() for name in (*check.about, check.column)}
    words = (MASK,) if check.examples and about & names else check.examples
    return replace(check, examples=words, broken_rows=masked_rows(check.broken_rows, hidden))


def masked_sql_check(check: RuleCheck, sql: str, hidden: Hidden, schemas: Schemas) -> RuleCheck:
    """Mask what a statement found in outputs that are made of hidden columns, or in all where that cannot be told."""
    return replace(check, broken_rows=masked_rows(check.broken_rows, hidden_outputs(check, sql, hidden, schemas)))


def hidden_outputs(check: RuleCheck, sql: str, hidden: Hidden, schemas: Schemas) -> Collection[str]:
    """Name the outputs of a statement whose values are masked."""
    spelled = {name.lower(): name for name in schemas}
    read = [spelled.get(name.lower(), name) for name in tables_read(sql)]
    if not any(hidden(name) for name in read):
        return ()
    try:
        traced = column_lineage(sql, schemas)
    except SluicewayError:
        return check.broken_rows.columns
    return [
        name
        for name, origins in traced.items()
        if any(column in hidden(spelled.get(table.lower(), table)) for table, column in origins)
    ]


def masked_drift(check: DriftCheck, hidden: Collection[str]) -> DriftCheck:
    """Mask the mean or quantile of a hidden column, which among few rows is a value; by how much it moved stays."""
    is_hidden = check.column.lower() in {name.lower() for name in hidden}
    return replace(check, then=None, now=None) if is_hidden and check.test in {MEAN, QUANTILE} else check


def masked_histogram(drawn: Histogram, hidden: Collection[str]) -> Histogram:
    """Mask the labels of a histogram of a hidden column; how many rows each bin has stays."""
    _, _, name = drawn.column.partition(".")
    if name not in hidden:
        return drawn
    return replace(drawn, labels=tuple(MASK for _ in drawn.labels))
